"""What people do to a post or a publication: each deed says what it means, asks, and then does it once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.kit.errors import Refusal
from etalage.publishing import queries
from etalage.publishing.forms.deeds import DeedForm, HourForm
from etalage.publishing.views.border import found, wants_part
from etalage.publishing.views.deed_table import POST_DEEDS, PUBLICATION_DEEDS, Deed


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def post_deed(request: StaffRequest, post_id: UUID, name: str) -> HttpResponse:
    """Ask for a deed on a post, and do it. Who may is checked where it is done."""
    deed, detail = _known(POST_DEEDS.get(name)), found(queries.post_detail, post_id)
    back = reverse("publishing:post", args=[post_id])
    if request.method != "POST":
        allowed = queries.post_actions(detail.post, detail.publications, request.user)
        if not deed.offered & allowed:
            raise _not_now()
        initial = {"version": detail.post.version, "due_at": detail.post.due_at}
        return _asked(request, deed, _form(deed, initial=initial), back)
    form = _form(deed, request.POST)
    if not form.is_valid():
        return _asked(request, deed, form, back, status=422)
    try:
        done = deed.run(detail, form, request.user)
    except Refusal as refusal:
        return _refused(request, deed, form, back, refusal)
    messages.success(request, str(done.sentence))
    return redirect(done.goes_to or _next(request) or back)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def publication_deed(request: StaffRequest, publication_id: UUID, name: str) -> HttpResponse:
    """Ask for a deed on a publication, and do it. Who may is checked where it is done."""
    deed = _known(PUBLICATION_DEEDS.get(name))
    detail = found(queries.publication_detail, publication_id)
    back = reverse("publishing:publication", args=[publication_id])
    if request.method != "POST":
        if not request.user.may(Role.MANAGER) or not deed.offered & detail.safe:
            raise _not_now()
        initial = {"custom_text": detail.publication.custom_text}
        return _asked(request, deed, _form(deed, initial=initial), back)
    form = _form(deed, request.POST)
    if not form.is_valid():
        return _asked(request, deed, form, back, status=422)
    try:
        done = deed.run(detail, form, request.user)
    except Refusal as refusal:
        return _refused(request, deed, form, back, refusal)
    messages.success(request, str(done.sentence))
    return redirect(done.goes_to or back)


def _known(deed: Deed[Any] | None) -> Deed[Any]:
    if deed is None:
        raise Http404
    return deed


def _form(deed: Deed[Any], data: Any = None, initial: dict[str, Any] | None = None) -> DeedForm:
    form = deed.form(data, initial=initial)
    if isinstance(form, HourForm):
        form.set_zone(current_business().timezone)
    return form


def _asked(
    request: StaffRequest, deed: Deed[Any], form: DeedForm, back: str, *, status: int = 200
) -> HttpResponse:
    """The question as a page, or as the inside of a dialog."""
    template = "publishing/parts/deed.html" if wants_part(request) else "publishing/deed.html"
    after = _next(request)
    context = {"deed": deed, "form": form, "back": after or back, "after": after, "action": request.path}
    return render(request, template, context, status=status)


def _refused(
    request: StaffRequest, deed: Deed[Any], form: DeedForm, back: str, refusal: Refusal
) -> HttpResponse:
    form.add_error("due_at" if refusal.code == "due_in_past" else None, refusal.message)
    return _asked(request, deed, form, back, status=refusal.status)


def _next(request: StaffRequest) -> str:
    """The page of our own to go back to, when one was named."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""


def _not_now() -> Refusal:
    return Refusal(
        _("This is not possible now. Look at the state of the post: it may have moved on."),
        code="not_possible_now",
        status=409,
    )
