"""How visits, codes and reservations become touches."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from etalage.customers.actions import forget_visitor, give_consent, remember_visitor, withdraw_consent
from etalage.customers.models import Customer, Purpose, Visitor
from etalage.edge.click_log import ClickLog
from etalage.edge.clicks import Click, click_store
from etalage.insights.actions import touches
from etalage.insights.actions.credit import recompute
from etalage.insights.actions.days import rebuild_stale_days
from etalage.insights.models import ClickCursor, Credit, DayClicks, Touch, TouchKind
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.orders.models import Redemption, Reservation
from etalage.publishing.models import PromotionCode, TrackedLink
from tests.conftest import World
from tests.insights.shop import at, credited, customer, link, publication, sale

pytestmark = pytest.mark.django_db


def click(through: TrackedLink, day: float = 1, **fields: object) -> Click:
    values: dict[str, object] = {
        "id": uuid7().hex,
        "code": through.code,
        "link_id": through.pk.hex,
        "happened_us": clock.to_micros(at(day)),
        "bot": "",
        "visitor": None,
        "method": "GET",
        "kind": "link",
        "late": False,
        "referrer_host": "",
        "language": "",
    }
    return Click(**{**values, **fields})  # type: ignore[arg-type]


def browser(of: Customer | None = None) -> Visitor:
    """A browser whose person agreed to be recognised."""
    cookie = remember_visitor(None, wording="Yes", source="shop")
    Visitor.objects.filter(pk=cookie.visitor_id).update(customer=of)
    return Visitor.objects.get(pk=cookie.visitor_id)


def test_a_click_is_a_touch_of_its_post_and_channel(world: World) -> None:
    through = link(publication())
    touches.record_clicks([click(through)])
    touch = Touch.objects.get()
    assert (touch.post_id, touch.channel_id, touch.kind) == (
        through.post_id,
        through.channel_id,
        TouchKind.CLICK,
    )
    assert touch.customer_id is None
    assert touch.visitor is None


def test_the_same_click_twice_counts_once(world: World) -> None:
    one = click(link(publication()))
    touches.record_clicks([one])
    touches.record_clicks([one, one])
    assert Touch.objects.count() == 1


def test_a_robot_is_marked_and_not_counted(world: World) -> None:
    through = link(publication())
    touches.record_clicks([click(through, bot="preview"), click(through), click(through, method="HEAD")])
    rebuild_stale_days()
    assert Touch.objects.filter(is_bot=True).count() == 1
    assert DayClicks.objects.get(grouping="post", key=through.post_id).clicks == 1


def test_a_visit_that_arrives_after_its_sale_is_still_credited(world: World) -> None:
    lena = customer()
    seen = browser(lena)
    order = sale(lena, 2, 900)
    touches.record_clicks([click(link(publication()), visitor=seen.pk.hex)])
    run_until_idle()
    assert sum(credited(order)["linear"].values()) == 900


def test_a_browser_that_turns_out_to_be_a_customer_brings_its_visits(world: World) -> None:
    lena = customer()
    seen = browser()
    touches.record_clicks([click(link(publication()), visitor=seen.pk.hex)])
    order = sale(lena, 2, 900)
    recompute([lena.pk])
    assert not Credit.objects.exists()
    touches.recognise_visitor(seen.pk, lena.pk)
    run_until_idle()
    assert sum(credited(order)["linear"].values()) == 900


def test_a_browser_that_passes_to_another_customer_leaves_the_first_one_s_visits(world: World) -> None:
    lena, omar = customer("Lena"), customer("Omar")
    shared = browser(lena)
    touches.record_clicks([click(link(publication()), visitor=shared.pk.hex)])
    order = sale(lena, 2, 900)
    touches.recognise_visitor(shared.pk, omar.pk)
    run_until_idle()
    recompute([lena.pk, omar.pk])
    assert sum(credited(order)["linear"].values()) == 900


def test_a_visit_taken_over_after_its_consent_was_withdrawn_is_nobody_s(world: World) -> None:
    seen = browser(customer())
    forget_visitor(seen.pk)
    touches.record_clicks([click(link(publication()), visitor=seen.pk.hex)])
    touch = Touch.objects.get()
    assert (touch.visitor, touch.customer_id) == (None, None)


def test_a_customer_who_says_no_is_led_to_by_no_later_visit(world: World) -> None:
    lena = customer()
    seen = browser(lena)
    give_consent(Purpose.CREDIT, wording="Yes", source="counter", customer_id=lena.pk)
    withdraw_consent(Purpose.CREDIT, customer_id=lena.pk)
    touches.record_clicks([click(link(publication()), visitor=seen.pk.hex)])
    assert Touch.objects.get().customer_id is None


def test_who_asks_to_be_forgotten_leaves_only_counts(world: World) -> None:
    lena = customer()
    seen = browser(lena)
    through = link(publication())
    touches.record_clicks([click(through, visitor=seen.pk.hex)])
    sale(lena, 2, 900)
    recompute([lena.pk])
    touches.forget_person(lena.pk, [seen.pk])
    run_until_idle()
    assert not Credit.objects.exists()
    assert not Touch.objects.exclude(customer=None, visitor=None).exists()
    rebuild_stale_days()
    assert DayClicks.objects.get(grouping="post", key=through.post_id).clicks == 1


def test_a_reserved_order_is_led_by_the_link_it_was_reserved_through(world: World) -> None:
    through = link(publication())
    Reservation.objects.create(
        code="KXRM42",
        store=world.ghent,
        currency="EUR",
        link=through,
        request_key="k",
        expires_at=at(3),
        created_at=at(1),
    )
    order = sale(customer(), 2, 500, source="reservation", link=through)
    order.number = "KXRM42"
    order.save()
    touches.record_order_link(order.pk)
    recompute([], [order.pk])
    touch = Touch.objects.get()
    assert touch.ts_us == clock.to_micros(at(1))
    assert credited(order)["first"] == {touch.pk: 500}


def test_a_code_at_the_till_leads_to_its_campaign_s_sale(world: World) -> None:
    post = publication().post
    code = PromotionCode.objects.create(code="AUTUMN", percent=10, post=post)
    order = sale(None, 2, 500)
    use = Redemption.objects.create(code=code, order=order, currency="EUR", redeemed_at=at(2))
    touches.record_redemption(use.pk)
    touches.record_redemption(use.pk)
    run_until_idle()
    assert list(credited(order)["last"].values()) == [500]
    assert Touch.objects.get().post_id == post.pk


def test_the_edge_s_file_is_taken_over_once(world: World, settings: object, tmp_path: Path) -> None:
    settings.DATA = tmp_path  # type: ignore[attr-defined]
    through = link(publication())
    store = click_store(tmp_path / "clicks.sqlite3")
    store.open()
    store.write([click(through) for _ in range(3)])
    store.settle()
    assert touches.drain_clicks() == 3
    store.write([click(through)])
    assert touches.drain_clicks() == 0, "what a power cut could still take is not read yet"
    store.settle()
    assert touches.drain_clicks() == 1
    store.close()
    assert touches.drain_clicks() == 0
    assert Touch.objects.count() == 4
    assert ClickCursor.objects.get().cursor


def test_clicks_are_let_go_of_a_week_after_they_were_taken_over(
    world: World, settings: object, tmp_path: Path
) -> None:
    settings.DATA = tmp_path  # type: ignore[attr-defined]
    through, now = link(publication()), clock.now()
    old, young, waits = (
        click(through, happened_us=clock.to_micros(now - timedelta(days=days))) for days in (9, 7, 9)
    )
    store = click_store(tmp_path / "clicks.sqlite3")
    store.open()
    store.write([old, young])
    store.settle()
    touches.drain_clicks()
    store.write([waits])
    store.settle()
    assert touches.let_go_of_clicks() == 1
    assert [one.id for one in ClickLog(store.path).read_after().clicks] == [young.id, waits.id]
    store.close()
    assert touches.drain_clicks() == 1
