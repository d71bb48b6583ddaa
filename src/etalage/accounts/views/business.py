"""Settings of the business and its stores."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts import actions, queries
from etalage.accounts.closing import waiting_in
from etalage.accounts.currency import amounts_are_kept
from etalage.accounts.forms import BusinessForm, StoreForm
from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.tabs import settings_tabs
from etalage.kit.errors import Refusal


@require_safe
@require(Role.MANAGER)
def overview(request: StaffRequest) -> HttpResponse:
    """Stores and members at a glance, with the ways to change them."""
    context = {
        "stores": queries.open_stores(),
        "members": queries.all_members(),
        "tabs": settings_tabs(request.user, "overview"),
    }
    return render(request, "accounts/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.OWNER)
def business(request: StaffRequest) -> HttpResponse:
    """Change the business's own data."""
    form = BusinessForm(request.POST or None, instance=queries.current_business())
    if amounts_are_kept():
        form.settle_currency()
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_business(request.user, queries.current_business(), form.cleaned_data)
        except Refusal as refusal:
            form.add_error("currency", refusal.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:business")
    context = {"form": form, "tabs": settings_tabs(request.user, "business")}
    return render(request, "accounts/business.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def store(request: StaffRequest, store_id: UUID | None = None) -> HttpResponse:
    """Add or change a store."""
    instance = get_object_or_404(queries.open_stores(), pk=store_id) if store_id else None
    initial = {} if instance else {"timezone": queries.current_business().timezone}
    form = StoreForm(request.POST or None, instance=instance, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.save_store(request.user, form.save(commit=False))
        messages.success(request, _("Saved."))
        return redirect("accounts:settings")
    context = {
        "form": form,
        "store": instance,
        "waiting": waiting_in(instance.pk) if instance else 0,
        "tabs": settings_tabs(request.user, "overview"),
    }
    return render(request, "accounts/store.html", context, status=422 if form.errors else 200)


@require_POST
@require(Role.OWNER)
def close_store(request: StaffRequest, store_id: UUID) -> HttpResponse:
    """Close a store for good; where reservations wait there, only once the owner was told how many."""
    closed = get_object_or_404(queries.open_stores(), pk=store_id)
    told = request.POST.get("waiting", "")[:6]
    try:
        actions.close_store(request.user, closed, agreed=int(told) if told.isdecimal() else 0)
    except Refusal as refusal:
        if refusal.code != "reservations_wait":
            raise
        messages.error(request, refusal.message)
        return redirect("accounts:store", store_id)
    messages.success(
        request, _("%(store)s is closed. Its past sales stay in the results.") % {"store": closed}
    )
    return redirect("accounts:settings")
