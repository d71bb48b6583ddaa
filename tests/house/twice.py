"""What a row of the tables of things done twice says, and what several of them prepare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from etalage.edge.clicks import Click
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.publishing import actions as publishing
from etalage.publishing.links import link_for_publication
from etalage.publishing.models import Publication
from tests.house.world import House

Prepare = Callable[[House], tuple[Any, ...]]


def _nothing_more(_house: House) -> None:
    return None


@dataclass(frozen=True)
class Twice:
    """`idle` says why the task has no effect on any row; `counts` names columns, by model, that are to be others after
    each try, with the reason; `sees` looks where nobody else looks; each run happens `within`."""

    prepare: Prepare
    idle: str = ""
    counts: Mapping[str, str] = field(default_factory=dict)
    sees: Callable[[House], Any] = _nothing_more
    within: Callable[[], AbstractContextManager[object]] = nullcontext


def nothing(_house: House) -> tuple[()]:
    return ()


def a_click(house: House, visitor: UUID | None = None, days: float = 1) -> Click:
    """Somebody followed a link of a publication so many days ago."""
    publication = house.new_publication("published")
    link = link_for_publication(publication)
    moment = clock.to_micros(clock.now() - timedelta(days=days))
    words = (visitor.hex if visitor else None, "GET", "link", False, "", "en")
    return Click(uuid7().hex, link.code, link.pk.hex, moment, "", *words)


def publish_now(house: House) -> Publication:
    """A post whose time has come; its publication."""
    post = house.new_post("approved")
    publishing.publish_now(post.pk, post.version, actor=house.owner)
    return post.publications.get()
