"""The first steps of a new shop, shown until each was taken."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from etalage.accounts.models import Member, Role
from etalage.catalogue.queries import status_counts
from etalage.channels.queries import all_channels
from etalage.insights.queries import has_sales
from etalage.publishing import queries as publishing
from etalage.web.today.addresses import address


@dataclass(frozen=True)
class Step:
    """One step. `url` is empty where the member may not take it."""

    icon: str
    title: str
    text: str
    action: str
    url: str
    done: bool


def first_steps(member: Member) -> list[Step]:
    """The four steps with which a shop begins; none once all were taken."""
    imports = address("imports:start")
    steps = [
        Step(
            "plug",
            _("Connect a channel"),
            _("An account of your shop, so that posts have somewhere to go.")
            if member.may(Role.MANAGER)
            else _("A manager connects the shop's accounts."),
            _("Connect"),
            address("channels:connect") if member.may(Role.MANAGER) else "",
            all_channels().exists(),
        ),
        Step(
            "shopping-bag",
            _("Bring in your products"),
            _("A file from your shop's system, with pictures, prices and stock."),
            _("Import products"),
            f"{imports}?kind=products",
            any(status_counts().values()),
        ),
        Step(
            "receipt-text",
            _("Bring in your orders"),
            _("From the web shop and the tills, so that you see what sold."),
            _("Import orders"),
            f"{imports}?kind=orders",
            has_sales(),
        ),
        Step(
            "megaphone",
            _("Write your first post"),
            _("With a picture and a product. Its link tells you which sales it led to."),
            _("Write a post"),
            address("publishing:compose"),
            bool(publishing.posts(size=1).rows),
        ),
    ]
    return [] if all(step.done for step in steps) else steps
