"""Settings: the business, its stores, its members, and the audit trail."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts import actions, queries
from etalage.accounts.forms import BusinessForm, InviteForm, MemberForm, StoreForm
from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.tabs import settings_tabs

TRAIL_PAGE = 50


@require_safe
@require(Role.MANAGER)
def overview(request: StaffRequest) -> HttpResponse:
    """Stores and members at a glance, with the ways to change them."""
    context = {
        "stores": queries.open_stores(),
        "members": queries.all_members(),
        "tabs": settings_tabs("overview"),
    }
    return render(request, "accounts/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.OWNER)
def business(request: StaffRequest) -> HttpResponse:
    """Change the business's own data."""
    current = queries.current_business()
    form = BusinessForm(request.POST or None, instance=queries.current_business())
    if request.method == "POST" and form.is_valid():
        actions.change_business(request.user, current, form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:business")
    return render(request, "accounts/business.html", {"form": form, "tabs": settings_tabs("business")})


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
    context = {"form": form, "store": instance, "tabs": settings_tabs("overview")}
    return render(request, "accounts/store.html", context)


@require_POST
@require(Role.OWNER)
def close_store(request: StaffRequest, store_id: UUID) -> HttpResponse:
    """Close a store for good."""
    closed = get_object_or_404(queries.open_stores(), pk=store_id)
    actions.close_store(request.user, closed)
    messages.success(
        request, _("%(store)s is closed. Its past sales stay in the results.") % {"store": closed}
    )
    return redirect("accounts:settings")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def invite(request: StaffRequest) -> HttpResponse:
    """Add somebody; the page then shows the one-time link to hand over."""
    form = InviteForm(request.POST or None, initial={"language": queries.current_business().language})
    context = {"form": form, "tabs": settings_tabs("overview")}
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
        member, secret = actions.invite_member(request.user, **chosen)
        context |= {
            "invited": member,
            "link": settings.PUBLIC_ADDRESS + reverse("accounts:enter", args=[secret]),
        }
    return render(request, "accounts/invite.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def member(request: StaffRequest, member_id: UUID) -> HttpResponse:
    """Change what a member may do."""
    person = get_object_or_404(queries.all_members(), pk=member_id)
    form = MemberForm(request.POST or None, member=person)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
        actions.change_member(request.user, person, **chosen)
        messages.success(request, _("Saved."))
        return redirect("accounts:settings")
    return render(
        request, "accounts/member.html", {"form": form, "person": person, "tabs": settings_tabs("overview")}
    )


@require_POST
@require(Role.MANAGER)
def member_link(request: StaffRequest, member_id: UUID) -> HttpResponse:
    """Make a new one-time sign-in link for a member who cannot get in."""
    person = get_object_or_404(queries.all_members(), pk=member_id, is_active=True)
    secret = actions.issue_link_for(request.user, person)
    link = settings.PUBLIC_ADDRESS + reverse("accounts:enter", args=[secret])
    return render(
        request, "accounts/invite.html", {"invited": person, "link": link, "tabs": settings_tabs("overview")}
    )


@require_safe
@require(Role.MANAGER)
def trail(request: StaffRequest) -> HttpResponse:
    """Who did what, newest first."""
    entries = queries.audit_trail(before=request.GET.get("before"), size=TRAIL_PAGE + 1)
    older = f"?before={entries[TRAIL_PAGE - 1].pk}" if len(entries) > TRAIL_PAGE else ""
    newer = reverse("accounts:trail") if request.GET.get("before") else ""
    context = {
        "entries": entries[:TRAIL_PAGE],
        "older_url": older,
        "newer_url": newer,
        "tabs": settings_tabs("trail"),
    }
    return render(request, "accounts/trail.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in by a one-time link. Opening it only asks, since link previews open links too; the button spends it."""
    if request.method != "POST":
        return render(request, "accounts/enter.html", {"secret": secret})
    person = actions.use_sign_in_link(secret)
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(settings.LOGIN_REDIRECT_URL)
