"""The people who work here: invitations, what each may do, and help with signing in."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from etalage.accounts import actions, queries
from etalage.accounts.forms import InviteForm, MemberForm
from etalage.accounts.models import Member, Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.tabs import settings_tabs
from etalage.kit.errors import Refusal


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def invite(request: StaffRequest) -> HttpResponse:
    """Add somebody; the page then shows the one-time link to hand over."""
    initial = {"language": queries.current_business().language}
    form = InviteForm(request.POST or None, initial=initial, actor=request.user)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
        try:
            person, secret = actions.invite_member(request.user, **chosen)
        except Refusal as refusal:
            form.add_error("email", refusal.message)
        else:
            return _link_page(request, person, secret)
    context = {"form": form, "tabs": settings_tabs(request.user, "overview")}
    return render(request, "accounts/invite.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def member(request: StaffRequest, member_id: UUID) -> HttpResponse:
    """Change what a member may do."""
    person = get_object_or_404(queries.all_members(), pk=member_id)
    form = MemberForm(request.POST or None, member=person, actor=request.user)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
        actions.change_member(request.user, person, **chosen)
        messages.success(request, _("Saved."))
        return redirect("accounts:settings")
    context = {
        "form": form,
        "person": person,
        "may_change": request.user.may(person.role),
        "may_unlock": queries.has_second_steps(person)
        and actions.may_remove_second_steps(request.user, person),
        "tabs": settings_tabs(request.user, "overview"),
    }
    return render(request, "accounts/member.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
@require(Role.MANAGER)
def member_link(request: StaffRequest, member_id: UUID) -> HttpResponse:
    """Make a new one-time sign-in link for a member who cannot get in."""
    person = get_object_or_404(queries.all_members(), pk=member_id, is_active=True)
    return _link_page(request, person, actions.issue_link_for(request.user, person))


@require_POST
@require(Role.OWNER)
def member_second_steps(request: StaffRequest, member_id: UUID) -> HttpResponse:
    """Remove the passkeys and second steps of a member who lost them."""
    person = get_object_or_404(queries.all_members(), pk=member_id)
    actions.remove_second_steps(request.user, person)
    messages.success(request, _("%(name)s signs in without a second step now.") % {"name": person})
    return redirect("accounts:member", member_id)


def _link_page(request: StaffRequest, person: Member, secret: str) -> HttpResponse:
    """The page that shows a one-time link, this once."""
    context = {
        "invited": person,
        "link": settings.PUBLIC_ADDRESS + reverse("accounts:enter", args=[secret]),
        "tabs": settings_tabs(request.user, "overview"),
    }
    return render(request, "accounts/invite.html", context)
