"""Reserving: stock, reservation, customer, consent and letter in one transaction, or nothing of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Store
from etalage.accounts.queries import current_business, reservation_stores
from etalage.catalogue.models import ProductStatus, Variant
from etalage.customers.actions import (
    Gone,
    attach_identity,
    attach_visitor,
    find_or_create,
    give_consent,
    hand_on_identities,
    remember_visitor,
)
from etalage.customers.actions.visitors import VisitorCookie
from etalage.customers.models import Customer, IdentityKind, Purpose
from etalage.customers.queries import took_back
from etalage.jobs import enqueue_once
from etalage.jobs.live import tell
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.outages import gave_way
from etalage.orders.actions.stock import hold
from etalage.orders.codes import new_code
from etalage.orders.events import ReservationMade
from etalage.orders.models import Reservation, ReservationLine, ReservationState
from etalage.publishing.models import TrackedLink

MOST_PIECES = 10
MOST_OPEN = 5  # open reservations of one customer: a shop's stock cannot be tied up under one name
CODE_TRIES = 5


@dataclass(frozen=True)
class WishLine:
    """Pieces of one variant. `seen_minor` is the unit price that the customer saw, None when not known."""

    variant_id: UUID
    quantity: int
    seen_minor: int | None = None


@dataclass(frozen=True)
class Wish:
    """What somebody asks to be kept, as their form says it; nothing in it is believed without a look.

    `email` or `phone` is filled. `consent_wording` is the sentence that was agreed to, "" without consent.
    `visitor_id` is a browser with consent, see `customers.queries.visitor_of`.
    """

    store_id: UUID
    lines: tuple[WishLine, ...]
    name: str
    email: str
    phone: str
    language: str
    request_key: str
    link_code: str = ""
    consent_wording: str = ""
    visitor_id: UUID | None = None


@dataclass(frozen=True)
class Reserved:
    """The reservation, and the cookie to set when the customer has just agreed to be recognised."""

    reservation: Reservation
    cookie: VisitorCookie | None = None


def reserve(wish: Wish) -> Reserved:
    """Keep the pieces for the customer until the business's time is over.

    The same wish with the same key gives the same reservation, however often and however fast it comes.
    Raises Refusal: out_of_stock, price_changed, not_for_sale, store_unknown, too_many_pieces,
    too_many_reservations.
    """
    key = _key(wish)
    for last_try in (False,) * (CODE_TRIES - 1) + (True,):
        if known := Reservation.objects.filter(request_key=key).first():
            return Reserved(known)
        try:
            with transaction.atomic():
                return _reserve(wish, key)
        except Refusal:
            # The first of two clicks may have made it since we looked, and be itself what the second was refused for:
            # the fifth reservation that one customer may have.
            if known := Reservation.objects.filter(request_key=key).first():
                return Reserved(known)
            raise
        except (IntegrityError, OperationalError, Gone) as error:
            # The same key came twice at once, two codes met, or it gave way to somebody: look again.
            if last_try or (isinstance(error, OperationalError) and not gave_way(error)):
                raise
            if isinstance(error, Gone):
                hand_on_identities(error.customer_ids)
    raise AssertionError  # the loop returns or raises


def _reserve(wish: Wish, key: str) -> Reserved:
    store = reservation_stores().filter(pk=wish.store_id).first()
    if not store:
        raise Refusal(_("Choose one of the stores in the list."), code="store_unknown", status=409)
    variants = _check_lines(wish.lines)
    customer = _customer(wish)
    reservation = _write(wish, key, store, customer, variants)
    for line in sorted(wish.lines, key=lambda line: line.variant_id):  # one order for all: no deadlock
        hold(line.variant_id, store.pk, line.quantity)
    # Anybody may fill in this form: it does not turn the no of whose address it names into a yes.
    takes_part = not took_back(Purpose.CREDIT, customer.pk)
    cookie = _keep_consent(wish, customer, takes_part=takes_part)
    visitor_id = (cookie.visitor_id if cookie else wish.visitor_id) if takes_part else None
    if visitor_id:
        attach_visitor(visitor_id, customer.pk)
    record("customer", "reservation.made", reservation)
    announce(ReservationMade(reservation.pk, visitor_id))
    enqueue_once("etalage.orders.tasks.send_reservation_letter", reservation.pk.hex, reservation.pk)
    enqueue_once(
        "etalage.orders.tasks.expire_reservation",
        reservation.pk.hex,
        reservation.pk,
        run_after=reservation.expires_at,
    )
    tell("reservations")
    return Reserved(reservation, cookie)


def _check_lines(lines: tuple[WishLine, ...]) -> dict[UUID, Variant]:
    """The variants wanted, all for sale, at the prices that the customer saw."""
    if (
        not lines
        or any(line.quantity < 1 for line in lines)
        or len({line.variant_id for line in lines}) < len(lines)
    ):
        raise Refusal(_("Choose what you want to reserve."), code="nothing_wanted", status=422)
    if sum(line.quantity for line in lines) > MOST_PIECES:
        raise Refusal(
            _("You can reserve %(most)s pieces at a time. Ask the store for more."),
            code="too_many_pieces",
            status=422,
            most=MOST_PIECES,
        )
    wanted = [line.variant_id for line in lines]
    for_sale = Variant.objects.filter(pk__in=wanted, retired_at=None, product__status=ProductStatus.ACTIVE)
    variants = {variant.pk: variant for variant in for_sale}
    if len(variants) < len(lines) or len({variant.currency for variant in variants.values()}) > 1:
        raise Refusal(
            _("This product is no longer for sale here. Have a look at the others."),
            code="not_for_sale",
            status=409,
        )
    if any(line.seen_minor not in (None, variants[line.variant_id].price_minor) for line in lines):
        raise Refusal(
            _("The price has changed since you opened this page. Look at it again, then reserve."),
            code="price_changed",
            status=409,
        )
    return variants


def _customer(wish: Wish) -> Customer:
    """The customer of a form that anybody may fill in: found by one contact only, and never merged on its word."""
    contacts = [
        (kind.value, value)
        for kind, value in ((IdentityKind.EMAIL, wish.email), (IdentityKind.PHONE, wish.phone))
        if value.strip()
    ]
    try:
        customer = find_or_create(wish.name, contacts[:1], wish.language)
    except ValueError as problem:
        raise Refusal(
            _("Give an e-mail address or a phone number."), code="contact_missing", status=422
        ) from problem
    if contacts[1:] and not customer.reservations.exists() and not customer.orders.exists():
        attach_identity(customer.pk, *contacts[1])
    # Counted one wish at a time, or twenty at once all count four. The lock comes after the identities and before the
    # stock, as everywhere. It lets foreign keys pass (`no_key`): a sale at the counter holds stock while it commits an
    # order of this customer, and with a full lock each would wait for the other.
    locked = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if locked.erased_at or locked.merged_into_id:  # between the look and the lock, on PostgreSQL
        raise Gone([locked.pk])
    if customer.reservations.filter(state=ReservationState.OPEN).count() >= MOST_OPEN:
        raise Refusal(
            _("You have several reservations already. Collect or cancel one of them first."),
            code="too_many_reservations",
            status=409,
        )
    return customer


def _write(
    wish: Wish, key: str, store: Store, customer: Customer, variants: dict[UUID, Variant]
) -> Reservation:
    now = clock.now()
    link = TrackedLink.objects.filter(code=wish.link_code).first() if wish.link_code else None
    reservation = Reservation.objects.create(
        code=new_code(),
        store=store,
        customer=customer,
        language=wish.language,
        currency=next(iter(variants.values())).currency,
        link=link,
        request_key=key,
        created_at=now,
        expires_at=now + timedelta(hours=current_business().reservation_hours),
    )
    ReservationLine.objects.bulk_create(
        ReservationLine(
            reservation=reservation,
            variant=variants[line.variant_id],
            quantity=line.quantity,
            unit_minor=variants[line.variant_id].price_minor,
        )
        for line in wish.lines
    )
    return reservation


def _keep_consent(wish: Wish, customer: Customer, *, takes_part: bool) -> VisitorCookie | None:
    """The browser's yes, and the customer's."""
    if not wish.consent_wording:
        return None
    if takes_part:
        give_consent(
            Purpose.CREDIT, wording=wish.consent_wording, source="shop.reserve", customer_id=customer.pk
        )
    return remember_visitor(wish.visitor_id, wording=wish.consent_wording, source="shop.reserve")


def _key(wish: Wish) -> str:
    """A digest of the key and of what is wanted: the back button and another size make another reservation."""
    wanted = sorted((line.variant_id.hex, line.quantity) for line in wish.lines)
    parts = (wish.request_key, wish.store_id.hex, str(wanted), wish.name, wish.email, wish.phone)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
