"""The demo's shop ends in rows that the product itself could have made."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db.models import Count, F, Sum
from PIL import Image

from etalage.accounts.models import Member, Role, Store
from etalage.catalogue.models import Product, ProductPicture, Stock, Variant
from etalage.credit.models import MODELS
from etalage.customers.models import Consent, Purpose, Visitor
from etalage.demo.past import Past
from etalage.demo.pictures import choose_goods
from etalage.insights.models import Credit, DaySales, Touch, TouchKind
from etalage.kit import clock
from etalage.orders.models import (
    Order,
    OrderLine,
    OrderStatus,
    Redemption,
    Reservation,
    ReservationLine,
    ReservationState,
)
from etalage.publishing.delivery.states import TRANSITIONS
from etalage.publishing.links import address_of
from etalage.publishing.models import DeliveryState, Post, PostPicture, PostState, PromotionCode, Publication
from etalage.publishing.queries import needs_person
from tests.demo.conftest import SUNDAY, Demo, made_in


def figures() -> dict[str, Any]:
    """What somebody would compare between two shops."""
    sums = {model: Credit.objects.aggregate(sum=Sum(model))["sum"] for model in MODELS}
    return {
        "titles": list(Product.objects.order_by("handle").values_list("handle", flat=True)),
        "prices": Variant.objects.aggregate(sum=Sum("price_minor"))["sum"],
        "pieces": Stock.objects.aggregate(sum=Sum("on_hand"))["sum"],
        "turnover": Order.objects.aggregate(sum=Sum("total_minor"), back=Sum("refunded_minor")),
        "moments": list(Order.objects.order_by("placed_at").values_list("placed_at", flat=True)[:50]),
        "posts": sorted(str(text) for text in Post.objects.values_list("text", flat=True)),
        "links": sorted(
            Publication.objects.exclude(link=None).filter(attempt=1).values_list("link__code", flat=True)
        ),
        "touches": Counter(Touch.objects.values_list("kind", flat=True)),
        "states": Counter(Publication.objects.values_list("state", flat=True)),
        "credit": sums,
    }


@pytest.mark.django_db
def test_the_same_seed_makes_the_same_shop_to_the_cent(tmp_path: Path) -> None:
    # What it plans ahead of `now` must lie ahead of the clock too, on whatever day this runs.
    with time_machine.travel(SUNDAY), made_in(tmp_path / "one", seed=3, now=SUNDAY):
        one = figures()
    with time_machine.travel(SUNDAY), made_in(tmp_path / "two", seed=3, now=SUNDAY):
        two = figures()
    assert one == two
    assert one["turnover"]["sum"] > 100_000
    assert choose_goods(3, 10) != choose_goods(4, 10)
    assert Past(3, SUNDAY).in_store() != Past(4, SUNDAY).in_store()


def test_three_stores_with_their_people_and_an_owner(demo: Demo) -> None:
    assert sorted(Store.objects.values_list("name", flat=True)) == ["Brussels", "Ghent", "Lille"]
    roles = Counter(Member.objects.values_list("role", flat=True))
    assert roles == {Role.OWNER: 1, Role.MANAGER: 1, Role.MEMBER: 2, Role.COUNTER: 3}
    assert Member.objects.filter(role=Role.COUNTER, store=None).count() == 0


def test_every_order_is_the_sum_of_its_lines_less_what_came_back(demo: Demo) -> None:
    orders = Order.objects.annotate(lined=Sum("lines__total_minor"))
    assert orders.count() == demo.seeded.orders > 150
    assert not orders.exclude(lined=F("total_minor")).exists()
    assert not orders.filter(refunded_minor__gt=F("total_minor")).exists()
    assert not orders.filter(total_minor__lt=0).exists()
    for order in Order.objects.filter(refunded_minor__gt=0).prefetch_related("refunds__lines"):
        assert order.refunded_minor == sum(refund.amount_minor for refund in order.refunds.all())
        assert all(
            refund.amount_minor == sum(line.amount_minor for line in refund.lines.all())
            for refund in order.refunds.all()
        )


def test_nothing_happened_in_the_future_and_nothing_longer_than_six_weeks_ago(demo: Demo) -> None:
    now = clock.now()
    assert not Order.objects.filter(placed_at__gt=now).exists()
    assert (now - Order.objects.order_by("placed_at")[0].placed_at).days <= 42
    assert not Touch.objects.filter(ts_us__gt=clock.to_micros(now)).exists()
    assert not Publication.objects.filter(published_at__gt=now).exists()


def test_shelves_hold_what_open_reservations_promise_and_no_other_piece_is_held(demo: Demo) -> None:
    promised: Counter[Any] = Counter()
    for line in ReservationLine.objects.filter(reservation__state=ReservationState.OPEN).select_related(
        "reservation"
    ):
        promised[line.variant_id, line.reservation.store_id] += line.quantity - line.handed_over
    held = {(row.variant_id, row.store_id): row.reserved for row in Stock.objects.filter(reserved__gt=0)}
    assert held == dict(promised)
    assert promised
    assert not Stock.objects.filter(on_hand__lt=F("reserved")).exists()


def test_what_was_handed_over_became_an_order_with_the_same_pieces(demo: Demo) -> None:
    closed = Reservation.objects.filter(state=ReservationState.HANDED_OVER).select_related(
        "order", "closed_by"
    )
    assert closed
    for reservation in closed:
        assert reservation.order
        assert (reservation.order.source, reservation.order.number) == ("reservation", reservation.code)
        assert reservation.closed_by and reservation.closed_by.store_id == reservation.store_id
        pieces = Counter({line.variant_id: line.handed_over for line in reservation.lines.all()})
        sold = OrderLine.objects.filter(order=reservation.order).exclude(variant=None)
        assert pieces == Counter({line.variant_id: line.quantity for line in sold})
    ended = Reservation.objects.exclude(state__in=[ReservationState.OPEN, ReservationState.HANDED_OVER])
    assert ended.exists() and not ended.exclude(order=None).exists()
    assert not Reservation.objects.filter(state=ReservationState.OPEN, expires_at__lte=clock.now()).exists()


def test_every_delivery_walked_the_state_machine_and_carries_its_link(demo: Demo) -> None:
    sent = Publication.objects.filter(attempt=1).select_related("link").prefetch_related("steps", "parts")
    assert len(sent) == demo.seeded.publications
    for publication in sent:
        walked = [publication.steps.all()[0].from_state, *(step.to_state for step in publication.steps.all())]
        assert walked[0] == DeliveryState.DRAFT and walked[-1] == publication.state
        assert all(
            DeliveryState(after) in TRANSITIONS[DeliveryState(before)] for before, after in pairwise(walked)
        )
        assert publication.link.post_id == publication.post_id
        assert publication.parts.count() == 1
        assert bool(publication.remote_id) == (publication.state == DeliveryState.PUBLISHED)


def test_the_network_knows_of_exactly_what_stands_there(demo: Demo) -> None:
    standing = {entry["marker"]: entry for entry in demo.ledger()}
    assert len(standing) == len(demo.ledger())
    expected = Publication.objects.filter(state__in=[DeliveryState.PUBLISHED, DeliveryState.NEEDS_PERSON])
    assert set(standing) == {address_of(row.link) for row in expected.select_related("link")}
    for row in expected.filter(state=DeliveryState.PUBLISHED).select_related("link", "channel"):
        entry = standing[address_of(row.link)]
        assert (entry["id"], entry["url"], entry["handle"]) == (
            row.remote_id,
            row.remote_url,
            row.channel.handle,
        )
        assert entry["alts"] and entry["alts"][0]


def test_some_posts_met_trouble_and_some_lie_ahead(demo: Demo) -> None:
    states = Counter(Publication.objects.values_list("state", flat=True))
    assert states[DeliveryState.REJECTED] == 1
    assert states[DeliveryState.NEEDS_PERSON] == 1
    assert {row.state for row in needs_person()} == {DeliveryState.REJECTED, DeliveryState.NEEDS_PERSON}
    ahead = Publication.objects.filter(state=DeliveryState.SCHEDULED)
    assert ahead.count() >= 5 and not ahead.filter(next_attempt_at__lte=clock.now()).exists()
    assert Post.objects.filter(state=PostState.REVIEW).count() == 1
    assert Post.objects.filter(state=PostState.DRAFT).count() == 1


def test_credit_of_each_order_sums_to_its_net_value_in_every_model(demo: Demo) -> None:
    sums = Credit.objects.values("order", "order__total_minor", "order__refunded_minor").annotate(
        **{f"{model}_sum": Sum(model) for model in MODELS}
    )
    assert len(sums) > 10
    for row in sums:
        net = row["order__total_minor"] - row["order__refunded_minor"]
        assert {row[f"{model}_sum"] for model in MODELS} == {net}
    summed = DaySales.objects.aggregate(net=Sum("net"))["net"]
    paid = Order.objects.filter(status=OrderStatus.PAID)
    assert summed == paid.aggregate(net=Sum(F("total_minor") - F("refunded_minor")))["net"]


def test_some_posts_sold_and_some_sold_nothing(demo: Demo) -> None:
    by_post = Credit.objects.exclude(touch__post=None).values("touch__post").annotate(orders=Count("order"))
    published = Publication.objects.filter(state=DeliveryState.PUBLISHED).values("post").distinct().count()
    assert 1 < len(by_post) < published


def test_only_people_who_agreed_are_recognised(demo: Demo) -> None:
    agreed = set(
        Consent.objects.filter(purpose=Purpose.CREDIT, withdrawn_at=None)
        .exclude(visitor=None)
        .values_list("visitor", flat=True)
    )
    clicks = Touch.objects.filter(kind__in=[TouchKind.CLICK, TouchKind.QR])
    known = clicks.exclude(visitor=None)
    assert known.exists() and set(known.values_list("visitor", flat=True)) <= agreed
    owners = dict(Visitor.objects.values_list("id", "customer"))
    assert all(owners[visitor] == customer for visitor, customer in known.values_list("visitor", "customer"))
    assert not clicks.filter(visitor=None).exclude(customer=None).exists()
    assert clicks.filter(visitor=None, is_bot=False).count() > known.count()
    assert not known.filter(is_bot=True).exists()


def test_codes_count_their_uses(demo: Demo) -> None:
    used = dict(Redemption.objects.values_list("code").annotate(count=Count("id")))
    assert used
    assert {code.pk: code.used for code in PromotionCode.objects.filter(used__gt=0)} == used
    for use in Redemption.objects.select_related("order", "code"):
        assert use.order and use.discount_minor == use.order.discount_minor
        assert use.code.starts_at <= use.redeemed_at < use.code.ends_at


def test_every_picture_is_there_and_described_in_four_languages(demo: Demo) -> None:
    rows = [*ProductPicture.objects.all(), *PostPicture.objects.all()]
    assert len(rows) > demo.seeded.products
    for row in rows:
        with Image.open(demo.media / row.file.name) as picture:
            assert picture.size == (row.width, row.height)
        assert row.alt.languages == ("en", "fr", "nl", "ar")
