"""Promotion codes at the till, without a reservation."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.kit.errors import Refusal
from etalage.kit.formats import format_money
from etalage.kit.money import Money
from etalage.orders.actions.attempts import check_attempts, note_attempt
from etalage.orders.actions.redeem import redeem_code
from etalage.orders.counter.desk import GUESSING
from etalage.orders.counter.forms import RedeemForm
from etalage.orders.models import Redemption
from etalage.orders.queries.reservations import waiting_at


@require_POST
@require(Role.COUNTER)
def redeem(request: StaffRequest) -> HttpResponse:
    """Use a code once and say what it takes off."""
    check_attempts(GUESSING, str(request.user.pk))
    form = RedeemForm(request.POST, member=request.user, currency=current_business().currency)
    if not form.is_valid():
        return _again(request, form, _("Something is missing. Look at the marked fields."), 422)
    try:
        redemption = redeem_code(form.use(), actor=request.user)
    except Refusal as refusal:
        note_attempt(GUESSING, str(request.user.pk))
        return _again(request, form, refusal.message, refusal.status)
    messages.success(request, _said(redemption, request.LANGUAGE_CODE))
    return redirect("orders:counter")


def _said(redemption: Redemption, language: str) -> str:
    if redemption.discount_minor:
        discount = format_money(Money(redemption.discount_minor, redemption.currency), language)
        return _("The code %(code)s is used. Take off %(amount)s.") % {
            "code": redemption.code.code,
            "amount": discount,
        }
    if redemption.code.percent:
        return _("The code %(code)s is used. Take off %(percent)s percent.") % {
            "code": redemption.code.code,
            "percent": redemption.code.percent,
        }
    return _("The code %(code)s is used.") % {"code": redemption.code.code}


def _again(request: StaffRequest, form: RedeemForm, problem: str, status: int) -> HttpResponse:
    context = {
        "form": form,
        "code_problem": problem,
        "waiting": waiting_at(request.user.store_id),
        "store": request.user.store,
    }
    return render(request, "orders/counter/counter.html", context, status=status)
