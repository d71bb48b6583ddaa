"""How the unsaved post of a composer would look on each of its channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etalage.catalogue.queries import ProductCard, product_cards
from etalage.kit.text import LANGUAGES
from etalage.publishing import links, renditions
from etalage.publishing.forms.composer import ComposerForm
from etalage.publishing.models import Post


def previews(form: ComposerForm) -> list[renditions.Preview]:
    """One preview per chosen channel. Nothing is saved."""
    form.is_valid()
    post, pictures = _unsaved(form), form.pictures_to_show()
    return [
        renditions.preview(
            post, row.channel, row.language, row.custom_text, text=_known(form.words), pictures=pictures
        )
        for row in form.chosen_channels
    ]


def _known(words: Mapping[str, str]) -> dict[str, str]:
    return {code: text for code, text in words.items() if code in LANGUAGES}


def _unsaved(form: ComposerForm) -> Post:
    """A post that stands for what the form says; its target is named, so that nothing has to be looked up."""
    facts = getattr(form, "cleaned_data", {})
    target = str(form["target"].value() or "").strip()
    return Post(
        no_picture_reason=str(form["no_picture_reason"].value() or ""),
        expires_at=facts.get("expires_at") if form.is_bound else form.initial.get("expires_at"),
        target=target or automatic_target(product_cards(form.product_ids)),
    )


def automatic_target(products: Sequence[ProductCard]) -> str:
    """Where the link leads when nobody says so."""
    return links.product_target(products[0].product.slug) if len(products) == 1 else links.SHOP
