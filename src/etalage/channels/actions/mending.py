"""What a clock that ran ahead left behind: waits until moments that nobody would have set by the clock of now."""

from __future__ import annotations

from datetime import datetime, timedelta

from etalage.channels.models import Channel, Grant, Listening
from etalage.channels.patience import LONGEST_QUIET

CLOCKS_DIFFER = timedelta(minutes=1)  # more is a clock that was wrong


def mend_moments(now: datetime) -> int:
    """Let go of waits that were set by a clock ahead of this one; returns how many.

    They are looked for before anything is written, because this is done every few seconds. A network that asked for
    quiet may be asked too early by that: it says so again, and has accepted nothing.
    """
    ahead = now + CLOCKS_DIFFER
    waits = (
        (Channel.objects.filter(quiet_until__gt=ahead + LONGEST_QUIET), {"quiet_until": None}),
        (Listening.objects.filter(due_at__gt=now, due_set_at__gt=ahead), {"due_at": now}),
        (Listening.objects.filter(measure_due_at__gt=now, measure_set_at__gt=ahead), {"measure_due_at": now}),
        (Grant.objects.filter(failed_at__gt=ahead), {"failed_at": None, "renew_at": now}),
        # Else a dead access would count as renewed only just now, and be believed to be dead for good.
        (Grant.objects.filter(renewed_at__gt=ahead), {"renewed_at": None}),
    )
    return sum(rows.update(**fields) for rows, fields in waits if rows.exists())
