"""Reads about products: lists, one product, and small cards for other rooms. Each has a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum

from etalage.accounts.models import Store
from etalage.accounts.queries import open_stores
from etalage.catalogue.models import Product, ProductPicture, ProductStatus, Stock, Variant, WantedPicture
from etalage.catalogue.search import fold
from etalage.kit.money import Money
from etalage.kit.text import LANGUAGES

PAGE = 40
MOST_WORDS = 6
LOW_STOCK = 3


@dataclass(frozen=True)
class ProductCard:
    """A product in a list. `varies`: its articles differ in price, and `price` is the lowest. `left`: pieces that can
    still be promised in all open stores.
    """

    product: Product
    picture: ProductPicture | None
    price: Money | None
    varies: bool
    left: int
    articles: int

    @property
    def stock_state(self) -> str:
        """`out`, `low` or `in`."""
        return "out" if self.left == 0 else "low" if self.left <= LOW_STOCK else "in"


@dataclass(frozen=True)
class Article:
    """A variant with its stock in each store, in the order of the page's stores."""

    variant: Variant
    shelves: list[tuple[Store, Stock | None]]

    @property
    def compare_at(self) -> Money | None:
        """The price before, where there is a reduction."""
        before = self.variant.compare_at_minor
        return None if before is None else Money(before, self.variant.currency)


@dataclass(frozen=True)
class LanguageText:
    """What is written about a product in one language."""

    code: str
    title: str
    description: str


@dataclass(frozen=True)
class ProductDetail:
    """All that the page of a product shows."""

    product: Product
    pictures: list[ProductPicture]
    wanted: list[WantedPicture]
    articles: list[Article]
    stores: list[Store]

    @property
    def texts(self) -> list[LanguageText]:
        """The languages that have a title or a description."""
        title, description = self.product.title, self.product.description
        return [
            LanguageText(code, title.get(code, ""), description.get(code, ""))
            for code in LANGUAGES
            if code in title or code in description
        ]

    @property
    def untitled(self) -> list[str]:
        """The languages that have no title."""
        return [code for code in LANGUAGES if code not in self.product.title]


def product_list(
    search: str = "",
    category: str = "",
    status: str = "",
    after: UUID | None = None,
    size: int = PAGE,
) -> tuple[list[ProductCard], UUID | None]:
    """A page of products, the newest first, and the id to go on after (None at the end).

    `search` finds products that hold every one of its words. Without a status archived products are left out.
    """
    found = _matching(search)
    found = found.filter(status=status) if status else found.exclude(status=ProductStatus.ARCHIVED)
    if category:
        found = found.filter(category=category)
    if after:
        found = found.filter(pk__lt=after)
    ids = list(found.order_by("-id").values_list("pk", flat=True)[: size + 1])
    return product_cards(ids[:size]), ids[size - 1] if len(ids) > size else None


def search_products(text: str, limit: int = 20) -> list[ProductCard]:
    """Products for sale that hold every word of `text`, the newest first; for pickers."""
    found = _matching(text).filter(status=ProductStatus.ACTIVE).order_by("-id")
    return product_cards(list(found.values_list("pk", flat=True)[:limit]))


def product_cards(ids: Sequence[UUID]) -> list[ProductCard]:
    """Cards in the order of `ids`; one that is gone is left out."""
    rows = Product.objects.filter(pk__in=ids).prefetch_related(_sold(), "pictures")
    products = {product.pk: product for product in rows}
    left = _left(ids)
    return [_card(products[key], left.get(key, 0)) for key in ids if key in products]


def product_detail(product_id: UUID) -> ProductDetail:
    """One product with everything. Raises Product.DoesNotExist."""
    product = Product.objects.get(pk=product_id)
    variants = list(product.variants.all())
    stores = list(open_stores())
    shelves = {(s.variant_id, s.store_id): s for s in Stock.objects.filter(variant__in=variants)}
    return ProductDetail(
        product,
        list(product.pictures.all()),
        list(product.wanted_pictures.all()),
        [Article(v, [(store, shelves.get((v.pk, store.pk))) for store in stores]) for v in variants],
        stores,
    )


def variant_by_id(variant_id: UUID) -> Variant:
    """One article with its product. Raises Variant.DoesNotExist."""
    return Variant.objects.select_related("product").get(pk=variant_id)


def categories(size: int = 200) -> list[str]:
    """The categories in use, by name."""
    named = Product.objects.exclude(category="").order_by("category").values_list("category", flat=True)
    return list(named.distinct()[:size])


def status_counts() -> dict[str, int]:
    """How many products stand in each status."""
    return dict(Product.objects.values_list("status").annotate(number=Count("pk")).order_by())


def stock_by_store(product_ids: Collection[UUID]) -> dict[tuple[UUID, UUID], int]:
    """Pieces that can still be promised, by product and store, of articles that are sold."""
    sums = (
        _shelves(product_ids)
        .values_list("variant__product_id", "store_id")
        .annotate(left=Sum(F("on_hand") - F("reserved")))
    )
    return {(product, store): left for product, store, left in sums.order_by()}


def _matching(search: str) -> QuerySet[Product]:
    """Products that hold every word, as it is written or without its accents."""
    found = Product.objects.all()
    for word in search.split()[:MOST_WORDS]:
        found = found.filter(Q(search_text__contains=word.casefold()) | Q(search_text__contains=fold(word)))
    return found


def _sold() -> Prefetch[str]:
    return Prefetch("variants", Variant.objects.filter(retired_at=None).order_by("position", "id"))


def _shelves(product_ids: Iterable[UUID]) -> QuerySet[Stock]:
    return Stock.objects.filter(
        variant__product__in=product_ids,
        variant__retired_at=None,
        store__closed_at=None,
        on_hand__gt=F("reserved"),
    )


def _left(product_ids: Iterable[UUID]) -> dict[UUID, int]:
    sums = _shelves(product_ids).values_list("variant__product_id")
    return dict(sums.annotate(left=Sum(F("on_hand") - F("reserved"))).order_by())


def _card(product: Product, left: int) -> ProductCard:
    variants = list(product.variants.all())
    cheapest = min(variants, key=lambda variant: variant.price_minor, default=None)
    varies = len({variant.price_minor for variant in variants}) > 1
    picture = next(iter(product.pictures.all()), None)
    return ProductCard(product, picture, cheapest.price if cheapest else None, varies, left, len(variants))


def picture_by_id(picture_id: UUID) -> ProductPicture:
    """One picture with its product. Raises ProductPicture.DoesNotExist."""
    return ProductPicture.objects.select_related("product").get(pk=picture_id)
