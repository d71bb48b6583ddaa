"""Shelf labels with a QR code: what is scanned in the store counts like a click on a post."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from etalage.accounts.models import Role, Store
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import open_stores
from etalage.catalogue.models import Product
from etalage.kit.money import Money
from etalage.orders.counter.desk import store_choice
from etalage.orders.qr import QrPicture, qr_picture
from etalage.orders.queries.counter import PAGE, chosen_products, label_products
from etalage.publishing.links import address_of, qr_link_for_product


@dataclass(frozen=True)
class Label:
    """One label of the sheet."""

    product: Product
    price: Money | None
    varies: bool
    qr: QrPicture
    address: str


@require_http_methods(["GET", "POST"])
@require(Role.COUNTER)
def labels(request: StaffRequest) -> HttpResponse:
    """Choose products and a store; the answer is a sheet to print."""
    return _sheet(request) if request.method == "POST" else _choose(request)


def _choose(request: StaffRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:100]
    stores = list(open_stores())
    store_id = store_choice(request) or request.user.store_id or (stores[0].pk if stores else None)
    found = label_products(search, store_id, _uuid(request.GET.get("after", "")))
    page, more = found[:PAGE], found[PAGE:]
    context = {
        "products": page,
        "after": page[-1].pk if more else None,
        "search": search,
        "stores": stores,
        "store_id": store_id,
    }
    return render(request, "orders/counter/labels.html", context)


def _sheet(request: StaffRequest) -> HttpResponse:
    store_id = _uuid(request.POST.get("store", ""))
    store = open_stores().filter(pk=store_id).first() if store_id else None
    chosen = [product_id for text in request.POST.getlist("product")[:PAGE] if (product_id := _uuid(text))]
    products = chosen_products(chosen)
    if not store or not products:
        messages.error(request, _("Choose a store and at least one product."))
        return redirect("orders:labels")
    context = {"store": store, "labels": [_label(product, store) for product in products]}
    return render(request, "orders/counter/label_sheet.html", context)


def _label(product: Product, store: Store) -> Label:
    variants = list(product.variants.all())
    address = address_of(qr_link_for_product(product, store))
    price = Money(variants[0].price_minor, variants[0].currency) if variants else None
    varies = len({variant.price_minor for variant in variants}) > 1
    return Label(product, price, varies, qr_picture(address), address)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
