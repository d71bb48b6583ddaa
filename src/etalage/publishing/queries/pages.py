"""Keyset pages: newest first, by id, as fast on the last page as on the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and where the neighbouring pages begin; `older` is for `after=`, `newer` for `before=`."""

    rows: Sequence[T]
    newer: str | None
    older: str | None


def keyset(rows: QuerySet[M], after: str, before: str, size: int) -> tuple[list[M], str | None, str | None]:
    """The rows after (older than) or before (newer than) an id, and the cursors of the neighbours.

    A cursor that is no id begins at the first page.
    """
    if older_than := _id(after):
        found = list(rows.filter(pk__lt=older_than).order_by("-pk")[: size + 1])
        page, more = found[:size], len(found) > size
        return page, (str(page[0].pk) if page else None), (str(page[-1].pk) if more else None)
    if newer_than := _id(before):
        found = list(rows.filter(pk__gt=newer_than).order_by("pk")[: size + 1])
        page, more = found[:size][::-1], len(found) > size
        return page, (str(page[0].pk) if more else None), (str(page[-1].pk) if page else None)
    found = list(rows.order_by("-pk")[: size + 1])
    page = found[:size]
    return page, None, (str(page[-1].pk) if len(found) > size else None)


def _id(cursor: str) -> UUID | None:
    try:
        return UUID(cursor) if cursor else None
    except ValueError:
        return None
