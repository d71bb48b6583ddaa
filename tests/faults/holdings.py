"""What a shop holds, table after table: `python -m tests.faults.holdings` prints it for the shop of the environment.

What waits in the journal is taken in first. Read from a shop in which nobody works any more it is one moment; read
from a living one it is none, which is what a copy of its tables would be.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Holdings:
    """Codes of reservations, pieces of each variant that they keep and that its shelf has set aside, and things that
    people said, each with how often it stands there.
    """

    codes: list[str]
    kept: dict[str, int]
    aside: dict[str, int]
    heard: dict[str, int]


def holdings(between: Callable[[], None] = lambda: None) -> Holdings:
    """All of it; `between` comes after the reservations and before the shelves."""
    from django.db.models import F, Sum

    from etalage.catalogue.models import Stock
    from etalage.channels.models import Incoming
    from etalage.orders.models import Reservation, ReservationLine, ReservationState

    codes = list(Reservation.objects.values_list("code", flat=True))
    waiting = ReservationLine.objects.filter(reservation__state=ReservationState.OPEN).order_by()
    kept = waiting.values_list("variant").annotate(pieces=Sum(F("quantity") - F("handed_over")))
    promised = {str(variant): pieces for variant, pieces in kept}
    between()
    shelves = Stock.objects.filter(reserved__gt=0).values_list("variant", "reserved")
    things = Incoming.objects.values_list("channel_id", "remote_id")
    heard = Counter(f"{channel.hex}:{remote_id}" for channel, remote_id in things)
    return Holdings(codes, promised, {str(variant): pieces for variant, pieces in shelves}, dict(heard))


def main() -> None:
    """Print them as one line of JSON."""
    import django

    django.setup()
    from etalage.channels.actions import drain_incoming

    while drain_incoming():
        pass
    json.dump(asdict(holdings()), sys.stdout)


if __name__ == "__main__":
    main()
