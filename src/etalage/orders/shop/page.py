"""What every page of the public shop knows: its languages, how the visit came, whether it is recognised."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from etalage.customers.queries import visitor_of
from etalage.customers.visitor_token import COOKIE
from etalage.orders.queries.shop import visit_link

REFUSED_COOKIE = "etalage_visits"
CONSENT_WORDING: Promise = _("The shop may link my visits to my purchases, to see which of its posts help.")


def shop_page(
    request: HttpRequest,
    template: str,
    lang: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
    path: str = "",
) -> HttpResponse:
    """Render a page of the shop. The address names the language; the rest is the same for everybody.

    `path` is the page's own address where the request went to another one, such as that of its form.
    """
    link = link_code(request)
    visitor = visitor_id(request)
    base = {
        "lang": lang,
        "language_links": _language_links(request, lang, path),
        "shop_url": shop_address("shop:home", lang, link=link),
        "page_url": settings.PUBLIC_ADDRESS + (path or request.path),
        "link_code": link,
        "visitor_known": visitor is not None,
        "ask_consent": bool(link) and visitor is None and REFUSED_COOKIE not in request.COOKIES,
        "consent_wording": CONSENT_WORDING,
    }
    return render(request, template, {**base, **(context or {})}, status=status)


def shop_address(name: str, *args: str, link: str = "") -> str:
    """The path of a shop page that remembers by which link the visit came."""
    path = reverse(name, args=args)
    return f"{path}?l={link}" if link else path


def link_code(request: HttpRequest) -> str:
    """The tracked link of this visit, checked; the same for everybody who clicked it, so nobody is followed."""
    return visit_link(request.POST.get("l", "") or request.GET.get("l", ""))


def visitor_id(request: HttpRequest) -> UUID | None:
    """The browser's visitor, when its person agreed to be recognised."""
    return visitor_of(request.COOKIES.get(COOKIE, ""))


def address_of_client(request: HttpRequest) -> str:
    """The network address that asks, for the brakes on guessing; behind a proxy the last one that it noted."""
    noted = ""
    if settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        noted = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    return noted or str(request.META.get("REMOTE_ADDR", ""))


def _language_links(request: HttpRequest, lang: str, path: str) -> list[tuple[str, str, str]]:
    """Code, own name and address of this page in every language, the query kept."""
    rest = (path or request.get_full_path()).removeprefix(f"/{lang}/")
    return [
        (
            code,
            str(get_language_info(code)["name_local"]).capitalize(),
            request.build_absolute_uri(f"/{code}/{rest}"),
        )
        for code, _name in settings.LANGUAGES
    ]
