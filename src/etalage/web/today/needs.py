"""What waits for the member who looks: only what they may do something about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from etalage.accounts.models import Member, Role
from etalage.channels.models import ChannelState
from etalage.channels.queries import all_channels, dead_letter_count
from etalage.channels.reasons import what_to_do
from etalage.imports import queries as imports
from etalage.imports.models import ImportRun, ImportState
from etalage.jobs.queries import failed_count
from etalage.kit import clock
from etalage.kit.formats import format_number
from etalage.kit.text import TranslatedText, clip
from etalage.orders.models import Reservation
from etalage.orders.queries.reservations import waiting_at
from etalage.publishing import queries as publishing
from etalage.publishing.models import DeliveryState
from etalage.web.today.addresses import address

OF_EACH = 4
IMPORTS_LOOKED_AT = 10
IMPORTS_SHOWN = timedelta(days=7)
WORDS = 80


@dataclass(frozen=True)
class Need:
    """One thing to do.

    `language` is that of `title` where it is somebody's text; `until` is when it goes out or will be too late.
    """

    icon: str
    tone: str
    title: str
    text: str
    url: str
    language: str = ""
    network: str = ""
    zone: str = ""
    until: datetime | None = None


def needs_of(member: Member) -> list[Need]:
    """Everything that waits for this member, the most pressing first, in a constant number of queries."""
    found: list[Need] = []
    if member.may(Role.MEMBER):
        found += [*_publications(), *_channels(member)]
    if member.may(Role.MANAGER):
        found += _approvals()
    found += _reservations(member)
    if member.may(Role.MEMBER):
        found += _imports()
    if member.may(Role.MANAGER):
        found += [*_letters(), *_jobs()]
    return found


def said(text: TranslatedText) -> tuple[str, str]:
    """The beginning of a post's text in the reader's language, and the language that it is in."""
    language = get_language() or "en"
    words = clip(" ".join(text.in_language(language).split()), WORDS)
    return words or _("A post without words"), text.language_for(language)


def _publications() -> Iterator[Need]:
    for one in publishing.needs_person(OF_EACH):
        explained = publishing.explain(one)
        title, language = said(one.post.text)
        doubt = one.state == DeliveryState.NEEDS_PERSON
        yield Need(
            icon="circle-help" if doubt else "circle-alert",
            tone="warn" if doubt else "bad",
            title=title,
            language=language,
            text=str(explained.what_to_do),
            url=address("publishing:publication", one.pk),
            network=one.channel.network,
        )


def _channels(member: Member) -> Iterator[Need]:
    page = "channels:detail" if member.may(Role.MANAGER) else ""
    for channel in all_channels().filter(state=ChannelState.PAUSED)[:OF_EACH]:
        advice = what_to_do(channel.pause_reason) or _("Its posts wait until the channel is resumed.")
        yield Need(
            icon="circle-pause",
            tone="warn",
            title=_("%(channel)s is paused") % {"channel": channel.name},
            text=str(advice),
            url=address(page, channel.pk) if page else address("channels:list"),
            network=channel.network,
        )


def _approvals() -> Iterator[Need]:
    for post in publishing.waiting_for_approval(OF_EACH):
        title, language = said(post.text)
        author = _("Somebody") if post.created_by is None else str(post.created_by)
        yield Need(
            icon="badge-check",
            tone="info",
            title=title,
            language=language,
            text=_("%(member)s asks for your approval.") % {"member": author},
            url=address("publishing:post", post.pk),
            until=post.due_at,
        )


def _reservations(member: Member) -> Iterator[Need]:
    for reservation in waiting_at(member.store_id, OF_EACH):
        yield _reservation(reservation)


def _reservation(reservation: Reservation) -> Need:
    late = reservation.expires_at <= clock.now()
    customer = reservation.customer.name if reservation.customer else ""
    return Need(
        icon="ticket",
        tone="warn" if late else "plain",
        title=f"{reservation.code} {customer}".strip(),
        text=_("Waits to be collected in %(store)s.") % {"store": reservation.store.name},
        url=address("orders:counter_reservation", reservation.code),
        zone=reservation.store.timezone,
        until=reservation.expires_at,
    )


def _imports() -> Iterator[Need]:
    """Files that were not read to their end, or not wholly, unless a later one of the same kind was."""
    mended: set[str] = set()
    for run in imports.history(size=IMPORTS_LOOKED_AT):
        whole = run.state == ImportState.DONE and not run.refused
        if whole:
            mended.add(run.kind)
        elif run.is_over and run.kind not in mended and run.started_at > clock.now() - IMPORTS_SHOWN:
            yield _import(run)


def _import(run: ImportRun) -> Need:
    rows = ngettext("%(rows)s row was not taken.", "%(rows)s rows were not taken.", run.refused)
    failed = run.state == ImportState.FAILED
    return Need(
        icon="file-warning",
        tone="bad" if failed else "warn",
        title=run.file_name,
        text=run.explanation
        if failed
        else rows % {"rows": format_number(run.refused, get_language() or "en")},
        url=address("imports:run", run.pk) or address("imports:start"),
    )


def _letters() -> Iterator[Need]:
    if count := dead_letter_count():
        sentence = ngettext(
            "%(count)s message was not taken in", "%(count)s messages were not taken in", count
        )
        yield Need(
            icon="inbox",
            tone="warn",
            title=sentence % {"count": format_number(count, get_language() or "en")},
            text=_("Look why, then try again or give it up."),
            url=address("channels:not_taken_in"),
        )


def _jobs() -> Iterator[Need]:
    if count := failed_count():
        sentence = ngettext(
            "%(count)s piece of background work failed", "%(count)s pieces of background work failed", count
        )
        yield Need(
            icon="activity",
            tone="bad",
            title=sentence % {"count": format_number(count, get_language() or "en")},
            text=_("Look why, then try again or drop it."),
            url=address("jobs:list"),
        )
