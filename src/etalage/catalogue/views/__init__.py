"""The pages of the catalogue."""

from etalage.catalogue.views.articles import add_article, article, retire, stock
from etalage.catalogue.views.pictures import (
    add_pictures,
    picture,
    pictures_again,
    pictures_forget,
    remove_picture,
)
from etalage.catalogue.views.products import edit, new, product, products, status

__all__ = [
    "add_article",
    "add_pictures",
    "article",
    "edit",
    "new",
    "picture",
    "pictures_again",
    "pictures_forget",
    "product",
    "products",
    "remove_picture",
    "retire",
    "status",
    "stock",
]
