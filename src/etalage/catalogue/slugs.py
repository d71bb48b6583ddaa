"""Names of products in public addresses: readable, unique, and never changed once given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from etalage.catalogue.models import Product

LONGEST = 150


def free_slugs(wishes: Sequence[str]) -> list[str]:
    """A slug for each wish that no product has: the wish itself, or with the next number behind it.

    Earlier wishes come first. The caller holds the catalogue's turn.
    """
    bases = [wish[:LONGEST].strip("-") or "product" for wish in wishes]
    taken = set(Product.objects.filter(slug__in=set(bases)).values_list("slug", flat=True))
    looked_up: set[str] = set()
    given = []
    for base in bases:
        if base in taken and base not in looked_up:
            looked_up.add(base)
            taken.update(_numbered(base))
        slug = base if base not in taken else next(s for n in count(2) if (s := f"{base}-{n}") not in taken)
        taken.add(slug)
        given.append(slug)
    return given


def _numbered(base: str) -> Iterable[str]:
    return Product.objects.filter(slug__startswith=f"{base}-").values_list("slug", flat=True)
