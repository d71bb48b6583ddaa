"""Forms of the catalogue."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from etalage.catalogue.actions.products import ProductTexts
from etalage.catalogue.actions.stock import MOST_PIECES
from etalage.catalogue.models import Product, Variant
from etalage.catalogue.queries import Article
from etalage.kit.forms import MoneyField, PicturesField, PicturesInput, TranslatedTextField
from etalage.kit.money import Money


class TextsForm(forms.Form):
    """What is written about a product."""

    title = TranslatedTextField(label=_("Title"), max_length=300)
    description = TranslatedTextField(
        label=_("Description"), textarea=True, required=False, max_length=10_000
    )
    vendor = forms.CharField(label=_("Brand"), max_length=120, required=False)
    category = forms.CharField(label=_("Category"), max_length=160, required=False)
    tags = forms.CharField(
        label=_("Tags"), max_length=500, required=False, help_text=_("Words between commas.")
    )

    @staticmethod
    def initial_for(product: Product) -> dict[str, object]:
        """The form's values for a product."""
        return {
            "title": product.title,
            "description": product.description,
            "vendor": product.vendor,
            "category": product.category,
            "tags": ", ".join(str(tag) for tag in product.tags),
        }

    def texts(self) -> ProductTexts:
        """What was entered; call it on a valid form."""
        data = self.cleaned_data
        return ProductTexts(
            data["title"], data["description"], data["vendor"], data["category"], data["tags"].split(",")
        )


class PricesForm(forms.Form):
    """Prices and barcode of an article."""

    price = MoneyField(label=_("Price"), at_least=0)
    compare_at = MoneyField(
        label=_("Price before"), at_least=0, required=False, help_text=_("Shown crossed out, as a reduction.")
    )
    barcode = forms.CharField(label=_("Barcode"), max_length=40, required=False)

    def __init__(self, *args: object, currency: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("price", "compare_at"):
            if name in self.fields:
                self.fields[name].currency = currency  # type: ignore[attr-defined]

    @staticmethod
    def initial_for(variant: Variant) -> dict[str, object]:
        """The form's values for an article."""
        before = variant.compare_at_minor
        return {
            "price": variant.price,
            "compare_at": None if before is None else Money(before, variant.currency),
            "barcode": variant.barcode,
        }


class ArticleForm(PricesForm):
    """A new article of a product."""

    sku = forms.CharField(label=_("Article number"), max_length=80)
    option = forms.CharField(
        label=_("What makes it different"), max_length=200, required=False, help_text=_("Such as M / Blue.")
    )
    compare_at = None  # type: ignore[assignment]
    field_order = ("sku", "option", "price", "barcode")


class NewProductForm(TextsForm):
    """A new product with its first article."""

    sku = forms.CharField(
        label=_("Article number"), max_length=80, help_text=_("What the till calls it; it cannot be changed.")
    )
    price = MoneyField(label=_("Price"), at_least=0)
    barcode = forms.CharField(label=_("Barcode"), max_length=40, required=False)
    draft = forms.BooleanField(label=_("Not yet for sale"), required=False)

    field_order = ("title", "sku", "price", "barcode", "category", "vendor", "tags", "description", "draft")

    def __init__(self, *args: object, currency: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["price"].currency = currency  # type: ignore[attr-defined]


class PicturesForm(forms.Form):
    """New pictures with the words for those who cannot see them."""

    pictures = PicturesField(
        label=_("Pictures"),
        widget=PicturesInput(attrs={"data-preview": "#chosen-pictures"}),
        help_text=_("JPEG, PNG, WebP or AVIF, at most 25 MB each."),
    )
    alt = TranslatedTextField(
        label=_("What is to be seen"),
        required=False,
        max_length=1500,
        help_text=_("Read aloud to people who do not see the picture."),
    )


class AltForm(forms.Form):
    """The words for a picture."""

    alt = TranslatedTextField(label=_("What is to be seen"), required=False, max_length=1500)


class StockForm(forms.Form):
    """Pieces on the shelf: one field per article and store."""

    def __init__(self, *args: object, articles: list[Article], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._keys: dict[str, tuple[UUID, UUID]] = {}
        for row, article in enumerate(articles):
            for column, (store, shelf) in enumerate(article.shelves):
                name = f"stock_{row}_{column}"
                self._keys[name] = (article.variant.pk, store.pk)
                label = f"{article.variant.option_text or article.variant.sku}, {store.name}"
                self.fields[name] = forms.IntegerField(
                    label=label,
                    min_value=0,
                    max_value=MOST_PIECES,
                    required=False,
                    initial=shelf.on_hand if shelf else None,
                    widget=forms.NumberInput(attrs={"inputmode": "numeric", "aria-label": label}),
                )

    def pieces(self) -> dict[tuple[UUID, UUID], int]:
        """The counts that were entered, by article and store."""
        return {
            key: number
            for name, key in self._keys.items()
            if (number := self.cleaned_data.get(name)) is not None
        }

    def rows(self) -> list[list[forms.BoundField]]:
        """The fields as a table: a row per article, a column per store."""
        rows: dict[UUID, list[forms.BoundField]] = {}
        for name, (variant, _store) in self._keys.items():
            rows.setdefault(variant, []).append(self[name])
        return list(rows.values())
