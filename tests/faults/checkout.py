"""Family `checkout`: buyers reserve, cancel and collect, the counter redeems codes, and the program is killed.

A round is one `kill -9` of the whole program, its web and its worker. Every form is sent until it is answered, now
and then twice at once, as browsers and people do. No wish that was acknowledged is lost, none is doubled, and each
shelf holds what it held at first, less what was sold. Beside it a shop that reads first and writes then, and a form
without a key.
"""

from __future__ import annotations

import functools
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Sum
from django.test import Client

from etalage.accounts.models import AuditEntry, Business, Member, Role, Store
from etalage.catalogue.models import Stock
from etalage.jobs.models import Event, Job
from etalage.jobs.registry import path_of
from etalage.orders.actions import reserve as reserving
from etalage.orders.actions.closing import expire_due
from etalage.orders.actions.stock import OutOfStock
from etalage.orders.events import OrderPaid, ReservationMade
from etalage.orders.models import Order, OrderLine, Redemption, Reservation, ReservationState
from etalage.orders.shop import reserving as reserving_page
from etalage.publishing.models import PromotionCode
from tests.faults import served
from tests.faults.buyers import CODE, CODE_LIMIT_SHARE, Buyers, Shelf, new_shelf
from tests.faults.crowd import Crowd, faults_of, troubles_of
from tests.faults.family import Line, Options, played, timed
from tests.faults.shop import manager

MOST = 40  # answers in a life
LEAST_ROUNDS = 6
BUYERS = 12
SHELVES = 6
PER_KILL = 0.5  # pieces on each shelf: it is empty before the end
HURRIED = 0.15  # of the lives, in which a reservation's time is over at once


@dataclass(frozen=True)
class Case:
    """What the buyers do, what is done to the program, and for a control the count that must not be zero.

    `most`: kills; a control need not show its fault more often.
    """

    name: str
    tamper: Callable[[], None] | None = None
    forgets_key: bool = False
    sees: str = ""
    most: int | None = None
    per_kill: float = PER_KILL


def read_then_write() -> None:
    """Looks at the shelf, then takes from what it saw: the way that every shop begins with."""

    def reserve(wish: reserving.Wish) -> reserving.Reserved:
        key = reserving._key(wish)
        if known := Reservation.objects.filter(request_key=key).first():
            return reserving.Reserved(known)
        (line,) = wish.lines
        shelf = Stock.objects.get(variant_id=line.variant_id, store_id=wish.store_id)
        if shelf.available < line.quantity:
            raise OutOfStock(shelf.available)
        with transaction.atomic():
            reserved = reserving._reserve(wish, key)
            Stock.objects.filter(pk=shelf.pk).update(reserved=shelf.reserved + line.quantity)
        return reserved

    reserving.hold = lambda *_what: None  # type: ignore[attr-defined]
    reserving_page.reserve_wish = reserve  # type: ignore[attr-defined]


CASES = [
    Case("checkout: the whole program"),
    Case("control: read, then written", read_then_write, sees="oversold", most=10),
    Case("control: a form without its key", forgets_key=True, sees="doubled", most=20, per_kill=3.0),
]
MUST_BE_NONE = (
    "lost",
    "doubled",
    "oversold",
    "stock off",
    "codes off",
    "told wrongly",
    "untrue",
    "odd",
    "errors",
)


def run(options: Options) -> list[Line]:
    """Every combination, each with goods of its own."""
    manager()
    store = Store.objects.create(code="GNT", name="Ghent")
    staff = [_at_the_counter(number, store) for number in range(4)]
    with served.listening() as listener:
        cases = [case for case in CASES if options.only in case.name]
        return [
            played(functools.partial(_play, case, options, listener, store, staff), bool(case.sees))
            for case in cases
        ]


def _at_the_counter(number: int, store: Store) -> dict[str, str]:
    """The cookies of somebody who is signed in."""
    address = f"karim{number}@maisonlune.example"
    member = Member.objects.create_user(address, "a-long-password", role=Role.COUNTER, store=store)
    browser = Client()
    browser.force_login(member, backend="django.contrib.auth.backends.ModelBackend")
    return {"etalage": browser.cookies["etalage"].value}


