"""Small pages of the shell: choice of language and theme, and the page that shows the design system."""

from __future__ import annotations

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from etalage.accounts.actions import keep_wish
from etalage.accounts.models import Member, Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.sign_in_trail import CHOSEN_LANGUAGE
from etalage.web import specimens
from etalage.web.context import THEME_COOKIE, THEMES

YEAR = 365 * 24 * 60 * 60


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language: with the member, and in a cookie for the sign-in page."""
    chosen = request.POST.get("language", "")
    response = _back(request)
    if chosen in dict(settings.LANGUAGES):
        _keep(request, "language", chosen)
        if not request.user.is_authenticated:
            request.session[CHOSEN_LANGUAGE] = chosen
        _cookie(response, settings.LANGUAGE_COOKIE_NAME, chosen)
    return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme: `auto`, `light` or `dark`."""
    chosen = request.POST.get("theme", "")
    response = _back(request)
    if chosen in THEMES:
        _keep(request, "theme", "" if chosen == "auto" else chosen)
        _cookie(response, THEME_COOKIE, chosen)
    return response


@require_safe
@require(Role.MEMBER)
def style(request: StaffRequest) -> HttpResponse:
    """Every part of the design system on one page, for those who build pages."""
    return render(request, "web/style.html", specimens.everything())


def _keep(request: HttpRequest, wish: Literal["language", "theme"], value: str) -> None:
    member: Any = request.user
    if isinstance(member, Member):
        keep_wish(member, wish, value)


def _cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR, secure=settings.SECURE_HTTPS, httponly=True, samesite="Lax"
    )


def _back(request: HttpRequest) -> HttpResponse:
    """Where the person came from, when that is a page of ours."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    return HttpResponseRedirect(target)
