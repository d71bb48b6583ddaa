"""The calendar by month and by week, in the shop's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.channels.queries import all_channels
from etalage.kit import clock
from etalage.publishing import queries
from etalage.publishing.queries import CalendarDay, month_range, week_range
from etalage.publishing.views.border import one_id, wants_part

WEEK, MONTH = "week", "month"


@dataclass(frozen=True)
class Span:
    """What a calendar page shows, and where its arrows lead."""

    view: str
    day: date
    first: date
    last: date
    before: date
    after: date


@require_safe
@require(Role.MEMBER)
def calendar(request: StaffRequest) -> HttpResponse:
    """Posts by the day on which they go out, or went."""
    business = current_business()
    zone = clock.zone(business.timezone)
    today = clock.local_day(clock.now(), zone)
    span = _span(
        request.GET.get("view", MONTH), _day(request.GET.get("day", ""), today), business.first_weekday
    )
    campaign, channel = one_id(request.GET.get("campaign")), one_id(request.GET.get("channel"))
    days = queries.calendar(span.first, span.last, zone, campaign, channel)
    context = {
        "span": span,
        "weeks": _weeks(days),
        "today": today,
        "zone": zone,
        "empty": not any(day.entries for day in days),
        "campaigns": queries.campaigns(),
        "channels": all_channels(),
        "campaign": campaign,
        "channel": channel,
    }
    part = "publishing/parts/calendar.html" if wants_part(request) else "publishing/calendar.html"
    return render(request, part, context)


def _span(view: str, day: date, first_weekday: int) -> Span:
    if view == WEEK:
        first, last = week_range(day, first_weekday)
        week = timedelta(days=7)
        return Span(WEEK, day, first, last, day - week, day + week)
    first, last = month_range(day, first_weekday)
    start = day.replace(day=1)
    return Span(MONTH, day, first, last, _month_before(start), _month_after(start))


def _month_before(start: date) -> date:
    return (start - timedelta(days=1)).replace(day=1)


def _month_after(start: date) -> date:
    return (start + timedelta(days=31)).replace(day=1)


def _day(text: str, today: date) -> date:
    """The day of an address; today for what is none, or for one so far away that no calendar reaches it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if 1970 < day.year < 2200 else today


def _weeks(days: list[CalendarDay]) -> list[list[CalendarDay]]:
    return [days[start : start + 7] for start in range(0, len(days), 7)]
