"""The list of products, one product, and what is written about it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.catalogue import actions, queries
from etalage.catalogue.fetching import sentence
from etalage.catalogue.forms import NewProductForm, TextsForm
from etalage.catalogue.models import ProductStatus
from etalage.catalogue.views.finding import find_id, find_product


@require_safe
@require(Role.COUNTER)
def products(request: StaffRequest) -> HttpResponse:
    """The products, the newest first: searched, of a category or a status."""
    search = request.GET.get("q", "")[:100].replace("\0", "")
    category = request.GET.get("category", "")[:160].replace("\0", "")
    status = request.GET.get("status", "")
    status = status if status in ProductStatus.values else ""
    after = find_id(request.GET.get("after", ""))
    cards, more = queries.product_list(search, category, status, after)
    context = {
        "cards": cards,
        "search": search,
        "category": category,
        "status": status,
        "statuses": ProductStatus.choices,
        "categories": queries.categories(),
        "more": more,
        "began": after is None,
        "filtered": bool(search or category or status),
        "may_edit": request.user.may(Role.MEMBER),
        "may_manage": request.user.may(Role.MANAGER),
    }
    return render(request, "catalogue/products.html", context)


@require_safe
@require(Role.COUNTER)
def product(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """One product: texts per language, pictures, articles, and the stock of each store."""
    detail = find_product(product_id)
    context = {
        "detail": detail,
        "product": detail.product,
        "failed": [(wanted, sentence(wanted.reason)) for wanted in detail.wanted if wanted.reason],
        "waiting": sum(1 for wanted in detail.wanted if not wanted.reason),
        "statuses": [choice for choice in ProductStatus.choices if choice[0] != detail.product.status],
        "may_edit": request.user.may(Role.MEMBER),
        "may_manage": request.user.may(Role.MANAGER),
    }
    return render(request, "catalogue/product.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def new(request: StaffRequest) -> HttpResponse:
    """Make a product with its first article."""
    form = NewProductForm(request.POST or None, currency=current_business().currency)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = actions.create_product(
            request.user,
            form.texts(),
            sku=data["sku"],
            price=data["price"],
            barcode=data["barcode"],
            draft=data["draft"],
        )
        messages.success(request, _("The product is in the catalogue. Add a picture and its stock."))
        return redirect("catalogue:product", made.pk)
    return render(request, "catalogue/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def edit(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """Change what is written about a product."""
    found = find_product(product_id).product
    form = TextsForm(request.POST or None, initial=TextsForm.initial_for(found))
    if request.method == "POST" and form.is_valid():
        actions.edit_product(request.user, found.pk, form.texts())
        messages.success(request, _("Saved."))
        return redirect("catalogue:product", found.pk)
    return render(request, "catalogue/edit.html", {"form": form, "product": found})


@require_POST
@require(Role.MANAGER)
def status(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """Put a product on sale, back to draft, or out of the shop."""
    wished = request.POST.get("status", "")
    if wished not in ProductStatus.values:
        raise Http404
    actions.set_status(request.user, product_id, ProductStatus(wished))
    messages.success(request, _("Saved."))
    return redirect("catalogue:product", product_id)
