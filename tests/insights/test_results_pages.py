"""The results pages: every amount sums, nothing is called zero that is unknown, and who may see them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from etalage.insights.actions.credit import recompute_all
from etalage.insights.actions.days import mark_click_days, rebuild_stale_days
from etalage.insights.models import Touch, TouchKind
from etalage.orders.models import Order, Place
from etalage.publishing.models import Publication
from tests.conftest import World
from tests.insights.shop import at, customer, link, publication, refund, sale, visit

pytestmark = pytest.mark.django_db
Clients = dict[str, Client]
RESULTS = "/results/"


@pytest.fixture(autouse=True)
def in_october() -> Iterator[None]:
    """The last of the days in which `busy` happens, at noon."""
    with time_machine.travel(at(13), tick=True):
        yield


def sum_up() -> None:
    """What the jobs do within a second or two."""
    recompute_all()
    mark_click_days(at(day) for day in range(14))
    rebuild_stale_days()


@pytest.fixture
def busy(world: World) -> list[Publication]:
    """Two posts: Lena saw both before she paid 99.99 in Ghent, Noor only the second before 50.00 online.

    Somebody unknown paid 20.00, and 10.00 went back to Noor.
    """
    boots, coats = publication("Autumn boots"), publication("=Winter coats")
    lena, noor = customer("Lena"), customer("Noor")
    first, second = link(boots), link(coats)
    visit(lena, 1, first)
    visit(lena, 2, second)
    sale(lena, 3, 9999, store=world.ghent)
    visit(noor, 4, second)
    refund(sale(noor, 5, 5000, place=Place.ONLINE), 1000)
    sale(None, 6, 2000, store=world.brussels)
    sum_up()
    return [boots, coats]


def page(client: Client, **asked: str) -> str:
    answer = client.get(RESULTS, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_rows_and_what_is_not_attributed_sum_to_all_sales(
    signed_in: Clients, busy: list[Publication]
) -> None:
    seen = page(signed_in["member"])
    assert "€50.00" in seen  # half of Lena's sale, the older visit gets the odd cent
    assert "€89.99" in seen  # the other half, and Noor's 40.00
    assert "€20.00" in seen and "Not attributed" in seen
    assert "€159.99" in seen


@pytest.mark.parametrize("model", ["first", "last", "linear", "position", "decay"])
@pytest.mark.parametrize("by", ["post", "publication", "channel", "campaign", "product", "store"])
def test_the_file_sums_to_the_cent_whatever_is_asked(
    signed_in: Clients, busy: list[Publication], model: str, by: str
) -> None:
    answer = signed_in["member"].get(reverse("insights:export"), {"model": model, "by": by})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["kind"] for row in rows[-2:]] == ["not_attributed", "total"]
    cents = [round(float(row["credited"]) * 100) for row in rows]
    assert sum(cents[:-1]) == cents[-1] == 15999
    assert {row["currency"] for row in rows} == {"EUR"}


def test_the_file_cannot_act_as_a_formula(signed_in: Clients, busy: list[Publication]) -> None:
    answer = signed_in["member"].get(reverse("insights:export"))
    assert "'=Winter coats" in answer.content.decode("utf-8-sig")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "results-post-linear-2026-09-17-2026-10-14.csv" in answer.headers["Content-Disposition"]


def test_the_models_stand_side_by_side_and_each_sums(signed_in: Clients, busy: list[Publication]) -> None:
    answer = signed_in["member"].get(reverse("insights:models"))
    boots, coats = (next(row for row in answer.context["rows"] if row.label == name) for name in NAMES)
    assert boots.models["first"].minor == 9999 and boots.models["last"].minor == 0
    assert coats.models["last"].minor == 9999 + 4000
    assert {amount.minor for amount in answer.context["rest"].values()} == {0}


NAMES = ("Autumn boots", "=Winter coats")


def test_a_store_shows_only_its_own_sales(signed_in: Clients, busy: list[Publication], world: World) -> None:
    seen = page(signed_in["member"], store=str(world.brussels.pk))
    assert "€20.00" in seen and "€99.99" not in seen and "€159.99" not in seen
    assert "no sale that a post led to" in seen


def test_days_without_a_sale_are_not_called_zero(signed_in: Clients, busy: list[Publication]) -> None:
    seen = page(signed_in["member"], **{"period": "own", "from": "2026-08-01", "to": "2026-08-31"})
    assert "no sale in these days" in seen and "nobody came through a link" in seen
    assert '<p class="stat-value"><bdi>–</bdi></p>' in seen
    assert "No sales yet" not in seen


def test_an_empty_shop_is_told_what_to_do_next(signed_in: Clients) -> None:
    seen = page(signed_in["owner"])
    assert "No sales yet" in seen and "Publish a post" in seen
    assert "€0.00" not in seen


def test_a_change_is_told_only_against_something(signed_in: Clients, busy: list[Publication]) -> None:
    alone = signed_in["member"].get(RESULTS, {"period": "28d"})
    assert alone.context["changes"].net is None
    asked = {"period": "own", "from": "2026-10-06", "to": "2026-10-08"}
    after = signed_in["member"].get(RESULTS, asked)
    assert after.context["before"].first.isoformat() == "2026-10-03"
    # Sales are known only since a later day: what came before may be a part of what was sold.
    assert after.context["changes"].net is None
    assert "no earlier data" in after.content.decode()
    sale(None, 2, 1000)
    recompute_all()
    rebuild_stale_days()
    after = signed_in["member"].get(RESULTS, asked)
    assert after.context["changes"].net == pytest.approx((4000 + 2000 - 9999 - 1000) / (9999 + 1000))


def test_orders_without_a_visit_are_explained(signed_in: Clients, world: World) -> None:
    lena = customer("Lena")
    visit(lena, 1, link(publication("Autumn boots")))
    sale(lena, 3, 9999, store=world.ghent)
    sum_up()
    words = "Sold by code or reservation, without a visit counted."
    assert words not in page(signed_in["member"])
    Touch.objects.update(kind=TouchKind.CODE)  # she showed the post's code at the till instead
    sum_up()
    seen = page(signed_in["member"])
    assert "Autumn boots" in seen
    assert words in seen


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from": "2026-10-20", "to": "2026-10-01"}, "must not lie after"),
        ({"period": "own", "from": "yesterday"}, "Enter a valid date"),
        ({"period": "own"}, "Choose the first day"),
        ({"from": "0001-01-01", "to": "2026-10-01"}, "at most ten years"),
    ],
)
def test_days_that_make_no_sense_are_said(
    signed_in: Clients, busy: list[Publication], asked: dict[str, str], said: str
) -> None:
    for address in (RESULTS, reverse("insights:models"), reverse("insights:export")):
        answer = signed_in["member"].get(address, asked)
        assert answer.status_code == 422
        assert said in answer.content.decode()


def test_unknown_words_fall_back_to_the_usual_report(signed_in: Clients, busy: list[Publication]) -> None:
    asked = {"period": "x", "by": "x", "model": "'; --", "store": "x", "skip": "-1"}
    assert "€159.99" in page(signed_in["member"], **asked)


@pytest.mark.parametrize("period", ["7d", "28d", "90d", "month", "last-month"])
@pytest.mark.parametrize("language", ["en", "fr", "nl", "ar"])
def test_every_period_can_be_read_in_every_language(
    signed_in: Clients, busy: list[Publication], period: str, language: str
) -> None:
    browser = signed_in["member"]
    browser.cookies["language"] = language
    for address in (RESULTS, reverse("insights:models")):
        answer = browser.get(address, {"period": period})
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in answer.content.decode()


@pytest.mark.parametrize(("span", "columns"), [(20, 20), (90, 13), (500, 17)])
def test_long_periods_are_drawn_by_week_and_by_month(
    signed_in: Clients, busy: list[Publication], span: int, columns: int
) -> None:
    first = (at(13) - timedelta(days=span - 1)).date().isoformat()
    chart = signed_in["member"].get(RESULTS, {"from": first}).context["chart"]
    assert len(chart.labels) == columns
    assert sum(chart.series[0].values) == 13999
    assert sum(chart.series[1].values) == 2000


def test_htmx_gets_the_moving_part_alone(signed_in: Clients, busy: list[Publication]) -> None:
    for address in (RESULTS, reverse("insights:models")):
        part = signed_in["member"].get(address, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part and 'hx-trigger="results from:body, every 60s"' in part


def test_rows_go_on_where_the_page_ends(signed_in: Clients, world: World) -> None:
    for number in range(35):
        lena = customer(f"Lena {number}")
        visit(lena, 1, link(publication(f"Post {number:02}")))
        sale(lena, 2, 1000 + number)
    sum_up()
    first = signed_in["member"].get(RESULTS)
    assert len(first.context["report"].rows) == 25 and "Rows on other pages" in first.content.decode()
    second = signed_in["member"].get(RESULTS, {"skip": "25"})
    assert len(second.context["report"].rows) == 10
    together = first.context["report"].rows + second.context["report"].rows
    assert sum(row.credited.minor for row in together) == first.context["sums"].net.minor


def test_many_posts_are_asked_for_in_as_many_queries_as_few(signed_in: Clients, world: World) -> None:
    counts: dict[str, list[int]] = {}
    for crowd in (2, 30):
        for number in range(crowd):
            lena = customer(f"Lena {number}")
            visit(lena, 1, link(publication(f"Post {crowd} {number}")))
            sale(lena, 2, 1000)
        sum_up()
        for address in (RESULTS, reverse("insights:models"), reverse("insights:export")):
            with CaptureQueriesContext(connection) as asked:
                signed_in["member"].get(address)
            counts.setdefault(address, []).append(len(asked))
    assert all(few == many for few, many in counts.values()), counts


def test_one_order_tells_who_got_what_of_it(signed_in: Clients, busy: list[Publication]) -> None:
    order = Order.objects.get(total_minor=9999)
    answer = signed_in["member"].get(reverse("insights:order_credit", args=[order.pk]))
    seen = answer.content.decode()
    assert "Autumn boots" in seen and "€50.00" in seen and "€49.99" in seen
    assert {amount.minor for amount in answer.context["sums"].values()} == {9999}
    part = signed_in["member"].get(
        reverse("insights:order_credit", args=[order.pk]), headers={"HX-Request": "true"}
    )
    assert "<html" not in part.content.decode() and "Autumn boots" in part.content.decode()


def test_an_order_that_nobody_led_to_says_so(signed_in: Clients, busy: list[Publication]) -> None:
    order = Order.objects.get(total_minor=2000)
    seen = signed_in["member"].get(reverse("insights:order_credit", args=[order.pk])).content.decode()
    assert "No visit is known in the 30 days before this order" in seen
    assert signed_in["member"].get(reverse("insights:order_credit", args=[uuid4()])).status_code == 404


def test_results_are_for_members_and_above(signed_in: Clients, busy: list[Publication]) -> None:
    order = Order.objects.get(total_minor=2000)
    addresses = [reverse(f"insights:{name}") for name in ("results", "models", "export")]
    addresses.append(reverse("insights:order_credit", args=[order.pk]))
    for address in addresses:
        assert signed_in["member"].get(address).status_code == 200
        assert signed_in["owner"].get(address).status_code == 200
        assert signed_in["counter"].get(address).status_code == 403
        assert signed_in["stranger"].get(address).status_code == 302
        assert signed_in["owner"].post(address).status_code == 405
