"""Files of products, and what the catalogue holds after they were read."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from PIL import Image

from etalage.catalogue.models import Product, ProductPicture, Stock, Variant, WantedPicture
from etalage.imports.actions import import_file
from etalage.imports.models import ImportRun
from etalage.kit.text import TranslatedText
from tests.conftest import World

ReadIn = Callable[..., ImportRun]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, settings: Any) -> None:
    """Each test keeps its files to itself."""
    settings.DATA = tmp_path / "data"
    settings.MEDIA_ROOT = tmp_path / "data" / "media"
    settings.DATA.mkdir()
    translation.activate("en")  # a page that an earlier test opened leaves its language behind


@pytest.fixture
def read_in(world: World, tmp_path: Path) -> ReadIn:
    """Import a text as a file of products."""

    def read_in(text: str | bytes, columns: dict[str, str] | None = None, **options: str) -> ImportRun:
        path = tmp_path / "products.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_file(world.owner, "products", path, columns=columns or {}, options=options)

    return read_in


def catalogue() -> dict[str, Any]:
    """All that a file can change, without ids and times."""
    return {
        "products": {
            p.handle: (
                p.slug, dict(p.title), dict(p.description), p.vendor, p.category, p.tags, p.status, p.search_text,
            )
            for p in Product.objects.all()
        },
        "variants": {
            v.sku: (
                v.product.handle, v.barcode, v.options, v.price_minor, v.compare_at_minor, v.currency, v.position,
                v.retired_at is None,
            )
            for v in Variant.objects.select_related("product")
        },
        "stock": {(s.variant.sku, s.store.code): (s.on_hand, s.reserved) for s in Stock.objects.all()},
        "wanted": sorted((w.product.handle, w.source, w.position, dict(w.alt)) for w in WantedPicture.objects.all()),
    }  # fmt: skip


def counts(run: ImportRun) -> dict[str, int]:
    """What became of a file; nothing that is zero."""
    names = ("created", "updated", "unchanged", "refused")
    return {name: number for name in names if (number := getattr(run, name))}


def codes(run: ImportRun) -> dict[str, int]:
    """How many rows were refused, by reason."""
    return {code: number for code, number, *_example in run.reasons}


def make_product(
    handle: str = "cup", title: str = "Cup", skus: tuple[str, ...] = ("CUP",), **fields: Any
) -> Product:
    """A product with one article per number, at 12.50 each."""
    product = Product.objects.create(
        handle=handle, slug=handle, title=TranslatedText(title), search_text=title.casefold(), **fields
    )
    for place, sku in enumerate(skus):
        Variant.objects.create(product=product, sku=sku, price_minor=1250, currency="EUR", position=place)
    return product


def picture_bytes(colour: str = "navy", size: tuple[int, int] = (640, 480), kind: str = "PNG") -> bytes:
    """A small real picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def make_picture(product: Product, source: str = "") -> ProductPicture:
    """A row of a picture, without its file."""
    return ProductPicture.objects.create(
        product=product, file="products/x.webp", width=4, height=3, source=source
    )