def _play(
    case: Case,
    options: Options,
    listener: socket.socket,
    store: Store,
    staff: list[dict[str, str]],
    number: int,
    is_final: bool,
) -> Line:
    chance = options.chance("checkout", options.database, case.name, number)
    rounds = max(LEAST_ROUNDS, options.rounds if case.most is None else min(options.rounds, case.most))
    line = Line(case.name, {}, is_control=bool(case.sees), is_final=is_final)
    with timed(line):
        shelves = [new_shelf(store, max(6, round(rounds * case.per_kill))) for _ in range(SHELVES)]
        limit = round(CODE_LIMIT_SHARE * sum(shelf.pieces for shelf in shelves))
        PromotionCode.objects.create(code=CODE, percent=10, usage_limit=limit)
        served.warm("/en/shop/", f"/en/shop/p/{shelves[0].slug}/", "/counter/")
        buyers = Buyers(shelves, staff, case.forgets_key, only_reserves=bool(case.sees))
        ledger = options.folder / f"{uuid4().hex}.jsonl"
        crowd = Crowd(ledger, listener.getsockname()[1], chance.random(), BUYERS, buyers)
        work = served.serving(listener, None, case.tamper)

        def begin(number: int) -> tuple[Callable[[], None], bool]:
            hurried = not case.sees and chance.random() < HURRIED
            Business.objects.update(reservation_hours=0 if hurried else 48)
            is_cold = not (options.short or case.sees) and number % served.COLD_EVERY == 0
            return (served.commanded(listener, None) if is_cold else work), is_cold

        ended = served.kill_often(rounds, chance, crowd, MOST, begin)
        Business.objects.update(reservation_hours=48)
        with served.unharmed(work):
            notes = crowd.finish()
        verdict = _judge(shelves, notes)
        line.counts = {"kills": rounds - ended, **verdict}
        if case.sees:
            line.broken = [] if verdict[case.sees] else [f"saw nothing {case.sees}"]
        else:
            line.broken = [name for name in MUST_BE_NONE if verdict[name]]
            line.broken += ["nothing was cut"] * (not verdict["cut"])
        line.broken += faults_of(notes) + ["it ended by itself"] * bool(ended)
        PromotionCode.objects.filter(code=CODE).update(code=uuid4().hex)
    return line


def _judge(shelves: list[Shelf], notes: list[dict[str, Any]]) -> dict[str, int]:
    """Compare what buyers and counter were told with the database."""
    expire_due(100_000)
    skus = [shelf.sku for shelf in shelves]
    found = Reservation.objects.filter(lines__variant__sku__in=skus).select_related("customer")
    rows = {row.code: row for row in found}
    names = Counter(row.customer.name for row in rows.values() if row.customer)
    said: dict[str, list[dict[str, Any]]] = {}
    for note in notes:
        said.setdefault(note.get("did", ""), []).append(note)
    reserved = said.get("reserved", [])
    wishes = {note["name"] for note in reserved}
    refused = {note["name"] for note in said.get("refused", [])}
    last = next(note for note in reversed(notes) if "tries" in note)
    orders = _orders_of(rows)
    return {
        "sent": last["tries"],
        "cut": last["cut"],
        "reserved": len(reserved),
        "sold out": sum(note["status"] == 409 for note in said.get("refused", [])),
        "cancelled": sum(row.state == ReservationState.CANCELLED for row in rows.values()),
        "expired": sum(row.state == ReservationState.EXPIRED for row in rows.values()),
        "orders": len(orders),
        "lost": sum(note["code"] not in rows for note in reserved) + len(wishes - names.keys()),
        "doubled": sum(count > 1 for count in names.values()) + _sold_twice(orders),
        "untrue": len(names.keys() & refused) + _untrue(rows, said),
        "oversold": _oversold(shelves),
        "stock off": _stock_off(shelves),
        "codes off": _codes_off(said),
        "told wrongly": _told_wrongly(rows, orders),
        "odd": len(said.get("odd", [])) + sum(note["status"] != 409 for note in said.get("refused", [])),
        "errors": troubles_of(notes),
    }


def _orders_of(rows: dict[str, Reservation]) -> list[Order]:
    orders = Order.objects.filter(source="reservation").prefetch_related("lines")
    return [order for order in orders if order.number.partition("-")[0] in rows]


