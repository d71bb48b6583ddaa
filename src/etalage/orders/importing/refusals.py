"""Why a row of orders is refused; each says what to do."""

from __future__ import annotations

from etalage.kit.errors import Refusal, gettext_noop

SENTENCES = {
    "number_missing": gettext_noop("The row has no order number."),
    "number_too_long": gettext_noop("The order number is longer than 80 characters."),
    "too_many_cells": gettext_noop(
        "The row has more cells than the header. A separator in a text may lack its quotation marks."
    ),
    "date_invalid": gettext_noop("“%(text)s” is not a date of a sale. Write it as 2026-11-21 18:30."),
    "amount_invalid": gettext_noop("“%(text)s” is not an amount. Write it as 1234.56."),
    "amount_missing": gettext_noop("The row has neither a price nor a total."),
    "quantity_invalid": gettext_noop("“%(text)s” is not a quantity. Write a number such as 2 or -1."),
    "currency_unknown": gettext_noop("“%(text)s” is not a currency. Use three letters such as EUR."),
    "store_unknown": gettext_noop(
        "There is no store called “%(text)s”. Add it under Settings, Stores, with this code, and import the file again."
    ),
    "contradiction": gettext_noop(
        "The rows of order %(number)s say different things in the column “%(column)s”. If the till uses its numbers"
        " again, import each part under a source of its own."
    ),
    "days_apart": gettext_noop(
        "The rows of order %(number)s are of different days. If the till uses its numbers again, import each part"
        " under a source of its own."
    ),
    "too_many_lines": gettext_noop(
        "Order %(number)s has more than %(limit)s rows. Check which column holds the order number."
    ),
    "sibling": gettext_noop(
        "Another row of order %(number)s is refused. An order is taken whole: correct that row and import all of them."
    ),
}


class RowRefused(Refusal):
    """A row that cannot be taken; `code` is a key of `SENTENCES`."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(SENTENCES[code], code=code, status=422, **values)
