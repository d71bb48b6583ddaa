"""A brake on guessing: how often one address or member may be wrong in a minute."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.models import Attempt

PER_MINUTE = 30


def check_attempts(what: str, who: str, limit: int = PER_MINUTE) -> None:
    """Refuse when `who` (a member's id, an address) has used up this minute's attempts at `what`."""
    used = Attempt.objects.filter(who=_digest(what, who), window=_minute()).values_list("count", flat=True)
    if (used.first() or 0) >= limit:
        raise Refusal(
            _("Too many attempts. Wait a minute, then try again."), code="too_many_attempts", status=429
        )


def note_attempt(what: str, who: str) -> None:
    """Count one attempt. Call it outside a transaction that is rolled back afterwards."""
    row = Attempt(who=_digest(what, who), window=_minute())
    Attempt.objects.bulk_create([row], ignore_conflicts=True)
    Attempt.objects.filter(who=row.who, window=row.window).update(count=F("count") + 1)


def forget_attempts() -> int:
    """Drop the counts of minutes long gone; returns how many."""
    return Attempt.objects.filter(
        window__lt=_minute() - int(timedelta(hours=1) / timedelta(minutes=1))
    ).delete()[0]


def _minute() -> int:
    return clock.to_micros(clock.now()) // 60_000_000


def _digest(what: str, who: str) -> str:
    """A keyed digest: addresses are personal data, and nobody needs to read them here."""
    return salted_hmac("etalage.orders.attempts", f"{what}|{who}", algorithm="sha256").hexdigest()
