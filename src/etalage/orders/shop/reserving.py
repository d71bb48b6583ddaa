"""Reserving, the reservation's own page, and calling it off."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from etalage.kit.errors import Refusal
from etalage.orders.actions.attempts import check_attempts, note_attempt
from etalage.orders.actions.closing import cancel_reservation
from etalage.orders.actions.reserve import reserve as reserve_wish
from etalage.orders.addresses import public_path, scan_address
from etalage.orders.codes import is_secret_of, read_code
from etalage.orders.models import Reservation
from etalage.orders.qr import qr_picture
from etalage.orders.queries.reservations import by_code, reservation_sheet
from etalage.orders.queries.shop import product_page
from etalage.orders.shop.forms import ReserveForm
from etalage.orders.shop.page import CONSENT_WORDING, address_of_client, link_code, shop_page, visitor_id
from etalage.orders.shop.views import show_product

RESERVATIONS_PER_MINUTE = 60
CODES_PER_MINUTE = 30


@require_POST
def reserve(request: HttpRequest, lang: str, slug: str) -> HttpResponse:
    """Keep the pieces; a refusal shows the product again with the form as it was filled in."""
    client = address_of_client(request)
    check_attempts("reserve", client, RESERVATIONS_PER_MINUTE)
    note_attempt("reserve", client)
    form = ReserveForm(request.POST)
    if not form.is_valid():
        return _again(request, lang, slug, form, _incomplete())
    wish = form.wish(
        language=lang,
        link_code=link_code(request),
        wording=str(CONSENT_WORDING),
        visitor_id=visitor_id(request),
    )
    try:
        reserved = reserve_wish(wish)
    except Refusal as refusal:
        return _again(request, lang, slug, form, refusal)
    response = redirect(public_path(reserved.reservation, lang))
    if reserved.cookie:
        reserved.cookie.set_on(response)
    return response


def _incomplete() -> Refusal:
    return Refusal(_("Something is missing. Look at the marked fields."), code="form_incomplete", status=422)


def _again(request: HttpRequest, lang: str, slug: str, form: ReserveForm, refusal: Refusal) -> HttpResponse:
    """The product's page as it is now: with today's price and what is left, and what was filled in."""
    page = product_page(slug, request.POST.get("sku", ""))
    if page is None:
        raise Http404
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["seen"] = str(page.chosen.price_minor)  # type: ignore[index]
    form.data["variant"] = str(page.chosen.pk)  # type: ignore[index]
    return show_product(request, lang, page, form, problem=refusal.message, status=refusal.status)


@require_safe
@never_cache
def reservation(request: HttpRequest, lang: str, code: str) -> HttpResponse:
    """The code to show at the counter. What was reserved, and the way to cancel, only with the secret `k`."""
    found = _reservation(request, code)
    if found is None:
        return shop_page(request, "orders/shop/unknown_code.html", lang, status=404)
    secret = request.GET.get("k", "")
    context = {
        "sheet": reservation_sheet(found),
        "qr": qr_picture(scan_address(found)),
        "own": is_secret_of(secret, found.pk),
        "secret": secret,
    }
    return shop_page(request, "orders/shop/reservation.html", lang, context)


@require_POST
def cancel(request: HttpRequest, lang: str, code: str) -> HttpResponse:
    """Call the reservation off, with the secret of the customer's own link."""
    found = _reservation(request, code)
    if found is None:
        return shop_page(request, "orders/shop/unknown_code.html", lang, status=404)
    if not is_secret_of(request.POST.get("k", ""), found.pk):
        raise Refusal(
            _("Open the link in your e-mail to cancel this reservation."), code="secret_missing", status=403
        )
    cancel_reservation(found.pk)
    return redirect(f"{reverse('shop:reservation', args=(lang, found.code))}?k={request.POST['k']}")


def _reservation(request: HttpRequest, code: str) -> Reservation | None:
    """The reservation of a code; wrong codes are counted, so that nobody tries them all."""
    client = address_of_client(request)
    check_attempts("reservation", client, CODES_PER_MINUTE)
    found = by_code(read_code(code)) if read_code(code) else None
    if found is None:
        note_attempt("reservation", client)
    return found
