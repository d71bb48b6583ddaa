"""Articles: the sizes and colours of a product, their numbers and prices."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.models import Member
from etalage.catalogue.actions.products import locked, refresh_words, refuse_taken
from etalage.catalogue.models import Variant
from etalage.imports.turns import take_turn
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.money import Money


@transaction.atomic
def add_variant(
    actor: Member, product_id: UUID, *, sku: str, price: Money, option: str = "", barcode: str = ""
) -> Variant:
    """Add an article to a product; `option` says what makes it different, such as “M / Blue”.

    Raises Refusal when the number is taken.
    """
    take_turn("catalogue")
    product = locked(product_id)
    refuse_taken(sku)
    last = product.variants.aggregate(last=Max("position"))["last"]
    variant = Variant(
        product=product,
        sku=sku,
        barcode=barcode,
        options=_options(option),
        price_minor=price.minor,
        currency=price.currency,
        position=0 if last is None else last + 1,
    )
    variant.save(force_insert=True)
    refresh_words(product)
    audit.record(actor, "product.article_added", product, sku=sku)
    return variant


@transaction.atomic
def edit_variant(
    actor: Member, variant_id: UUID, *, price: Money, compare_at: Money | None = None, barcode: str = ""
) -> Variant:
    """Change prices and barcode. Raises Refusal when the price before is not higher than the price."""
    variant = _locked(variant_id)
    if compare_at is not None and compare_at <= price:
        raise Refusal(
            _("The price before must be higher than the price. Leave it empty without a reduction."),
            code="compare_at_too_low",
            status=422,
        )
    variant.price_minor, variant.currency = price.minor, price.currency
    variant.compare_at_minor = None if compare_at is None else compare_at.minor
    variant.barcode = barcode
    variant.save(update_fields=["price_minor", "currency", "compare_at_minor", "barcode"])
    product = variant.product
    refresh_words(product)
    audit.record(actor, "product.article_changed", product, sku=variant.sku)
    return variant


@transaction.atomic
def retire_variant(actor: Member, variant_id: UUID, *, retired: bool = True) -> Variant:
    """Stop selling an article, or sell it again; reservations of it stay."""
    variant = _locked(variant_id)
    variant.retired_at = clock.now() if retired else None
    variant.save(update_fields=["retired_at"])
    action = "product.article_retired" if retired else "product.article_back"
    audit.record(actor, action, variant.product, sku=variant.sku)
    return variant


def _locked(variant_id: UUID) -> Variant:
    found = Variant.objects.select_for_update(of=("self",)).select_related("product")
    variant = found.filter(pk=variant_id).first()
    if variant is None:
        raise Refusal(_("This article is no longer in the catalogue."), code="article_gone", status=404)
    return variant


def _options(text: str) -> dict[str, str]:
    parts = [part.strip() for part in text.split("/")]
    return {str(place): part for place, part in enumerate((p for p in parts if p), start=1)}
