"""The reader's language for every request, and refusals turned into pages that people understand."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from etalage.kit.errors import Refusal
from etalage.web import errors


def language_of_path(path: str) -> str:
    """The language that a public address begins with (`/fr/…`), or an empty text."""
    first = path.lstrip("/").split("/", 1)[0]
    return first if first in dict(settings.LANGUAGES) else ""


def language_for(request: HttpRequest) -> str:
    """Language of the address, else of the member, else of the browser's cookie, else of its settings."""
    if named := language_of_path(request.path_info):
        return named
    wish = str(getattr(getattr(request, "user", None), "language", "") or "")
    return wish if wish in dict(settings.LANGUAGES) else translation.get_language_from_request(request)


class HeadersMiddleware(MiddlewareMixin):
    """What every answer says beside the content policy: other sites may not embed it, and it asks for no sensors.

    The camera is the counter's, to scan codes; a view that knows better has set the header already.
    """

    HEADERS: ClassVar = {
        "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        "Cross-Origin-Resource-Policy": "same-origin",
    }

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class LanguageMiddleware(MiddlewareMixin):
    """Activates the language before the view and says in the answer which one it was."""

    def process_request(self, request: HttpRequest) -> None:
        translation.activate(language_for(request))
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not language_of_path(request.path_info):
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response


class RefusalMiddleware(MiddlewareMixin):
    """Shows a `Refusal` as a page, a fragment or JSON; reloads the page of a fragment whose member is signed out."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.refusal(request, exception) if isinstance(exception, Refusal) else None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.headers.get("HX-Request") != "true" or response.status_code != 302:
            return response
        # A fragment that was redirected to the sign-in page would show that page inside a pane.
        if response.headers.get("Location", "").split("?")[0] == _sign_in_address():
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return response


def _sign_in_address() -> str:
    try:
        return reverse(str(settings.LOGIN_URL))
    except NoReverseMatch:
        return str(settings.LOGIN_URL)
