"""The counter's main page, and a reservation on it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.kit.errors import Refusal
from etalage.kit.formats import format_money
from etalage.kit.money import Money
from etalage.orders.actions.attempts import check_attempts, note_attempt
from etalage.orders.actions.closing import cancel_reservation
from etalage.orders.actions.hand_over import HandOver
from etalage.orders.actions.hand_over import hand_over as hand_over_pieces
from etalage.orders.actions.redeem import try_code
from etalage.orders.codes import read_code
from etalage.orders.counter.forms import RedeemForm
from etalage.orders.models import Reservation
from etalage.orders.queries.reservations import by_code, reservation_sheet, sales_of, waiting_at

GUESSING = "counter"


@require_safe
@require(Role.COUNTER)
def counter(request: StaffRequest) -> HttpResponse:
    """One field for whatever is typed or scanned (`q`); below it, who is expected and the promotion codes."""
    typed = request.GET.get("q", "").strip()
    problem = ""
    if typed:
        found = _find(request, typed)
        if found:
            return redirect("orders:counter_reservation", code=found.code)
        problem = _("No reservation has this code. Check it, or search the list.")
    context = {
        "typed": typed,
        "problem": problem,
        "waiting": waiting_at(request.user.store_id),
        "form": RedeemForm(member=request.user, currency=current_business().currency),
        "store": request.user.store,
    }
    return render(request, "orders/counter/counter.html", context, status=404 if problem else 200)


@require_safe
@require(Role.COUNTER)
def waiting(request: StaffRequest) -> HttpResponse:
    """Who is expected at the member's store: the part of the counter page that keeps itself up to date."""
    return render(request, "orders/counter/_waiting.html", {"waiting": waiting_at(request.user.store_id)})


@require_safe
@require(Role.COUNTER)
def reservation(request: StaffRequest, code: str) -> HttpResponse:
    """What waits for whom and what it costs; `code` in the query shows what a promotion code would take off."""
    found = _reservation(code)
    sheet = reservation_sheet(found)
    promotion, offer, problem = request.GET.get("code", "").strip(), None, ""
    if promotion and sheet.is_open:
        try:
            check_attempts(GUESSING, str(request.user.pk))
            offer = try_code(promotion, sheet.to_pay)
        except Refusal as refusal:
            note_attempt(GUESSING, str(request.user.pk))
            problem = refusal.message
    context = {
        "sheet": sheet,
        "promotion": promotion,
        "offer": offer,
        "problem": problem,
        "sales": sales_of(found) if sheet.handed_over else [],
        "elsewhere": request.user.store_id not in (None, found.store_id),
    }
    return render(request, "orders/counter/reservation.html", context)


@require_POST
@require(Role.COUNTER)
def hand_over(request: StaffRequest, code: str) -> HttpResponse:
    """Hand over what was chosen; the sale is recorded as paid."""
    found = _reservation(code)
    check_attempts(GUESSING, str(request.user.pk))
    try:
        order = hand_over_pieces(found.pk, _choice(request.POST), actor=request.user)
    except Refusal as refusal:
        if refusal.code.startswith("code_"):
            note_attempt(GUESSING, str(request.user.pk))
        messages.error(request, refusal.message)
    else:
        amount = format_money(Money(order.total_minor, order.currency), request.LANGUAGE_CODE)
        messages.success(request, _("Handed over. Paid: %(amount)s.") % {"amount": amount})
    return redirect("orders:counter_reservation", code=found.code)


@require_POST
@require(Role.COUNTER)
def cancel(request: StaffRequest, code: str) -> HttpResponse:
    """Call a reservation off on the customer's word."""
    found = _reservation(code)
    if cancel_reservation(found.pk, actor=request.user):
        messages.success(request, _("The reservation is cancelled. Its stock is free again."))
    else:
        messages.info(request, _("This reservation had ended already."))
    return redirect("orders:counter_reservation", code=found.code)


def _find(request: StaffRequest, typed: str) -> Reservation | None:
    """The reservation of a typed or scanned code; wrong ones are counted."""
    check_attempts(GUESSING, str(request.user.pk))
    code = read_code(typed)
    found = by_code(code) if code else None
    if found is None:
        note_attempt(GUESSING, str(request.user.pk))
    return found


def _reservation(code: str) -> Reservation:
    found = by_code(read_code(code))
    if found is None:
        raise Http404
    return found


def _choice(data: QueryDict) -> HandOver:
    """The form as a decision. Fields `piece-<line>` hold the pieces per line; without any, all is handed over."""
    pieces = {
        int(name.removeprefix("piece-")): _whole(value)
        for name, value in data.items()
        if name.startswith("piece-") and name.removeprefix("piece-").isdecimal()
    }
    return HandOver(
        seen=_whole(data.get("seen", "0")),
        pieces=pieces or None,
        keep_rest=data.get("rest") == "keep",
        code=str(data.get("code", ""))[:40],
    )


def _whole(text: object) -> int:
    """A number of pieces; whatever is none is refused like too many."""
    digits = str(text).strip() or "0"
    return int(digits) if digits.isdecimal() and len(digits) < 6 else -1


def store_choice(request: HttpRequest) -> UUID | None:
    """The store named in the query, None for all."""
    try:
        return UUID(request.GET.get("store", ""))
    except ValueError:
        return None
