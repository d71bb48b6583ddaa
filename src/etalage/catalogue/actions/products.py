"""Products as a whole: made by hand, changed, taken out of the shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.models import Member
from etalage.catalogue.models import Product, ProductStatus, Variant
from etalage.catalogue.slugs import free_slugs
from etalage.catalogue.words import words_of
from etalage.imports.turns import take_turn
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.money import Money
from etalage.kit.text import TranslatedText, slugify_any


@dataclass(frozen=True)
class ProductTexts:
    """What people write about a product."""

    title: Mapping[str, str]
    description: Mapping[str, str]
    vendor: str = ""
    category: str = ""
    tags: Sequence[str] = ()


@transaction.atomic
def create_product(
    actor: Member, texts: ProductTexts, *, sku: str, price: Money, barcode: str = "", draft: bool = False
) -> Product:
    """Make a product with one article. Raises Refusal when the article number is taken."""
    take_turn("catalogue")
    refuse_taken(sku)
    if Product.objects.filter(handle=sku).exists():
        raise number_taken(sku)
    product = Product(handle=sku, status=ProductStatus.DRAFT if draft else ProductStatus.ACTIVE)
    _set_texts(product, texts)
    wish = slugify_any(str(product.title)) or slugify_any(sku)
    [product.slug] = free_slugs([wish])
    product.save(force_insert=True)
    variant = Variant(
        product=product, sku=sku, barcode=barcode, price_minor=price.minor, currency=price.currency
    )
    variant.save(force_insert=True)
    refresh_words(product)
    audit.record(actor, "product.created", product)
    return product


@transaction.atomic
def edit_product(actor: Member, product_id: UUID, texts: ProductTexts) -> Product:
    """Change what is written about a product; its public address stays."""
    product = locked(product_id)
    _set_texts(product, texts)
    product.updated_at = clock.now()
    product.save(update_fields=["title", "description", "vendor", "category", "tags", "updated_at"])
    refresh_words(product)
    audit.record(actor, "product.changed", product)
    return product


@transaction.atomic
def set_status(actor: Member, product_id: UUID, status: ProductStatus) -> Product:
    """Put a product on sale, back to draft, or out of the shop for good; what was sold of it stays."""
    product = locked(product_id)
    if product.status != status:
        product.status, product.updated_at = status, clock.now()
        product.save(update_fields=["status", "updated_at"])
        audit.record(actor, "product.status_changed", product, status=status)
    return product


def locked(product_id: UUID) -> Product:
    """The product, locked until the transaction ends. Raises Refusal when there is none."""
    product = Product.objects.select_for_update().filter(pk=product_id).first()
    if product is None:
        raise Refusal(_("This product is no longer in the catalogue."), code="product_gone", status=404)
    return product


def refresh_words(product: Product) -> None:
    """Write the words by which the product is found anew, after one of them changed."""
    words = words_of(product, Variant.objects.filter(product=product))
    Product.objects.filter(pk=product.pk).update(search_text=words)


def refuse_taken(sku: str, but: UUID | None = None) -> None:
    """Raise Refusal when another article has this number."""
    others = Variant.objects.filter(sku=sku)
    if (others.exclude(pk=but) if but else others).exists():
        raise number_taken(sku)


def number_taken(sku: str) -> Refusal:
    """The refusal for an article number that is used already."""
    message = _("The article number %(sku)s is used already. Choose another one.")
    return Refusal(message, code="sku_taken", status=409, sku=sku)


def _set_texts(product: Product, texts: ProductTexts) -> None:
    product.title, product.description = TranslatedText(texts.title), TranslatedText(texts.description)
    product.vendor, product.category = texts.vendor.strip(), texts.category.strip()
    product.tags = [*dict.fromkeys(tag.strip() for tag in texts.tags if tag.strip())]
