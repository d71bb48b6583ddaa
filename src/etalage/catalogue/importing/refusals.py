"""Why a row of a product file is not taken; each says what to do."""

from __future__ import annotations

from etalage.kit.errors import Refusal, gettext_noop

SENTENCES = {
    "no_reference": gettext_noop("The row has no article number. Fill it in."),
    "too_long": gettext_noop("“%(column)s” may have at most %(limit)s characters. Shorten it."),
    "shifted": gettext_noop(
        "The row has more cells than the header. Look for a missing quotation mark or an extra separator."
    ),
    "title_missing": gettext_noop("This product is new and has no title. Fill it in."),
    "price_missing": gettext_noop("This article is new and has no price. Fill it in."),
    "price_unreadable": gettext_noop(
        "“%(text)s” is not a price in %(currency)s. Write it as 12.50 or 12,50."
    ),
    "price_negative": gettext_noop("A price cannot be less than zero: “%(text)s”."),
    "stock_unreadable": gettext_noop("“%(text)s” is not a number of pieces. Write a whole number."),
    "store_unknown": gettext_noop(
        "There is no open store called “%(text)s”. Add it in the settings or correct the name."
    ),
    "status_unknown": gettext_noop(
        "“%(text)s” does not say whether it is for sale. Write active, draft or archived."
    ),
    "sku_elsewhere": gettext_noop(
        "The article number %(sku)s belongs to another product already: %(product)s."
    ),
    "article_unknown": gettext_noop(
        "No article has the number %(sku)s. Import it with its title and price first."
    ),
}


class RowRefused(Refusal):
    """One row that is not taken; `code` is a key of `SENTENCES`."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(SENTENCES[code], code=code, status=422, **values)
