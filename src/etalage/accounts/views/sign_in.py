"""Signing in by a one-time link."""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from etalage.accounts import actions


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in by a one-time link. Opening it only asks, since link previews open links too; the button spends it.

    The link stands for the password alone: who has a second step is still asked for it.
    """
    if request.method != "POST":
        return render(request, "accounts/enter.html", {"secret": secret})
    person = actions.use_sign_in_link(secret)
    response: HttpResponse = perform_login(request, person)
    if request.user.is_authenticated and not (person.has_usable_password() or settings.DEMO):
        messages.info(
            request, _("Set a password or add a passkey under “My sign-in”, so that you can come back.")
        )
    return response
