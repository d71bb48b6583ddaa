"""What stands in the side bar: one list, of which each member sees the pages that their role may open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from etalage.accounts.models import Member


@dataclass(frozen=True)
class Entry:
    """A page that the navigation knows: the name of its route, its label and its icon.

    `tab` places it in the bar at the foot of a phone; the lowest four that a member may open are shown there.
    """

    route: str
    label: Promise
    icon: str
    tab: int = 99


@dataclass(frozen=True)
class Item:
    """An entry as one member sees it on one page."""

    label: Promise
    icon: str
    url: str
    tab: int
    current: bool


ENTRIES = (
    Entry("web:home", _("Today"), "house", tab=1),
    Entry("publishing:calendar", _("Calendar"), "calendar-days", tab=2),
    Entry("publishing:posts", _("Posts"), "megaphone", tab=6),
    Entry("catalogue:products", _("Catalogue"), "shopping-bag", tab=7),
    Entry("orders:counter", _("Counter"), "scan-qr-code", tab=3),
    Entry("orders:reservations", _("Reservations"), "ticket", tab=5),
    Entry("orders:list", _("Orders"), "receipt-text", tab=8),
    Entry("insights:results", _("Results"), "chart-no-axes-combined", tab=4),
    Entry("customers:list", _("Customers"), "users", tab=9),
    Entry("channels:list", _("Channels"), "plug", tab=10),
    Entry("imports:start", _("Import"), "upload", tab=11),
    Entry("jobs:list", _("Background work"), "activity", tab=13),
    Entry("accounts:settings", _("Settings"), "settings", tab=12),
)


@lru_cache(maxsize=64)
def _place(route: str) -> tuple[str, str | None] | None:
    """Address of a route and the role it asks for; None where this installation has no such page."""
    try:
        url = reverse(route)
    except NoReverseMatch:
        return None
    role = getattr(resolve(url).func, "required_role", None)
    return url, str(role) if role else None


def items_for(member: Member, path: str) -> list[Item]:
    """The pages that `member` may open, in order; the one that `path` belongs to is current."""
    found: list[tuple[Entry, str]] = []
    for entry in ENTRIES:
        place = _place(entry.route)
        if place and (place[1] is None or member.may(place[1])):
            found.append((entry, place[0]))
    current = _closest([url for _entry, url in found], path)
    return [Item(entry.label, entry.icon, url, entry.tab, url == current) for entry, url in found]


def _closest(urls: list[str], path: str) -> str:
    """The longest address that `path` lies under; the start page only for itself."""
    under = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(under, key=len, default="")
