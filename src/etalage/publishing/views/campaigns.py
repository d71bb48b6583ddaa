"""Campaigns: the list, the page of one, making, changing and putting away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.publishing import actions, queries
from etalage.publishing.forms.campaigns import CampaignForm
from etalage.publishing.views.border import found


@require_safe
@require(Role.MEMBER)
def campaign_list(request: StaffRequest) -> HttpResponse:
    """Campaigns that run or are planned; on demand those that were put away."""
    archived = request.GET.get("archived") == "1"
    context = {
        "campaigns": queries.campaigns(archived),
        "archived": archived,
        "manages": request.user.may(Role.MANAGER),
    }
    return render(request, "publishing/campaigns.html", context)


@require_safe
@require(Role.MEMBER)
def campaign(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """A campaign with its posts and codes."""
    detail = found(queries.campaign_detail, campaign_id)
    context = {"detail": detail, "manages": request.user.may(Role.MANAGER), "now": clock.now()}
    return render(request, "publishing/campaign.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def edit(request: StaffRequest, campaign_id: UUID | None = None) -> HttpResponse:
    """Begin a campaign or change one."""
    existing = found(queries.campaign_detail, campaign_id).campaign if campaign_id else None
    form = CampaignForm(request.POST or None, initial=CampaignForm.initial_of(existing) if existing else None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(campaign_id, form, request)
        except Refusal as refusal:
            form.add_error("ends_on" if refusal.code == "days_reversed" else None, refusal.message)
        else:
            messages.success(request, _("The campaign is saved."))
            return redirect("publishing:campaign", saved)
    context = {"form": form, "campaign": existing}
    return render(request, "publishing/campaign_form.html", context, status=422 if form.errors else 200)


def _save(campaign_id: UUID | None, form: CampaignForm, request: StaffRequest) -> UUID:
    if campaign_id:
        return actions.edit_campaign(campaign_id, form.content(), actor=request.user).pk
    return actions.create_campaign(form.content(), actor=request.user).pk


@require_POST
@require(Role.MANAGER)
def archive(request: StaffRequest, campaign_id: UUID) -> HttpResponse:
    """Put a campaign away."""
    actions.archive_campaign(campaign_id, actor=request.user)
    messages.success(request, _("The campaign is put away. Its posts and figures stay."))
    return redirect("publishing:campaigns")
