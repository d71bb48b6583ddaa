"""The zone in which the business's days begin and end."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from etalage.accounts.models import Business
from etalage.kit import clock


def business_zone() -> ZoneInfo:
    """The business's zone; UTC before there is a business."""
    name = Business.objects.values_list("timezone", flat=True).first()
    return clock.zone(name or "UTC")
