"""The question whether visits may be linked to purchases: a yes, a no, and a change of mind."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from etalage.customers.actions import forget_visitor, remember_visitor
from etalage.customers.visitor_token import COOKIE, MAX_AGE_SECONDS
from etalage.orders.shop.page import CONSENT_WORDING, REFUSED_COOKIE, visitor_id


@require_POST
def consent(request: HttpRequest, lang: str) -> HttpResponse:
    """Keep the answer: `yes` sets the visitor's cookie, `no` remembers not to ask, `stop` forgets the browser."""
    response = HttpResponseRedirect(_back(request, lang))
    answer = request.POST.get("answer", "")
    known = visitor_id(request)
    if answer == "yes":
        remember_visitor(known, wording=str(CONSENT_WORDING), source="shop.banner").set_on(response)
        response.delete_cookie(REFUSED_COOKIE)
    elif answer in {"no", "stop"}:
        if known:
            forget_visitor(known)
        response.delete_cookie(COOKIE)
        response.set_cookie(
            REFUSED_COOKIE,
            "no",
            max_age=MAX_AGE_SECONDS,
            secure=settings.SECURE_HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


def _back(request: HttpRequest, lang: str) -> str:
    """The shop page that the answer came from, and no page anywhere else."""
    target = request.POST.get("next", "")
    ours = target.startswith(f"/{lang}/shop/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if ours else reverse("shop:home", args=(lang,))
