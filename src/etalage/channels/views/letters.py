"""What came in and could not be taken in, for owner and manager: why, try again, or give it up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.channels import actions, queries


@require_safe
@require(Role.MANAGER)
def not_taken_in(request: StaffRequest) -> HttpResponse:
    """The failed deliveries, newest first; htmx gets the list alone."""
    context = {"letters": queries.dead_letters(), "count": queries.dead_letter_count()}
    partial = request.headers.get("HX-Request") == "true"
    return render(request, "channels/letters.html" if partial else "channels/not_taken_in.html", context)


@require_POST
@require(Role.MANAGER)
def replay(request: StaffRequest, letter: str) -> HttpResponse:
    """Have one taken in again."""
    if actions.replay_letter(letter, actor=request.user):
        messages.success(request, _("It is tried again."))
    else:
        messages.info(request, _("It is no longer among the failed ones."))
    return redirect("channels:not_taken_in")


@require_POST
@require(Role.MANAGER)
def replay_all(request: StaffRequest) -> HttpResponse:
    """Have all of them taken in again."""
    count = actions.replay_all(actor=request.user)
    said = ngettext("%(count)s delivery is tried again.", "%(count)s deliveries are tried again.", count)
    messages.success(request, said % {"count": count})
    return redirect("channels:not_taken_in")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def drop(request: StaffRequest, letter: str) -> HttpResponse:
    """Give one up, after a page that says what this means."""
    if request.method == "POST":
        if actions.drop_letter(letter, actor=request.user):
            messages.success(request, _("It was given up."))
        else:
            messages.info(request, _("It is no longer among the failed ones."))
        return redirect("channels:not_taken_in")
    return render(request, "channels/drop.html", {"letter": queries.dead_letter(letter)})
