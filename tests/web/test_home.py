"""The start page: what needs whom, what sold, what comes next, and how a new shop begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from etalage.accounts.models import Store
from etalage.catalogue.models import Product
from etalage.channels.models import Channel, ChannelState
from etalage.customers.models import Customer
from etalage.imports.models import ImportRun, ImportState
from etalage.insights.actions.credit import recompute_all
from etalage.insights.actions.days import rebuild_stale_days
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.orders.models import Reservation
from etalage.publishing.models import DeliveryState, Post, PostState, Publication
from tests.conftest import World
from tests.insights.shop import at, customer, link, publication, sale, visit
from tests.jobs import work

pytestmark = pytest.mark.django_db
Clients = dict[str, Client]


@pytest.fixture(autouse=True)
def one_noon() -> Iterator[None]:
    """A Wednesday in October, two hours after the shop opened."""
    with time_machine.travel(at(13), tick=True):
        yield


def seen_by(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def reservation(store: Store, code: str = "BCD2345", hours: int = 24) -> Reservation:
    return Reservation.objects.create(
        code=code,
        store=store,
        customer=Customer.objects.create(name="Nora"),
        currency="EUR",
        request_key=str(uuid7()),
        expires_at=clock.now() + timedelta(hours=hours),
    )


def channel(state: str = ChannelState.ACTIVE, **fields: Any) -> Channel:
    values = {"network": "practice", "name": "Window", "handle": "@window", "base_url": "http://127.0.0.1"}
    return Channel.objects.create(remote_id=str(uuid7()), state=state, **{**values, **fields})


def delivery(state: str, text: str = "Boots are in", days: int = 0) -> Publication:
    post = Post.objects.create(text={"en": text}, state=PostState.APPROVED, due_at=at(13 + days))
    return Publication.objects.create(
        post=post, channel=channel(), state=state, due_at=at(13 + days), next_attempt_at=at(13 + days)
    )


def test_a_calm_day_says_so(signed_in: Clients, world: World) -> None:
    assert "Nothing waits for you." in seen_by(signed_in["owner"])


def test_what_a_person_must_decide_stands_on_top(signed_in: Clients, world: World) -> None:
    delivery(DeliveryState.REJECTED, "Refused boots")
    delivery(DeliveryState.NEEDS_PERSON, "Doubtful boots")
    needs = signed_in["member"].get("/").context["needs"]
    assert [need.title for need in needs] == ["Doubtful boots", "Refused boots"]
    assert [need.tone for need in needs] == ["warn", "bad"]


def test_only_managers_are_asked_for_approval_and_for_background_work(
    signed_in: Clients, world: World
) -> None:
    Post.objects.create(text={"en": "May this go out?"}, state=PostState.REVIEW, created_by=world.member)
    work.fail.enqueue("x")
    run_until_idle(raising=False)
    for role, asked in (("owner", True), ("manager", True), ("member", False), ("counter", False)):
        seen = seen_by(signed_in[role])
        assert ("Mia asks for your approval." in seen) is asked
        assert ("1 piece of background work failed" in seen) is asked


def test_a_paused_channel_is_told_with_what_to_do(signed_in: Clients, world: World) -> None:
    channel(ChannelState.PAUSED, name="Lune on the square", pause_reason="auth_dead")
    seen = seen_by(signed_in["member"])
    assert "Lune on the square is paused" in seen and "A manager connects the channel again here." in seen
    assert "Lune on the square" not in seen_by(signed_in["counter"])


def test_the_counter_sees_the_reservations_of_its_store_and_no_sales(
    signed_in: Clients, world: World
) -> None:
    reservation(world.ghent)
    reservation(world.brussels, "XYZ2345")
    sale(None, 12, 4200)
    seen = seen_by(signed_in["counter"])
    assert "BCD2345" in seen and "XYZ2345" not in seen
    assert "Type or scan the customer" in seen
    assert "€42.00" not in seen and "Sold" not in seen
    assert signed_in["counter"].get("/?pane=sold", headers={"HX-Request": "true"}).context.get("sold") is None


def test_a_reservation_that_nobody_fetched_in_time_stands_out(signed_in: Clients, world: World) -> None:
    reservation(world.ghent, hours=-1)
    assert [need.tone for need in signed_in["member"].get("/").context["needs"]] == ["warn"]


@pytest.mark.parametrize(
    ("later", "told"), [(None, True), (ImportState.FAILED, True), (ImportState.DONE, False)]
)
def test_a_file_that_failed_is_told_until_one_of_its_kind_was_read(
    signed_in: Clients, world: World, later: str | None, told: bool
) -> None:
    ImportRun.objects.create(
        kind="orders",
        state=ImportState.FAILED,
        file_name="till.csv",
        told=["No column holds the amount.", {}],
    )
    if later:
        ImportRun.objects.create(kind="orders", state=later, file_name="again.csv")
    seen = seen_by(signed_in["member"])
    assert ("No column holds the amount." in seen) is told


def test_rows_that_were_not_taken_are_told(signed_in: Clients, world: World) -> None:
    ImportRun.objects.create(kind="orders", state=ImportState.DONE, file_name="till.csv", refused=12)
    assert "12 rows were not taken." in seen_by(signed_in["member"])


def test_the_sales_of_today_yesterday_and_the_week_are_told(signed_in: Clients, world: World) -> None:
    lena = customer("Lena")
    visit(lena, 11, link(publication("Autumn boots")))
    sale(lena, 12, 5000, store=world.ghent)
    sale(None, 13, 1050)
    sale(None, 5, 3025)
    recompute_all()
    rebuild_stale_days()
    sold = signed_in["member"].get("/").context["sold"]
    assert (sold.today.minor, sold.yesterday.minor, sold.week.minor) == (1050, 5000, 6050)
    assert (sold.led.minor, sold.best.label, sold.best.credited.minor) == (5000, "Autumn boots", 5000)
    assert sold.change is None  # sales are known only since a day within the week before
    assert "no earlier data" in seen_by(signed_in["member"])
    sale(None, -1, 500)
    recompute_all()
    rebuild_stale_days()
    sold = signed_in["member"].get("/").context["sold"]
    assert sold.change == pytest.approx(1.0)
    seen = seen_by(signed_in["member"])
    assert "Best post of the week" in seen and "€60.50" in seen and "in 1 order" in seen


def test_a_week_without_a_sale_is_not_told_as_zeros(signed_in: Clients, world: World) -> None:
    seen = seen_by(signed_in["member"])
    assert "No sale in the last seven days." in seen and "€0.00" not in seen


def test_the_next_posts_stand_once_with_all_their_networks(signed_in: Clients, world: World) -> None:
    first = delivery(DeliveryState.SCHEDULED, days=1)
    other = channel(network="bluesky")
    Publication.objects.create(
        post=first.post, channel=other, state=DeliveryState.SCHEDULED, next_attempt_at=at(14)
    )
    coming = signed_in["member"].get("/").context["coming"]
    assert [(one.title, sorted(one.networks)) for one in coming.posts] == [
        ("Boots are in", ["bluesky", "practice"])
    ]
    assert [day.count for day in coming.week] == [0, 1, 0, 0, 0, 0, 0]
    assert coming.gap == at(15).date()
    assert "Nothing is planned for Friday" in seen_by(signed_in["member"])


def test_an_empty_week_asks_for_a_post(signed_in: Clients, world: World) -> None:
    assert "Nothing is planned for the next seven days." in seen_by(signed_in["member"])


def test_a_new_shop_is_led_through_its_first_steps_until_all_are_taken(
    signed_in: Clients, world: World
) -> None:
    steps = signed_in["owner"].get("/").context["steps"]
    assert [step.done for step in steps] == [False] * 4
    assert "Set up your shop window" in seen_by(signed_in["owner"])
    delivery(DeliveryState.SCHEDULED)
    sale(None, 12, 100)
    assert [step.done for step in signed_in["owner"].get("/").context["steps"]] == [True, False, True, True]
    Product.objects.create(handle="scarf", slug="scarf", title={"en": "Scarf"})
    assert "Set up your shop window" not in seen_by(signed_in["owner"])


def test_a_member_is_not_sent_where_only_managers_may_go(signed_in: Clients, world: World) -> None:
    offered = {role: signed_in[role].get("/").context["steps"][0].url for role in ("member", "manager")}
    assert offered == {"member": "", "manager": "/channels/connect/"}


@pytest.mark.parametrize("pane", ["needs", "sold", "coming"])
@pytest.mark.parametrize("language", ["en", "fr", "nl", "ar"])
def test_htmx_gets_one_pane_alone_in_every_language(
    signed_in: Clients, world: World, pane: str, language: str
) -> None:
    reservation(world.ghent)
    delivery(DeliveryState.SCHEDULED, days=2)
    browser = signed_in["owner"]
    browser.cookies["language"] = language
    part = browser.get("/", {"pane": pane}, headers={"HX-Request": "true"}).content.decode()
    assert f'id="{pane}-title"' in part and "<html" not in part
    assert "<html" in browser.get("/", {"pane": pane}).content.decode()


def test_the_page_asks_as_much_for_a_crowd_as_for_one(signed_in: Clients, world: World) -> None:
    counts = []
    for crowd in (1, 12):
        for _each in range(crowd):
            delivery(DeliveryState.SCHEDULED, days=1)
            delivery(DeliveryState.NEEDS_PERSON)
            reservation(world.ghent, uuid7().hex[-7:].upper())
            channel(ChannelState.PAUSED)
            Post.objects.create(text={"en": "May I?"}, state=PostState.REVIEW, created_by=world.member)
            ImportRun.objects.create(kind="orders", state=ImportState.FAILED, file_name="till.csv")
            lena = customer("Lena")
            visit(lena, 11, link(publication("Autumn boots")))
            sale(lena, 12, 5000, store=world.ghent)
        recompute_all()
        rebuild_stale_days()
        with CaptureQueriesContext(connection) as asked:
            seen_by(signed_in["owner"])
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_stranger_is_asked_to_sign_in(world: World) -> None:
    assert Client().get("/").status_code == 302
