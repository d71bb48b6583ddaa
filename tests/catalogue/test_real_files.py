"""Real catalogues come in whole: their totals equal a sum made without any of our code."""

from __future__ import annotations

import csv
import gzip
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from etalage.catalogue.models import Product, Stock, Variant, WantedPicture
from etalage.imports.actions import import_file
from tests.catalogue.conftest import counts
from tests.conftest import World

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "commerce"
SHOPIFY = ("apparel", "home-and-garden", "jewelery")
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real files are not here")


def test_the_catalogue_of_a_gift_wholesaler(world: World) -> None:
    path = FOLDER / "uci_catalogue_derived.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pence = sum(int(Decimal(row["price_gbp"]).quantize(Decimal("0.01"), ROUND_HALF_UP) * 100) for row in rows)
    assert counts(import_file(world.owner, "products", path)) == {"created": len(rows)}
    whole = Variant.objects.aggregate(pence=Sum("price_minor"), number=Count("pk"))
    assert whole == {"pence": pence, "number": len({row["stock_code"] for row in rows})}
    assert set(Variant.objects.values_list("currency", flat=True)) == {"GBP"}
    titles = {handle: str(title) for handle, title in Product.objects.values_list("handle", "title")}
    assert titles == {row["stock_code"]: row["title"].strip() for row in rows}
    assert counts(import_file(world.owner, "products", path)) == {"unchanged": len(rows)}


@pytest.mark.parametrize("name", SHOPIFY)
def test_a_shopify_export(world: World, name: str) -> None:
    path = FOLDER / f"shopify_products_{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    articles = [row for row in rows if row["Variant Price"]]
    options = {"store": "GNT", "currency": "USD"}
    run = import_file(world.owner, "products", path, options=options)
    assert counts(run) == {"created": len({row["Handle"] for row in rows})}
    whole = Variant.objects.aggregate(
        cents=Sum("price_minor"), before=Sum("compare_at_minor"), number=Count("pk")
    )
    assert whole == {
        "cents": sum(int(Decimal(row["Variant Price"]) * 100) for row in articles),
        "before": sum(int(Decimal(row["Variant Compare At Price"] or 0) * 100) for row in articles) or None,
        "number": len(articles),
    }
    pieces = sum(max(0, int(row["Variant Inventory Qty"])) for row in articles)
    assert Stock.objects.aggregate(pieces=Sum("on_hand"))["pieces"] == pieces
    pictures = {(row["Handle"], row["Image Src"]) for row in rows if row["Image Src"]}
    assert set(WantedPicture.objects.values_list("product__handle", "source")) == pictures
    assert counts(import_file(world.owner, "products", path, options=options)) == {"unchanged": run.created}


def test_reviews_are_not_taken_for_products(world: World) -> None:
    run = import_file(world.owner, "products", FOLDER / "womens_clothing_reviews.csv.gz")
    assert (run.state, run.reason) == ("failed", "file_columns_missing")
    assert "product_id" in run.explanation
    assert Product.objects.count() == 0
