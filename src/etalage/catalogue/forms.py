"""Forms of the catalogue."""

from __future__ import annotations

import re
from typing import TypeAlias
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from etalage.catalogue.actions.products import ProductTexts
from etalage.catalogue.actions.stock import GONE, MOST_PIECES, UNREADABLE, Count, ShelfKey, StockMoved
from etalage.catalogue.models import Product, Variant
from etalage.catalogue.queries import Article
from etalage.kit.errors import Refusal
from etalage.kit.forms import MoneyField, PicturesField, PicturesInput, TranslatedTextField
from etalage.kit.money import Money

Shown: TypeAlias = dict[str, int | None]
"""What a page said, by the name of its field; None where it said nothing."""
_COUNTED = "stock_"
_SHOWN = re.compile(rf"({_COUNTED}[0-9a-f]{{32}}_[0-9a-f]{{32}})=([0-9]{{0,10}})")


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
    """Pieces on the shelf: one field per article and store, named by both, and what the page showed in them.

    The page may be old when it comes back. Only a number that differs from the one shown was typed by somebody; and
    a place in a table says nothing once an article was retired or a store opened.
    """

    # All of them in one field: a field beside each would halve how many articles fit in one form.
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, articles: list[Article], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._keys: dict[str, ShelfKey] = {}
        self._now: Shown = {}
        for article in articles:
            for store, shelf in article.shelves:
                name = f"{_COUNTED}{article.variant.pk.hex}_{store.pk.hex}"
                self._keys[name] = (article.variant.pk, store.pk)
                self._now[name] = shelf.on_hand if shelf else None
                aloud = f"{article.variant.option_text or article.variant.sku}, {store.name}"
                self.fields[name] = forms.IntegerField(
                    label=store.name,
                    min_value=0,
                    max_value=MOST_PIECES,
                    required=False,
                    initial=self._now[name],
                    error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), UNREADABLE),
                    widget=forms.NumberInput(attrs={"inputmode": "numeric", "aria-label": aloud}),
                )
        self.fields["shown"].initial = _written(self._now)

    def clean(self) -> None:
        """Refuse a page of which it is not known what it showed, and counts for what is gone from it."""
        shown = _read(self.cleaned_data.pop("shown", ""))
        typed = {name: str(self.data[name]).strip() for name in self.data if name.startswith(_COUNTED)}
        if shown is None or typed.keys() - shown.keys():
            raise forms.ValidationError(
                _(
                    "Nothing was saved: what this page had shown did not come back with it. Write your counts again."
                )
            )
        self.cleaned_data["shown"] = shown
        gone = typed.keys() - self._keys.keys()
        if any(typed[name] not in ("", _text(shown[name])) for name in gone):
            raise forms.ValidationError(GONE)

    def counts(self) -> dict[ShelfKey, Count]:
        """What was counted where it differs from what the page showed; call it on a valid form."""
        shown: Shown = self.cleaned_data["shown"]
        return {
            key: Count(shown[name], number)
            for name, key in self._keys.items()
            if (number := self.cleaned_data.get(name)) is not None and number != shown[name]
        }

    def refuse(self, refusal: Refusal) -> None:
        """Tell why nothing was written, and mark the shelves that moved: with what they hold now."""
        self.add_error(None, refusal.message)
        if not isinstance(refusal, StockMoved):
            return
        for name, key in self._keys.items():
            if key in refusal.now:
                # Whoever saves once more has seen this number: then their count stands.
                self.cleaned_data["shown"][name] = refusal.now[key]
                said = _("Changed to %(number)s meanwhile. Check this one.")
                self.add_error(name, said % {"number": refusal.now[key] or 0})

    def show_again(self) -> None:
        """Keep what was typed, beside what was shown with it; everywhere else show what stands there now.

        The old number must not stay where nobody typed: beside today's it would look like a count.
        """
        shown: Shown = self.cleaned_data.get("shown", {})
        again = dict(self._now)
        data = {name: str(self.data.get(name, "")).strip() for name in again}
        for name, now in self._now.items():
            if name in shown and data[name] != _text(shown[name]):
                again[name] = shown[name]
            else:
                data[name] = _text(now)
        self.data = {**data, "shown": _written(again)}

    def rows(self) -> list[list[forms.BoundField]]:
        """The fields as a table: a row per article, a column per store."""
        rows: dict[UUID, list[forms.BoundField]] = {}
        for name, (variant, _store) in self._keys.items():
            rows.setdefault(variant, []).append(self[name])
        return list(rows.values())


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _written(shown: Shown) -> str:
    return " ".join(f"{name}={_text(number)}" for name, number in shown.items())


def _read(text: str) -> Shown | None:
    """What `_written` wrote; None for anything else."""
    parts = text.split()
    found = [part for part in map(_SHOWN.fullmatch, parts) if part]
    shown = {part[1]: int(part[2]) if part[2] else None for part in found}
    return shown if parts and len(shown) == len(parts) else None
