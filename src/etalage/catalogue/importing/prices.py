"""Prices as systems write them: some keep more decimals than there are coins."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from etalage.imports.reading.values import amount_reader
from etalage.kit.money import exponent


def price_reader(currency: str, decimal: str | None) -> Callable[[str], int]:
    """A function from text to minor units of `currency`, rounded half up to the smallest coin.

    `decimal` is the decimal mark of the column, None when it is not known: then only what can be read in one way is
    taken. The function raises ValueError for what is no amount.
    """
    read = amount_reader(currency, decimal)
    mark = re.escape(decimal) if decimal else "[.,]"
    # "0.315" is one amount in any language; "4.125" only where the mark is known.
    finer = re.compile(rf"({r'[0-9]{1,12}' if decimal else '0'}){mark}([0-9]{{3,20}})")
    step = Decimal(1).scaleb(-exponent(currency))

    def read_price(text: str) -> int:
        found = finer.fullmatch(text)
        if not found:
            return read(text)
        exact = Decimal(f"{found[1]}.{found[2]}").quantize(step, ROUND_HALF_UP)
        return int(exact.scaleb(exponent(currency)))

    return read_price
