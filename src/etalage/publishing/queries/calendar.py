"""The calendar: posts by the local day on which they go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from etalage.kit.clock import day_bounds, local_day
from etalage.kit.text import TranslatedText
from etalage.publishing.models import Post, Publication
from etalage.publishing.queries.posts import PUBLICATIONS
from etalage.publishing.queries.status import PostStatus, latest, post_status


@dataclass(frozen=True)
class CalendarEntry:
    """One post on one day; `picture` is the storage name of its first picture, or empty."""

    post_id: UUID
    at: datetime
    text: TranslatedText
    status: PostStatus
    networks: tuple[str, ...]
    channels: tuple[str, ...]
    picture: str


@dataclass(frozen=True)
class CalendarDay:
    """A local day with its posts in order of time."""

    day: date
    entries: Sequence[CalendarEntry]


def month_range(day: date, first_weekday: int = 0) -> tuple[date, date]:
    """First and last day of the whole weeks around the month of `day`; weeks begin on `first_weekday` (Monday 0)."""
    first = day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return week_range(first, first_weekday)[0], week_range(last, first_weekday)[1]


def week_range(day: date, first_weekday: int = 0) -> tuple[date, date]:
    """First and last day of the week around `day`."""
    first = day - timedelta(days=(day.weekday() - first_weekday) % 7)
    return first, first + timedelta(days=6)


def calendar(
    first: date, last: date, zone: ZoneInfo, campaign_id: UUID | None = None, channel_id: UUID | None = None
) -> list[CalendarDay]:
    """Each local day from `first` to `last` with its posts, in a constant number of queries."""
    rows = Post.objects.filter(due_at__gte=day_bounds(first, zone)[0], due_at__lt=day_bounds(last, zone)[1])
    if campaign_id:
        rows = rows.filter(campaign_id=campaign_id)
    if channel_id:
        rows = rows.filter(pk__in=Publication.objects.filter(channel_id=channel_id).values("post"))
    days: dict[date, list[CalendarEntry]] = {
        first + timedelta(days=number): [] for number in range((last - first).days + 1)
    }
    for post in rows.prefetch_related(PUBLICATIONS, "pictures").order_by("due_at", "pk"):
        if post.due_at:
            days[local_day(post.due_at, zone)].append(_entry(post, post.due_at))
    return [CalendarDay(day, entries) for day, entries in days.items()]


def _entry(post: Post, at: datetime) -> CalendarEntry:
    publications = latest(post.publications.all())
    channels = {row.channel_id: row.channel for row in publications}.values()
    picture = next(iter(post.pictures.all()), None)
    return CalendarEntry(
        post_id=post.pk,
        at=at,
        text=post.text,
        status=post_status(post, publications),
        networks=tuple(dict.fromkeys(channel.network for channel in channels)),
        channels=tuple(channel.name for channel in channels),
        picture=picture.file.name or "" if picture else "",
    )
