"""Articles of a product: prices, and the stock of each store."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.catalogue import actions
from etalage.catalogue.forms import ArticleForm, PricesForm, StockForm
from etalage.catalogue.views.finding import find_product, find_variant
from etalage.kit.errors import Refusal


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def add_article(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """Add a size or a colour to a product."""
    found = find_product(product_id).product
    form = ArticleForm(request.POST or None, currency=current_business().currency)
    if request.method == "POST" and form.is_valid():
        actions.add_variant(request.user, found.pk, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("catalogue:product", found.pk)
    return render(request, "catalogue/article.html", {"form": form, "product": found})


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def article(request: StaffRequest, variant_id: UUID) -> HttpResponse:
    """Change the prices and the barcode of an article."""
    found = find_variant(variant_id)
    initial = PricesForm.initial_for(found)
    form = PricesForm(request.POST or None, initial=initial, currency=found.currency)
    if request.method == "POST" and form.is_valid():
        actions.edit_variant(request.user, found.pk, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("catalogue:product", found.product_id)
    context = {"form": form, "product": found.product, "variant": found}
    return render(request, "catalogue/article.html", context)


@require_POST
@require(Role.MANAGER)
def retire(request: StaffRequest, variant_id: UUID) -> HttpResponse:
    """Stop selling an article, or sell it again (`back`)."""
    found = find_variant(variant_id)
    actions.retire_variant(request.user, found.pk, retired="back" not in request.POST)
    messages.success(request, _("Saved."))
    return redirect("catalogue:product", found.product_id)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def stock(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """Count what stands on the shelves of each store."""
    detail = find_product(product_id)
    sold = [entry for entry in detail.articles if entry.variant.retired_at is None]
    form = StockForm(request.POST if request.method == "POST" else None, articles=sold)
    if form.is_valid():
        try:
            changed = actions.count_stock(request.user, detail.product.pk, form.counts())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            said = ngettext("%(number)d count changed.", "%(number)d counts changed.", changed)
            messages.success(request, said % {"number": changed})
            return redirect("catalogue:product", detail.product.pk)
    if form.errors:
        form.show_again()
    context = {"form": form, "detail": detail, "rows": list(zip(sold, form.rows(), strict=True))}
    return render(request, "catalogue/stock.html", context, status=422 if form.errors else 200)
