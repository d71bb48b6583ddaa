"""What a file of products can hold, and what its columns are usually called."""

from __future__ import annotations

from collections.abc import Iterable

from etalage.accounts.models import Store
from etalage.imports.reading.columns import Field
from etalage.kit.errors import gettext_noop

_CURRENCIES = "eur gbp usd chf mad tnd dzd aed sar egp cad sek nok dkk pln".split()  # noqa: SIM905 - shorter
_PRICES = (
    "variant price",
    "price tax incl",
    "price tax included",
    "price incl vat",
    "prix ttc",
    "prijs incl btw",
    "sales price",
    "selling price",
    "unit price",
    "price",
    "prix",
    "prix de vente",
    "prix unitaire",
    "prijs",
    "verkoopprijs",
    "stukprijs",
    "السعر",
    "سعر البيع",
    "regular price",
    "tarif régulier",
    "reguliere prijs",
    "price tax excl",
    "price tax excluded",
)
STOCK_NAMES = (
    "stock",
    "variant inventory qty",
    "inventory",
    "on hand",
    "quantity",
    "qty",
    "quantité",
    "en stock",
    "voorraad",
    "aantal",
    "المخزون",
    "الكمية",
)

FIELDS = (
    Field(
        "sku",
        gettext_noop("Article number"),
        (
            "variant sku",
            "stock code",
            "article number",
            "article no",
            "item number",
            "item code",
            "reference",
            "reference #",
            "référence",
            "code article",
            "artikelnummer",
            "artikelcode",
            "referentie",
            "رقم الصنف",
            "رمز المنتج",
            "ugs",
        ),
        required=True,
        or_else=("handle",),
    ),
    Field(
        "handle",
        gettext_noop("Product that the row belongs to"),
        (
            "parent",
            "parent sku",
            "product code",
            "product reference",
            "produit parent",
            "hoofdproduct",
            "productcode",
            "المنتج الأصلي",
        ),
    ),
    Field(
        "title",
        gettext_noop("Title"),
        (
            "name",
            "name *",
            "product name",
            "product title",
            "product",
            "description short",
            "titre",
            "nom",
            "nom du produit",
            "libellé",
            "désignation",
            "titel",
            "naam",
            "productnaam",
            "omschrijving",
            "العنوان",
            "الاسم",
            "اسم المنتج",
        ),
        required=True,
        or_else=("stock", "price"),
        per_language=True,
    ),
    Field(
        "description",
        gettext_noop("Description"),
        (
            "body html",
            "body",
            "long description",
            "description longue",
            "beschrijving",
            "productbeschrijving",
            "short description",
            "description courte",
            "summary",
            "résumé",
            "الوصف",
        ),
        per_language=True,
    ),
    Field(
        "price",
        gettext_noop("Price"),
        (*_PRICES, *(f"price {currency}" for currency in _CURRENCIES)),
        required=True,
        or_else=("stock",),
    ),
    Field(
        "sale_price",
        gettext_noop("Reduced price"),
        (
            "special price",
            "promo price",
            "prix promo",
            "tarif promo",
            "prix soldé",
            "actieprijs",
            "سعر التخفيض",
        ),
    ),
    Field(
        "compare_at",
        gettext_noop("Price before"),
        (
            "variant compare at price",
            "compare at price",
            "price before",
            "old price",
            "list price",
            "rrp",
            "prix barré",
            "ancien prix",
            "van prijs",
            "oude prijs",
            "adviesprijs",
            "السعر السابق",
        ),
    ),
    Field(
        "barcode",
        gettext_noop("Barcode"),
        (
            "variant barcode",
            "ean",
            "ean13",
            "ean 13",
            "gtin",
            "gtin upc ean or isbn",
            "upc",
            "code barres",
            "code-barres",
            "streepjescode",
            "الباركود",
        ),
    ),
    Field(
        "vendor",
        gettext_noop("Brand"),
        (
            "brand",
            "brands",
            "manufacturer",
            "supplier",
            "marque",
            "fabricant",
            "merk",
            "fabrikant",
            "العلامة التجارية",
        ),
    ),
    Field(
        "category",
        gettext_noop("Category"),
        (
            "categories",
            "categories x y z",
            "product type",
            "product category",
            "default category",
            "catégorie",
            "catégories",
            "rayon",
            "categorie",
            "categorieën",
            "productgroep",
            "الفئة",
            "التصنيف",
            "type",
        ),
    ),
    Field("tags", gettext_noop("Tags"), ("tags x y z", "étiquettes", "mots clés", "trefwoorden", "الوسوم")),
    Field(
        "status",
        gettext_noop("For sale"),
        (
            "statut",
            "état",
            "active",
            "active 0 1",
            "published",
            "visible",
            "publié",
            "actif",
            "gepubliceerd",
            "actief",
            "الحالة",
        ),
    ),
    Field(
        "store",
        gettext_noop("Store"),
        ("shop", "location", "magasin", "boutique", "winkel", "filiaal", "المتجر"),
    ),
    Field("stock", gettext_noop("Stock"), STOCK_NAMES),
    Field(
        "image",
        gettext_noop("Address of a picture"),
        (
            "image src",
            "image url",
            "image urls",
            "image urls x y z",
            "images",
            "picture",
            "photo",
            "photos",
            "afbeelding",
            "afbeeldingen",
            "الصورة",
        ),
    ),
    Field(
        "image_alt",
        gettext_noop("Words for the picture"),
        (
            "image alt text",
            "alt text",
            "alternative text",
            "texte alternatif",
            "alternatieve tekst",
            "النص البديل",
        ),
    ),
    *(
        field
        for number in (1, 2, 3)
        for field in (
            Field(
                f"option{number}_name",
                gettext_noop("Name of an option"),
                (f"option {number} name", f"attribute {number} name", f"nom de l’attribut {number}"),
            ),
            Field(
                f"option{number}",
                gettext_noop("Option, such as size or colour"),
                (f"option {number} value", f"attribute {number} value s", f"valeur s de l’attribut {number}"),
            ),
        )
    ),
    Field("size", gettext_noop("Size"), ("taille", "maat", "المقاس")),
    Field("colour", gettext_noop("Colour"), ("color", "couleur", "kleur", "اللون")),
    Field("kind", gettext_noop("Kind of row"), ("type",)),
    Field("id", gettext_noop("Number of the row"), ("product id",)),
)


def store_fields(stores: Iterable[Store]) -> list[Field]:
    """A column of stock for each store, called after its name or its code: “Stock Ghent”, “GNT voorraad”."""
    return [
        Field(f"stock:{store.code}", gettext_noop("Stock"), tuple(_store_names(store)), about=store.name)
        for store in stores
    ]


def _store_names(store: Store) -> Iterable[str]:
    for place in (store.name, store.code):
        for word in STOCK_NAMES:
            yield f"{word} {place}"
            yield f"{place} {word}"
