"""Promotion codes: the list, making, changing and ending."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.publishing import actions, queries
from etalage.publishing.forms.campaigns import CodeForm
from etalage.publishing.models import PromotionCode
from etalage.publishing.views.border import found, one_id

_FIELD_OF = {
    "code_taken": "code",
    "code_invalid": "code",
    "limit_too_low": "usage_limit",
    "ends_too_early": "ends_at",
}


@require_safe
@require(Role.MEMBER)
def code_list(request: StaffRequest) -> HttpResponse:
    """Promotion codes, newest first."""
    context = {
        "page": queries.codes(request.GET.get("after", ""), request.GET.get("before", "")),
        "manages": request.user.may(Role.MANAGER),
        "now": clock.now(),
    }
    return render(request, "publishing/codes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def edit(request: StaffRequest, code_id: UUID | None = None) -> HttpResponse:
    """Make a code or change what one gives."""
    business, existing = current_business(), found(queries.code_by_id, code_id) if code_id else None
    wishes = {"campaign": str(one_id(request.GET.get("campaign")) or "")}
    initial = CodeForm.initial_of(existing, business.currency) if existing else wishes
    form = CodeForm(request.POST or None, business=business, existing=existing, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            code = _save(existing, form, request)
        except Refusal as refusal:
            form.add_error(_FIELD_OF.get(refusal.code), refusal.message)
        else:
            messages.success(request, _("The code %(code)s is saved.") % {"code": code.code})
            return redirect("publishing:codes")
    context = {"form": form, "code": existing, "now": clock.now()}
    return render(request, "publishing/code_form.html", context, status=422 if form.errors else 200)


def _save(existing: PromotionCode | None, form: CodeForm, request: StaffRequest) -> PromotionCode:
    if existing:
        return actions.edit_code(existing.pk, form.content(), actor=request.user)
    return actions.create_code(form.content(), actor=request.user)


@require_POST
@require(Role.MANAGER)
def end(request: StaffRequest, code_id: UUID) -> HttpResponse:
    """Let nobody use a code from now on."""
    code = actions.end_code(code_id, actor=request.user)
    messages.success(request, _("The code %(code)s is ended.") % {"code": code.code})
    return redirect("publishing:codes")
