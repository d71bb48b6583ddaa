"""Files of orders as tills and shops write them, and what each of their oddities becomes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from etalage.customers.actions import find_or_create, merge_customers
from etalage.customers.events import CustomersMerged
from etalage.customers.models import Customer
from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.actions.record import RefundData, record_refund
from etalage.orders.actions.redeem import TillUse, redeem_code
from etalage.orders.handlers import follow_a_merger
from etalage.orders.models import Order, OrderLine, OrderStatus, Place, Redemption, Refund, RefundLine
from etalage.publishing.models import PromotionCode
from tests.conftest import World
from tests.orders.conftest import Goods
from tests.orders.importing.conftest import HEADER, Load, net_minor

DAY = "2026-03-02 10:00"


def sale(
    number: str, sku: str = "CUP", quantity: object = 1, price: str = "12.50", customer: str = "7"
) -> list[object]:
    """A row of a till."""
    return [number, DAY, sku, "A cup", quantity, price, customer]


def refunded(number: str) -> int:
    return Order.objects.get(number=number).refunded_minor


def test_rows_of_an_order_need_not_stand_together(load: Load) -> None:
    load([sale("1"), sale("2"), sale("1", "TEA", 2, "3.00")])
    assert dict(Order.objects.values_list("number", "total_minor")) == {"1": 1850, "2": 1250}
    assert list(Order.objects.get(number="1").lines.values_list("position", "sku")) == [
        (1, "CUP"),
        (2, "TEA"),
    ]


def test_times_are_those_of_the_shop(load: Load) -> None:
    load([sale("1")])
    assert Order.objects.get().placed_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_lines_find_their_variant_by_article_number_or_barcode(goods: Goods, load: Load) -> None:
    goods.cup.barcode = "5400000000017"
    goods.cup.save()
    load([sale("1", "SC-B"), sale("1", "5400000000017"), sale("1", "ELSEWHERE")])
    found = dict(OrderLine.objects.values_list("sku", "variant_id"))
    assert found == {"SC-B": goods.blue.pk, "5400000000017": goods.cup.pk, "ELSEWHERE": None}


def test_an_article_that_comes_into_the_catalogue_later_is_found_by_the_same_file(
    load: Load, request: pytest.FixtureRequest
) -> None:
    load([sale("1", "SC-B")])
    goods = request.getfixturevalue("goods")
    assert load([sale("1", "SC-B")]).counts.updated == 1
    assert OrderLine.objects.get().variant_id == goods.blue.pk


def test_a_corrected_order_keeps_its_id_and_says_so_once(load: Load) -> None:
    load([sale("1"), sale("1", "TEA")])
    order, told = Order.objects.get(), Event.objects.count()
    outcome = load([sale("1", quantity=3)])

    corrected = Order.objects.get()
    assert (corrected.pk, corrected.total_minor, corrected.lines.count()) == (order.pk, 3750, 1)
    assert outcome.counts.updated == 1
    event = Event.objects.order_by("id").last()
    assert event and event.name.endswith("OrdersChanged") and event.payload == {"order_ids": [str(order.pk)]}
    assert Event.objects.count() == told + 1


def test_orders_that_are_not_in_a_file_stay(load: Load) -> None:
    load([sale("1")])
    load([sale("2")])
    assert set(Order.objects.values_list("number", flat=True)) == {"1", "2"}


def test_the_same_number_of_another_source_is_another_order(load: Load) -> None:
    load([sale("1")], source="till")
    load([sale("1")], source="web")
    assert Order.objects.count() == 2
    assert Customer.objects.count() == 2  # and customer 7 of one is not customer 7 of the other


def test_a_price_with_four_decimals_is_rounded_once_per_line_half_to_even(load: Load) -> None:
    load([sale("1", quantity=2, price="0.0125"), sale("1", "B", 2, "0.0175"), sale("1", "C", 1000, "0.0125")])
    assert list(OrderLine.objects.values_list("total_minor", flat=True)) == [2, 4, 1250]


def test_a_part_of_a_piece_is_a_piece_at_its_exact_price(load: Load) -> None:
    load([sale("1", quantity="0.350", price="12.00")])
    assert list(OrderLine.objects.values_list("quantity", "total_minor")) == [(1, 420)]


def test_the_total_of_a_line_wins_over_price_times_quantity(load: Load) -> None:
    header = ["number", "date", "sku", "quantity", "unit price", "line total"]
    load([["1", DAY, "A", "3", "3.33", "10.00"], ["2", DAY, "A", "-2", "5.00", "10.00"]], header)
    assert Order.objects.get().total_minor == 1000
    assert Refund.objects.get().amount_minor == 1000  # the quantity says that it came back


def test_discounts_of_lines_and_of_the_order_are_taken_off(load: Load) -> None:
    header = ["number", "date", "sku", "quantity", "unit price", "line discount", "order discount"]
    load([["1", DAY, "A", "2", "10.00", "1.50", "2.00"], ["1", DAY, "B", "1", "5.00", "", "2.00"]], header)
    order = Order.objects.get()
    assert (order.total_minor, order.discount_minor) == (2150, 350)


def test_a_total_that_differs_from_row_to_row_is_the_lines_own(load: Load) -> None:
    header = ["ticket", "date", "article", "quantité", "total"]
    load([["1", DAY, "A", "2", "10,00"], ["1", DAY, "B", "1", "5,00"], ["2", DAY, "B", "1", "5,00"]], header)
    assert dict(Order.objects.values_list("number", "total_minor")) == {"1": 1500, "2": 500}


def test_an_export_of_shopify_is_read_as_it_comes(load: Load) -> None:
    header = [
        *(
            "Name",
            "Email",
            "Financial Status",
            "Paid at",
            "Currency",
            "Total",
            "Discount Code",
            "Discount Amount",
        ),
        *(
            "Created at",
            "Lineitem quantity",
            "Lineitem name",
            "Lineitem price",
            "Lineitem sku",
            "Cancelled at",
        ),
        *("Refunded Amount", "Billing Name"),
    ]
    paid = "2026-03-02 10:00:00 +0100"
    outcome = load(
        [
            [
                "#1",
                "nora@example.com",
                "paid",
                paid,
                "EUR",
                "30.00",
                "SPRING",
                "5.00",
                paid,
                2,
                "Cup",
                12.5,
                "CUP",
                "",
                "0.00",
                "Nora",
            ],
            ["#1", "nora@example.com", "", "", "", "", "", "", paid, 1, "Tea", 4, "TEA", "", "", ""],
            [
                "#2",
                "ali@example.com",
                "refunded",
                paid,
                "EUR",
                "12.50",
                "",
                "0.00",
                paid,
                1,
                "Cup",
                12.5,
                "CUP",
                "",
                "12.50",
                "Ali",
            ],
            [
                "#3",
                "ali@example.com",
                "voided",
                "",
                "EUR",
                "12.50",
                "",
                "",
                paid,
                1,
                "Cup",
                12.5,
                "CUP",
                paid,
                "0.00",
                "Ali",
            ],
        ],
        header,
    )
    assert not outcome.refused and outcome.counts.created == 3
    first = Order.objects.get(number="#1")
    assert (first.source, first.place, first.total_minor, first.discount_minor) == (
        "shopify",
        Place.ONLINE,
        3000,
        500,
    )
    assert first.customer and first.customer.name == "Nora" and first.lines.count() == 2
    assert refunded("#2") == 1250 and Order.objects.get(number="#3").status == OrderStatus.CANCELLED
    assert net_minor() == 3000


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            ["numéro de commande", "date", "référence article", "quantité", "prix unitaire", "code magasin"],
            ["1", "02/03/2026 10:00", "A", "2", "1 234,50", "GNT"],
        ),
        (
            ["bonnummer", "datum", "artikelnummer", "aantal", "stukprijs", "winkel"],
            ["1", "2-3-2026 10:00", "A", "2", "1.234,50", "Ghent"],
        ),
        (
            ["رقم الفاتورة", "التاريخ", "رقم المنتج", "الكمية", "سعر الوحدة", "الفرع"],
            ["1", "٢/٣/٢٠٢٦ ١٠:٠٠", "A", "٢", "١٢٣٤٫٥٠", "gnt"],
        ),
    ],
)
def test_tills_speak_four_languages(load: Load, header: list[str], row: list[str]) -> None:
    outcome = load([row], header)
    assert not outcome.refused
    order = Order.objects.get()
    assert (order.total_minor, order.store and order.store.code, order.place) == (246900, "GNT", Place.STORE)
    assert order.placed_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_customers_are_known_by_mail_phone_and_card_and_completed(load: Load) -> None:
    nora = find_or_create("", [("email", "nora@example.com")])
    header = [*HEADER[:6], "email", "phone", "card", "customer name"]
    rows = [
        ["1", DAY, "A", "", 1, 1, "NORA@example.com", "", "", "Nora"],
        ["2", DAY, "A", "", 1, 1, "", "0470 12 34 56", "4000 1", "Ali"],
        ["3", DAY, "A", "", 1, 1, "", "+32470123456", "", ""],
        ["4", DAY, "A", "", 1, 1, "", "", "40001", ""],
        ["5", DAY, "A", "", 1, 1, "not an address", "", "", "Passer-by"],
    ]
    outcome = load(rows, header)
    assert not outcome.refused
    whose = dict(Order.objects.values_list("number", "customer__name"))
    assert whose == {"1": "Nora", "2": "Ali", "3": "Ali", "4": "Ali", "5": None}
    assert Order.objects.get(number="1").customer_id == nora.pk and Customer.objects.count() == 2


def test_a_credit_note_goes_to_the_latest_earlier_sales_of_the_article(load: Load) -> None:
    rows = [[f"{n}", f"2026-03-0{n} 10:00", "CUP", "", 2, "12.50", "7"] for n in (1, 2, 3)]
    load([*rows, ["C9", "2026-03-02 12:00", "CUP", "", -3, "12.50", "7"]])
    assert [refunded(number) for number in "123"] == [1250, 2500, 0]
    assert set(Refund.objects.values_list("number", "order__number", "amount_minor")) == {
        ("C9", "2", 2500),
        ("C9", "1", 1250),
    }
    assert all(line.line and line.line.sku == "CUP" for line in RefundLine.objects.select_related("line"))


def test_a_credit_note_that_is_read_first_finds_its_sale_later(load: Load) -> None:
    note = ["C9", "2026-03-02 12:00", "CUP", "", -1, "12.50", "7"]
    load([note])
    assert Refund.objects.get().order is None and net_minor() == -1250
    load([sale("1")])
    assert Refund.objects.get().order == Order.objects.get() and refunded("1") == 1250
    assert load([note]).changed == 0


def test_what_a_sale_did_not_cost_is_not_taken_from_it(load: Load) -> None:
    load([sale("1", price="5.00"), ["C9", "2026-03-02 12:00", "CUP", "", -1, "12.50", "7"]])
    assert refunded("1") == 500
    assert set(Refund.objects.values_list("order__number", "amount_minor")) == {("1", 500), (None, 750)}


def test_notes_of_nobody_stay_without_a_sale(load: Load) -> None:
    load([sale("1", customer=""), ["C9", "2026-03-02 12:00", "CUP", "", -1, "12.50", ""]])
    assert refunded("1") == 0 and net_minor() == 0


def test_a_note_finds_a_sale_of_the_same_person_once_it_turns_out_to_be_the_same(load: Load) -> None:
    load([sale("1", customer="7"), ["C9", "2026-03-02 12:00", "CUP", "", -1, "12.50", "8"]])
    seven, eight = (Customer.objects.get(identities__value=f"till:{number}").pk for number in (7, 8))
    assert refunded("1") == 0
    merge_customers(seven, eight)
    follow_a_merger(CustomersMerged(kept_id=min(seven, eight), merged_id=max(seven, eight)))
    assert refunded("1") == 1250


def test_a_note_that_names_its_sale_goes_there_whoever_bought_it(load: Load) -> None:
    header = [*HEADER, "type", "refund of"]
    note = ["N1", "2026-03-05 12:00", "CUP", "", 1, "12.50", "", "avoir", "1"]
    load([note, [*sale("1", customer=""), "", ""], [*sale("2"), "", ""]], header)
    assert (refunded("1"), refunded("2")) == (1250, 0)


def test_refunds_from_elsewhere_count_before_notes_of_files(load: Load) -> None:
    load([sale("1")])
    order = Order.objects.get()
    record_refund(RefundData("web", "R1", clock.now(), "EUR", 1000, order.pk))
    load([["C9", "2026-03-02 12:00", "CUP", "", -1, "12.50", "7"]])
    assert refunded("1") == 1250
    assert set(Refund.objects.filter(number="C9").values_list("order__number", "amount_minor")) == {
        ("1", 250),
        (None, 1000),
    }


def test_a_later_file_cancels_an_order_and_lets_its_refund_go(load: Load) -> None:
    header = [*HEADER, "status"]
    load([[*sale("1"), ""], ["C9", "2026-03-02 12:00", "CUP", "", -1, "12.50", "7", ""]], header)
    order = Order.objects.get()
    load([[*sale("1"), "Annulée"]], header)
    order.refresh_from_db()
    assert (order.status, order.refunded_minor) == (OrderStatus.CANCELLED, 0)
    assert Refund.objects.get().order is None


def test_an_exchange_below_zero_is_a_refund_of_what_is_left(load: Load) -> None:
    load(
        [
            sale("1", price="50.00"),
            ["2", "2026-03-03 10:00", "CUP", "", -1, "50.00", "7"],
            ["2", "2026-03-03 10:00", "TEA", "", 1, "20.00", "7"],
        ]
    )
    assert refunded("1") == 3000
    assert set(RefundLine.objects.values_list("sku", "quantity", "amount_minor")) == {
        ("CUP", 1, 5000),
        ("TEA", -1, -2000),
    }


def test_a_sale_that_becomes_a_credit_note_is_worth_nothing_any_more(load: Load) -> None:
    load([sale("1")])
    load([sale("1", quantity=-1)])
    assert Order.objects.get().total_minor == 0 and net_minor() == -1250
    load([sale("1")])
    assert Refund.objects.count() == 0 and net_minor() == 1250


def test_a_promotion_code_is_used_once_per_order(load: Load) -> None:
    spring = PromotionCode.objects.create(code="SPRING", percent=10, usage_limit=1)
    header = [*HEADER, "discount code"]
    rows = [[*sale("1"), "spring"], [*sale("2"), "SPRING"], [*sale("3"), "OTHERS"]]
    load(rows, header)
    load([[*sale("1", quantity=2), "spring"], *rows[1:]], header)
    spring.refresh_from_db()
    assert set(Redemption.objects.values_list("order__number", flat=True)) == {"1", "2"}
    assert spring.used == 1  # the limit holds, the sales have happened all the same
    load([sale("1")])
    assert set(Redemption.objects.values_list("order__number", flat=True)) == {"2"}
    spring.refresh_from_db()
    assert spring.used == 1  # the other use takes the place of the one that is gone


def test_a_use_that_the_file_noted_is_not_counted_again_at_the_till(load: Load, world: World) -> None:
    spring = PromotionCode.objects.create(code="SPRING", percent=10, usage_limit=1)
    header = [*HEADER, "discount code", "store"]
    load([[*sale("R-1"), "spring", "GNT"]], header)
    noted = Redemption.objects.get()
    use = TillUse("Spring", "a-key-of-its-own", world.ghent, "R-1")
    assert redeem_code(use, actor=world.counter).pk == noted.pk
    spring.refresh_from_db()
    assert (Redemption.objects.count(), spring.used) == (1, 1)
    with pytest.raises(Refusal):  # another receipt is another use, and there is none left
        redeem_code(TillUse("Spring", "another-key", world.ghent, "R-2"), actor=world.counter)


def test_a_use_follows_its_order_to_another_customer_and_store(load: Load, world: World) -> None:
    PromotionCode.objects.create(code="SPRING", percent=10)
    header = [*HEADER, "discount code", "store"]

    def told(number: str, customer: str, store: str) -> list[object]:
        row = sale(number)
        row[HEADER.index("customer id")] = customer
        return [*row, "spring", store]

    load([told("1", "C-1", "GNT"), told("2", "C-1", "GNT")], header)
    # One of them was noted at the counter, not by the file.
    Redemption.objects.filter(order__number="2").update(request_key="from-the-till")
    load([told("1", "C-2", "BRU"), told("2", "C-2", "BRU")], header)
    for use in Redemption.objects.select_related("order"):
        assert use.order and use.customer_id == use.order.customer_id
        assert use.store_id == world.brussels.pk
    assert Redemption.objects.count() == 2
