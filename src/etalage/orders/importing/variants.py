"""Which variant of the catalogue an article number of a file means."""

from __future__ import annotations

from etalage.catalogue.models import Variant

_AT_A_TIME = 500
_MOST_REMEMBERED = 100_000


class Variants:
    """Ids (hex) by article number, else by a barcode that only one variant has; remembers what it looked up."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {"": None}

    def of(self, wanted: set[str]) -> dict[str, str | None]:
        """A mapping that has every one of these numbers; None for an article that is not in the catalogue."""
        if len(self._known) + len(wanted) > _MOST_REMEMBERED:
            self._known = {"": None}
        news = sorted(wanted - self._known.keys())
        for start in range(0, len(news), _AT_A_TIME):
            self._look_up(news[start : start + _AT_A_TIME])
        return self._known

    def _look_up(self, numbers: list[str]) -> None:
        found: dict[str, str] = {
            sku: variant_id.hex
            for sku, variant_id in Variant.objects.filter(sku__in=numbers).values_list("sku", "pk")
        }
        by_barcode: dict[str, list[str]] = {}
        others = [number for number in numbers if number not in found]
        for barcode, variant_id in Variant.objects.filter(barcode__in=others).values_list("barcode", "pk"):
            by_barcode.setdefault(barcode, []).append(variant_id.hex)
        found |= {barcode: ids[0] for barcode, ids in by_barcode.items() if len(ids) == 1}
        self._known |= {number: found.get(number) for number in numbers}
