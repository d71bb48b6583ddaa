"""A real shop's half year: 209,029 lines of a wholesaler in gifts, with its credit notes, gaps and oddities."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest
from django.db.models import F, Sum

from etalage.customers.models import Customer
from etalage.orders.models import Order, OrderLine, Refund, RefundLine
from tests.conftest import World
from tests.orders.importing.conftest import believe_empty, net_minor, read_file

FILE = (
    Path(__file__).resolve().parents[4]
    / "shared/data/commerce/uci_online_retail_lines_2010-12_2011-05.csv.gz"
)
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the real lines are not beside the checkout")
PENNY = Decimal("0.01")


def independent_sums() -> dict[str, Decimal]:
    """The value of each invoice, from the file alone."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            line = Decimal(row["quantity"]) * Decimal(row["unit_price_gbp"])
            sums[row["invoice_no"]] += line.quantize(PENNY, ROUND_HALF_EVEN)
    return sums


def test_every_line_of_a_real_shop_is_kept_to_the_penny_and_reading_it_again_changes_nothing(
    world: World,
) -> None:
    believe_empty()
    sums = independent_sums()
    outcome = read_file(FILE, {"currency": "GBP", "source": "uci"})

    assert not outcome.refused
    assert outcome.counts.created == len(sums) == 10_783
    assert net_minor() == int(sum(sums.values()) * 100)
    sales = dict(Order.objects.values_list("number", "total_minor"))
    notes: dict[str, int] = defaultdict(int)
    for number, amount in Refund.objects.values_list("number", "amount_minor"):
        notes[number] += amount
    assert sales.keys() | notes.keys() == sums.keys()
    assert all(
        Decimal(sales.get(number, 0) - notes.get(number, 0)) / 100 == total for number, total in sums.items()
    )
    note_lines = RefundLine.objects.values("refund__number", "position").distinct().count()
    assert OrderLine.objects.count() + note_lines == 209_029
    assert Customer.objects.count() == 2_767
    assert not Order.objects.filter(refunded_minor__gt=F("total_minor")).exists()
    linked = Refund.objects.filter(order__isnull=False).aggregate(total=Sum("amount_minor"))["total"]
    assert Order.objects.aggregate(total=Sum("refunded_minor"))["total"] == linked > 0

    again = read_file(FILE, {"currency": "GBP", "source": "uci"})
    assert (again.counts.unchanged, again.changed, again.refused) == (10_783, 0, [])
    assert net_minor() == int(sum(sums.values()) * 100)
