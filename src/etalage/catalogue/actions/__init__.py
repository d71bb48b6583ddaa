"""Every write about products that people make; files are read by `importing`."""

from etalage.catalogue.actions.pictures import (
    add_picture,
    describe_picture,
    fetch_again,
    forget_wanted,
    remove_picture,
)
from etalage.catalogue.actions.products import create_product, edit_product, set_status
from etalage.catalogue.actions.stock import count_stock
from etalage.catalogue.actions.variants import add_variant, edit_variant, retire_variant

__all__ = [
    "add_picture",
    "add_variant",
    "count_stock",
    "create_product",
    "describe_picture",
    "edit_product",
    "edit_variant",
    "fetch_again",
    "forget_wanted",
    "remove_picture",
    "retire_variant",
    "set_status",
]
