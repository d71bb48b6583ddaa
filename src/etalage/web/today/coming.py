"""What comes next: the posts that go out by themselves, the week ahead, and where it has a gap."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from etalage.accounts.queries import current_business
from etalage.kit import clock
from etalage.publishing import queries as publishing
from etalage.publishing.models import Post
from etalage.publishing.queries import PostStatus
from etalage.web.today.needs import said

SHOWN = 4
LOOKED_AT = 16  # publications: a post goes to several channels
DAYS = 7
NOT_PLANNED = frozenset({PostStatus.WITHDRAWN, PostStatus.DRAFT, PostStatus.FAILED, PostStatus.DROPPED})


@dataclass
class GoingOut:
    """A post on the schedule with the networks that it goes to."""

    post: Post
    title: str
    language: str
    at: datetime | None
    picture: str
    networks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DayAhead:
    """A day of the week ahead with how many posts are planned for it."""

    day: date
    count: int
    is_today: bool


@dataclass(frozen=True)
class Coming:
    """The pane. `gap` is the next day without a post; None when each has one."""

    posts: list[GoingOut]
    week: list[DayAhead]
    gap: date | None

    @property
    def is_empty(self) -> bool:
        """Whether the whole week has nothing."""
        return not self.posts and not any(day.count for day in self.week)


def what_comes() -> Coming:
    """The schedule as it stands, in a constant number of queries."""
    zone = clock.zone(current_business().timezone)
    today = clock.local_day(clock.now(), zone)
    days = publishing.calendar(today, today + timedelta(days=DAYS - 1), zone)
    week = [
        DayAhead(one.day, sum(entry.status not in NOT_PLANNED for entry in one.entries), one.day == today)
        for one in days
    ]
    gap = next((one.day for one in week if not one.count and not one.is_today), None)
    return Coming(_next_posts(), week, gap)


def _next_posts() -> list[GoingOut]:
    found: dict[object, GoingOut] = {}
    for one in publishing.goes_out_next(LOOKED_AT):
        if one.post_id not in found:
            title, language = said(one.post.text)
            picture = next(iter(one.post.pictures.all()), None)
            name = picture.file.name or "" if picture else ""
            found[one.post_id] = GoingOut(one.post, title, language, one.next_attempt_at or one.due_at, name)
        networks = found[one.post_id].networks
        if one.channel.network not in networks:
            networks.append(one.channel.network)
    return list(found.values())[:SHOWN]
