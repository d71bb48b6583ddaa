"""What all pages of this room do at their border."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.http.request import HttpRequest

T = TypeVar("T")


def found(read: Callable[[UUID], T], key: UUID) -> T:
    """What `read` gives for an id, or 404 when there is none."""
    try:
        return read(key)
    except ObjectDoesNotExist as error:
        raise Http404 from error


def wants_part(request: HttpRequest) -> bool:
    """True when only a part of the page is asked for."""
    return request.headers.get("HX-Request") == "true"


def one_id(text: str | None) -> UUID | None:
    """An id out of an address, or None for whatever is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
