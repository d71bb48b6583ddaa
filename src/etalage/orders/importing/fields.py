"""The columns that a file of orders may have, as tills and shops call them in four languages."""

from __future__ import annotations

from etalage.imports.reading.columns import Field
from etalage.kit.errors import gettext_noop

_PRICES = ("unit_price", "line_total", "order_total")

FIELDS = (
    Field(
        "number",
        gettext_noop("Order number"),
        (
            *(
                "order number",
                "order no",
                "order nr",
                "order id",
                "order",
                "invoice no",
                "invoice number",
                "invoice",
            ),
            *(
                "receipt",
                "receipt number",
                "receipt no",
                "ticket",
                "ticket number",
                "transaction",
                "transaction id",
            ),
            *(
                "document number",
                "sale id",
                "name",
                "reference",
                "id order",
                "numéro de commande",
                "n° commande",
            ),
            *(
                "commande",
                "numéro de ticket",
                "n° ticket",
                "numéro de facture",
                "facture",
                "référence",
                "numéro",
            ),
            *(
                "ordernummer",
                "bestelnummer",
                "bestelling",
                "bonnummer",
                "kassabon",
                "factuurnummer",
                "nummer",
            ),
            *("رقم الطلب", "الطلب", "رقم الفاتورة", "الفاتورة", "رقم الإيصال"),
        ),
        required=True,
    ),
    Field(
        "date",
        gettext_noop("Date"),
        (
            *(
                "order date",
                "invoice date",
                "created at",
                "paid at",
                "date",
                "sold at",
                "sale date",
                "date time",
            ),
            *("datetime", "timestamp", "transaction date", "date created", "date add", "date de commande"),
            *(
                "date de vente",
                "date du ticket",
                "date de facture",
                "date et heure",
                "orderdatum",
                "besteldatum",
            ),
            *("datum", "verkoopdatum", "bondatum", "factuurdatum", "datum en tijd", "تاريخ الطلب", "التاريخ"),
            *("تاريخ الفاتورة", "تاريخ البيع"),
        ),
        required=True,
    ),
    Field(
        "sku",
        gettext_noop("Article number"),
        (
            *("lineitem sku", "sku", "stock code", "item code", "article", "article number", "item number"),
            *("product code", "product reference", "product sku", "plu", "code article", "réf article"),
            *(
                "référence article",
                "référence produit",
                "artikelnummer",
                "artikelcode",
                "artikel",
                "productcode",
            ),
            *("رقم المنتج", "رمز المنتج", "barcode", "ean", "gtin", "upc", "code-barres", "الباركود"),
        ),
    ),
    Field(
        "title",
        gettext_noop("Article"),
        (
            *(
                "lineitem name",
                "item name",
                "product name",
                "description",
                "title",
                "item",
                "product",
                "désignation",
            ),
            *(
                "libellé",
                "nom du produit",
                "produit",
                "omschrijving",
                "productnaam",
                "product titel",
                "المنتج",
            ),
            *("اسم المنتج", "الوصف"),
        ),
    ),
    Field(
        "quantity",
        gettext_noop("Quantity"),
        (
            *(
                "lineitem quantity",
                "quantity",
                "qty",
                "quantity refund",
                "product quantity",
                "units",
                "pieces",
            ),
            *("quantité", "qté", "nombre", "aantal", "hoeveelheid", "stuks", "الكمية", "العدد"),
        ),
    ),
    Field(
        "unit_price",
        gettext_noop("Price of one"),
        (
            *("lineitem price", "unit price", "price", "item price", "item cost", "unit price tax incl"),
            *(
                "unit price gbp",
                "unit price eur",
                "unit price usd",
                "price each",
                "prix unitaire",
                "prix",
                "pu ttc",
            ),
            *(
                "prix unitaire ttc",
                "eenheidsprijs",
                "stukprijs",
                "prijs",
                "prijs per stuk",
                "سعر الوحدة",
                "السعر",
            ),
        ),
        required=True,
        or_else=_PRICES,
    ),
    Field(
        "line_total",
        gettext_noop("Total of the line"),
        (
            *("line total", "row total", "line amount", "amount", "total price", "total price tax incl"),
            *("item total", "order line total", "net amount", "montant", "montant ligne", "total ligne"),
            *("montant ttc", "bedrag", "regeltotaal", "regelbedrag", "المبلغ", "مجموع السطر"),
        ),
    ),
    Field(
        "line_discount",
        gettext_noop("Discount of the line"),
        (
            *("lineitem discount", "line discount", "item discount", "remise ligne", "remise article"),
            *("regelkorting", "artikelkorting", "خصم السطر", "خصم المنتج"),
        ),
    ),
    Field(
        "order_discount",
        gettext_noop("Discount of the order"),
        (
            *("discount amount", "order discount", "cart discount", "discount", "total discounts", "remise"),
            *("remise commande", "réduction", "korting", "orderkorting", "الخصم", "خصم الطلب"),
        ),
    ),
    Field(
        "order_total",
        gettext_noop("Total of the order"),
        (
            *("order total", "order total amount", "grand total", "total paid", "total", "receipt total"),
            *(
                "total commande",
                "total ticket",
                "total ttc",
                "totaal",
                "ordertotaal",
                "totaalbedrag",
                "الإجمالي",
            ),
            *("إجمالي الطلب", "المجموع"),
        ),
    ),
    Field(
        "refunded",
        gettext_noop("Amount refunded"),
        (
            *(
                "refunded amount",
                "order refund amount",
                "amount refunded",
                "refund amount",
                "montant remboursé",
            ),
            *("terugbetaald bedrag", "المبلغ المسترد"),
        ),
    ),
    Field(
        "refund_of",
        gettext_noop("Refund of order"),
        (
            *("refund of", "original order", "original invoice", "original receipt", "credited order"),
            *("parent order", "commande d'origine", "facture d'origine", "ticket d'origine", "avoir sur"),
            *("oorspronkelijke bestelling", "oorspronkelijke bon", "originele factuur", "الطلب الأصلي"),
            *("الفاتورة الأصلية",),
        ),
    ),
    Field(
        "type",
        gettext_noop("Kind of receipt"),
        (
            *(
                "type",
                "document type",
                "transaction type",
                "order type",
                "sale type",
                "kind",
                "type de document",
            ),
            *("type de pièce", "nature", "soort", "documenttype", "bontype", "النوع", "نوع المستند"),
        ),
    ),
    Field(
        "status",
        gettext_noop("State"),
        (
            *("financial status", "order status", "status", "state", "payment status", "statut", "état"),
            *("statut de la commande", "orderstatus", "bestelstatus", "toestand", "الحالة", "حالة الطلب"),
        ),
    ),
    Field(
        "cancelled_at",
        gettext_noop("Cancelled on"),
        ("cancelled at", "canceled at", "cancelled on", "annulé le", "geannuleerd op", "تاريخ الإلغاء"),
    ),
    Field(
        "currency",
        gettext_noop("Currency"),
        ("currency", "order currency", "devise", "valuta", "munt", "العملة"),
    ),
    Field(
        "store",
        gettext_noop("Store"),
        (
            *("location", "store", "store code", "shop", "branch", "outlet", "pos", "magasin", "boutique"),
            *(
                "code magasin",
                "point de vente",
                "winkel",
                "filiaal",
                "vestiging",
                "winkelcode",
                "المتجر",
                "الفرع",
            ),
        ),
    ),
    Field(
        "place",
        gettext_noop("Online or in the store"),
        (
            "place",
            "channel",
            "sales channel",
            "source name",
            "canal",
            "canal de vente",
            "verkoopkanaal",
            "القناة",
        ),
    ),
    Field(
        "email",
        gettext_noop("Customer's e-mail address"),
        (
            *("email", "e-mail", "email billing", "billing email", "customer email", "mail", "courriel"),
            *("adresse e-mail", "email client", "e-mailadres", "klant e-mail", "البريد الإلكتروني"),
        ),
    ),
    Field(
        "phone",
        gettext_noop("Customer's phone"),
        (
            *(
                "phone",
                "billing phone",
                "phone billing",
                "customer phone",
                "telephone",
                "mobile",
                "téléphone",
            ),
            *("portable", "gsm", "telefoon", "telefoonnummer", "mobiel", "الهاتف", "رقم الهاتف", "الجوال"),
        ),
    ),
    Field(
        "card",
        gettext_noop("Card number"),
        (
            *("card", "card number", "loyalty card", "loyalty number", "membership number", "carte"),
            *("carte de fidélité", "numéro de carte", "klantenkaart", "kaartnummer", "klantenkaartnummer"),
            *("رقم البطاقة", "بطاقة الولاء"),
        ),
    ),
    Field(
        "customer_number",
        gettext_noop("Customer number"),
        (
            *(
                "customer id",
                "customer number",
                "customer no",
                "customer code",
                "client number",
                "id customer",
            ),
            *(
                "numéro client",
                "n° client",
                "code client",
                "klantnummer",
                "klantcode",
                "klant nr",
                "رقم العميل",
            ),
            *("رقم الزبون",),
        ),
    ),
    Field(
        "customer_name",
        gettext_noop("Customer's name"),
        (
            *(
                "billing name",
                "customer name",
                "customer",
                "client",
                "full name",
                "nom du client",
                "nom client",
            ),
            *("klantnaam", "klant", "naam", "اسم العميل", "العميل", "الزبون"),
        ),
    ),
    Field(
        "code",
        gettext_noop("Promotion code"),
        (
            *(
                "discount code",
                "coupon code",
                "coupon",
                "promotion code",
                "promo code",
                "voucher",
                "code promo",
            ),
            *("bon de réduction", "kortingscode", "actiecode", "waardebon", "رمز الخصم", "قسيمة"),
        ),
    ),
)
