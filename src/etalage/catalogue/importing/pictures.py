"""Pictures that a file names by their addresses: noted with the product, fetched later by jobs."""

from __future__ import annotations

from etalage.catalogue.importing.groups import ProductGroup
from etalage.catalogue.importing.shelf import Shelf
from etalage.catalogue.models import Product, ProductPicture, WantedPicture
from etalage.kit.text import TranslatedText

LONGEST_ALT = 1500


def merge_pictures(
    product: Product, group: ProductGroup, shelf: Shelf, language: str, *, first_time: bool
) -> bool:
    """Note the pictures of a group; True when something differed. The first group sets the order."""
    there = {row.source: row for row in shelf.sourced(product.pk)}
    changed = False
    last = max((row.position for row in there.values()), default=-1)
    for place, (source, words) in enumerate(group.images().items()):
        row = there.get(source)
        alt = TranslatedText({language: words[:LONGEST_ALT]})
        if row is None:
            last = place if first_time else last + 1
            _want(product, source, alt, last, shelf)
            changed = True
            continue
        position = place if first_time else row.position
        # Words that somebody wrote here stay when the file has none.
        wished = TranslatedText({**row.alt, **alt})
        if (row.position, row.alt) != (position, wished):
            row.position, row.alt = position, wished
            _touch(row, shelf)
            changed = True
    return changed


def _want(product: Product, source: str, alt: TranslatedText, position: int, shelf: Shelf) -> None:
    wanted = WantedPicture(product=product, source=source, alt=alt, position=min(position, 32_000))
    shelf.new_wanted[wanted.pk] = wanted
    shelf.wanted.setdefault(product.pk, []).append(wanted)


def _touch(row: ProductPicture | WantedPicture, shelf: Shelf) -> None:
    if isinstance(row, ProductPicture):
        shelf.changed_pictures[row.pk] = row
    elif row.pk not in shelf.new_wanted:
        shelf.changed_wanted[row.pk] = row