def _sold_twice(orders: list[Order]) -> int:
    """Reservations of which more pieces were sold than were written down as handed over."""
    sold: Counter[str] = Counter()
    for order in orders:
        sold[order.number.partition("-")[0]] += sum(
            line.quantity for line in order.lines.all() if line.variant_id
        )
    handed = Reservation.objects.filter(code__in=sold).annotate(pieces=Sum("lines__handed_over"))
    return sum(sold[row.code] != row.pieces for row in handed)


def _untrue(rows: dict[str, Reservation], said: dict[str, list[dict[str, Any]]]) -> int:
    """What was said to be called off or handed over, and is not. A reservation whose time was over may have ended."""
    count = 0
    for did, state in (
        ("cancelled", ReservationState.CANCELLED),
        ("collected", ReservationState.HANDED_OVER),
    ):
        for note in said.get(did, []):
            row = rows.get(note["code"])
            ends = {state} | (
                {ReservationState.EXPIRED} if row and row.expires_at == row.created_at else set()
            )
            if note["races"]:
                ends |= {ReservationState.CANCELLED, ReservationState.HANDED_OVER}
            count += row is None or row.state not in ends
    return count


def _pieces(shelf: Shelf) -> tuple[int, int]:
    """Of one shelf: pieces sold, and pieces that wait for somebody."""
    variant = UUID(shelf.variant)
    sold = OrderLine.objects.filter(variant_id=variant).aggregate(pieces=Sum("quantity"))["pieces"]
    waiting = Reservation.objects.filter(lines__variant_id=variant, state=ReservationState.OPEN)
    left = waiting.aggregate(pieces=Sum(F("lines__quantity") - F("lines__handed_over")))["pieces"]
    return sold or 0, left or 0


def _oversold(shelves: list[Shelf]) -> int:
    """Pieces promised or sold beyond what there was."""
    return sum(max(0, sum(_pieces(shelf)) - shelf.pieces) for shelf in shelves)


def _stock_off(shelves: list[Shelf]) -> int:
    """Shelves that do not hold what they held at first, less what was sold, with what waits set aside."""
    count = 0
    for shelf in shelves:
        sold, waiting = _pieces(shelf)
        row = Stock.objects.get(variant_id=shelf.variant)
        count += (row.on_hand, row.reserved) != (shelf.pieces - sold, waiting)
    return count


def _codes_off(said: dict[str, list[dict[str, Any]]]) -> int:
    """Uses of the code that are not there, are there twice, or were not counted."""
    code = PromotionCode.objects.get(code=CODE)
    uses = list(Redemption.objects.filter(code=code))
    receipts = Counter(use.receipt for use in uses if use.receipt)
    missing = {note["receipt"] for note in said.get("redeemed", [])} - receipts.keys()
    wrong = {note["receipt"] for note in said.get("not redeemed", [])} & receipts.keys()
    twice = sum(count > 1 for count in receipts.values())
    over = max(0, len(uses) - (code.usage_limit or 0))
    return len(missing) + len(wrong) + twice + over + abs(code.used - len(uses))


def _told_wrongly(rows: dict[str, Reservation], orders: list[Order]) -> int:
    """Reservations and sales without exactly one announcement, one letter, one line in the log of deeds."""
    made, paid = _told(ReservationMade, "reservation_id"), _told(OrderPaid, "order_id")
    letters = Counter(
        Job.objects.filter(task="etalage.orders.tasks.send_reservation_letter").values_list("key", flat=True)
    )
    deeds = Counter(
        entry["order"]
        for entry in AuditEntry.objects.filter(action="reservation.handed_over").values_list(
            "details", flat=True
        )
    )
    return sum(made[row.pk.hex] != 1 or letters[row.pk.hex] != 1 for row in rows.values()) + sum(
        paid[order.pk.hex] != 1 or deeds[str(order.pk)] != 1 for order in orders
    )


def _told(event: type, key: str) -> Counter[str]:
    payloads = Event.objects.filter(name=path_of(event)).values_list("payload", flat=True)
    return Counter(payload[key].replace("-", "") for payload in payloads)
