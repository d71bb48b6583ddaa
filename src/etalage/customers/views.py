"""The pages about customers: who they are, what they agreed to, a copy for them, and forgetting them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from etalage.accounts.audit import record
from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.customers import queries
from etalage.customers.actions import erase_customer, withdraw_consent
from etalage.customers.models import Customer, Purpose


@require_GET
@require(Role.MEMBER)
def people(request: StaffRequest) -> HttpResponse:
    """The customers, the newest first; `q` searches, `after` is the last one already seen."""
    search = request.GET.get("q", "")[:100]
    found = queries.customers_page(search, _uuid(request.GET.get("after", "")))
    page, more = found[: queries.PAGE], found[queries.PAGE :]
    context = {"customers": page, "search": search, "after": page[-1].pk if more else None}
    return render(request, "customers/list.html", context)


@require_GET
@require(Role.MEMBER)
def person(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """One customer: identities, consents, and how much the shop keeps."""
    customer = _customer(customer_id)
    if customer.pk != customer_id:
        return redirect("customers:detail", customer_id=customer.pk)
    context = {
        "customer": customer,
        "identities": customer.identities.all(),
        "consents": queries.consents_of(customer.pk),
        "kept": queries.kept_elsewhere(customer.pk),
        "purposes": dict(Purpose.choices),
        "may_manage": request.user.may(Role.MANAGER),
    }
    return render(request, "customers/detail.html", context)


@require_POST
@require(Role.MANAGER)
def export(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """The copy of their data that a customer may ask for, as a file."""
    customer = _customer(customer_id)
    record(request.user, "customer.exported", customer)
    response = JsonResponse(
        queries.export_customer(customer.pk), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    response["Content-Disposition"] = f'attachment; filename="customer-{customer.pk}.json"'
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@require(Role.MANAGER)
def erase(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Ask whether to forget this customer, and do it."""
    customer = _customer(customer_id)
    if request.method == "POST":
        erase_customer(customer.pk, actor=request.user)
        messages.success(request, _("The customer's data is erased."))
        return redirect("customers:list")
    return render(
        request, "customers/erase.html", {"customer": customer, "kept": queries.kept_elsewhere(customer.pk)}
    )


@require_POST
@require(Role.MEMBER)
def withdraw(request: StaffRequest, customer_id: UUID, purpose: str) -> HttpResponse:
    """Take a consent back on the customer's word."""
    customer = _customer(customer_id)
    if purpose not in Purpose.values:
        raise Http404
    with transaction.atomic():
        withdrawn = withdraw_consent(Purpose(purpose), customer_id=customer.pk)
        if withdrawn:
            record(request.user, "consent.withdrawn", customer, purpose=purpose)
    if withdrawn:
        messages.success(request, _("The consent is withdrawn."))
    return redirect("customers:detail", customer_id=customer.pk)


def _customer(customer_id: UUID) -> Customer:
    try:
        customer = queries.customer(customer_id)
    except Customer.DoesNotExist:
        raise Http404 from None
    if customer.erased_at:
        raise Http404
    return customer


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
