"""What stands on the shelves: products with their variants, pictures and stock in each store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from etalage.accounts.models import Store
from etalage.catalogue.models import Product, ProductPicture, Stock, Variant
from etalage.demo.drawing import SIZE
from etalage.demo.goods import Good
from etalage.demo.past import Past
from etalage.demo.pictures import choose_goods, name_of

VENDOR = "Atelier Sirocco"
OPTION = "Size"


@dataclass(frozen=True, eq=False)
class Ware:
    """A product of the play with everything that the product keeps of it."""

    good: Good
    product: Product
    picture: ProductPicture
    variants: tuple[Variant, ...]
    charm: float  # how much people want it

    def any_variant(self, chance: Random) -> Variant:
        """The size that somebody asks for."""
        return chance.choice(self.variants)


def fill_shelves(past: Past, count: int) -> list[Ware]:
    """Invent `count` products, the newest last; nothing is written yet."""
    chance = past.chance("shelves")
    wares = []
    for number, good in enumerate(choose_goods(past.seed, count), 1):
        age = timedelta(days=(count - number) / count * 300 + 3)
        product = _product(past, good, age)
        variants = tuple(_variants(past, product, good, number, chance))
        product.search_text = _search_text(product, variants)
        picture = ProductPicture(
            id=past.id_at(product.created_at),
            product=product,
            file=name_of(good, past.seed),
            width=SIZE,
            height=SIZE,
            alt=good.alts,
        )
        wares.append(Ware(good, product, picture, variants, chance.lognormvariate(0, 0.8)))
    return wares


def _product(past: Past, good: Good, age: timedelta) -> Product:
    made = past.now - age
    return Product(
        id=past.id_at(made),
        handle=good.handle,
        slug=good.handle,
        title=good.titles,
        description=good.descriptions,
        vendor=VENDOR,
        category=good.kind.category,
        tags=[good.kind.shape, good.colour.key],
        created_at=made,
        updated_at=made,
    )


def _variants(past: Past, product: Product, good: Good, number: int, chance: Random) -> Iterable[Variant]:
    reduced = chance.random() < 0.12
    for position, size in enumerate(good.kind.sizes or ("",)):
        yield Variant(
            id=past.id_at(product.created_at),
            product=product,
            sku="-".join(part for part in (good.kind.shape[:3].upper(), f"{number:04d}", size) if part),
            barcode=f"54{10000000000 + number * 100 + position}",
            options={OPTION: size} if size else {},
            price_minor=good.price_minor,
            compare_at_minor=round(good.price_minor * 1.25 / 100) * 100 if reduced else None,
            currency="EUR",
            position=position,
        )


def _search_text(product: Product, variants: Iterable[Variant]) -> str:
    words = [*product.title.values(), product.category, product.vendor, *(one.sku for one in variants)]
    return " ".join(words).lower()


def save_shelves(past: Past, wares: list[Ware], stores: tuple[Store, ...]) -> None:
    """Write products, pictures, variants and what lies in each store in few statements."""
    chance = past.chance("stock")
    Product.objects.bulk_create(ware.product for ware in wares)
    ProductPicture.objects.bulk_create(ware.picture for ware in wares)
    variants = [variant for ware in wares for variant in ware.variants]
    Variant.objects.bulk_create(variants)
    Stock.objects.bulk_create(
        Stock(variant=variant, store=store, on_hand=_pieces(chance), counted_at=past.now)
        for variant in variants
        for store in stores
    )


def _pieces(chance: Random) -> int:
    """Some shelves are empty, most hold a handful."""
    return 0 if chance.random() < 0.12 else chance.randint(2, 18)
