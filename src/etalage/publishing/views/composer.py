"""The composer: a new post, a change of one, its preview and its search for products."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from etalage.accounts.models import Business, Member, Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.catalogue.queries import product_cards
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.publishing import queries
from etalage.publishing.forms.composer import ComposerForm
from etalage.publishing.models import Post
from etalage.publishing.views import saving
from etalage.publishing.views.border import found, one_id
from etalage.publishing.views.previewing import automatic_target, previews

USUAL_HOUR = time(10, 0)
LOOKING = ("preview", "search")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def compose(request: StaffRequest) -> HttpResponse:
    """Write a new post."""
    business = current_business()
    if request.method == "POST":
        form = ComposerForm(request.POST, request.FILES, business=business)
        return _answer(request, form)
    form = ComposerForm(business=business, initial=_wishes(request.GET, business))
    return render(request, "publishing/compose.html", _context(form, request.user))


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def edit(request: StaffRequest, post_id: UUID) -> HttpResponse:
    """Change a post of which nothing was sent."""
    detail = found(queries.post_detail, post_id)
    if "edit" not in queries.post_actions(detail.post, detail.publications, request.user):
        messages.warning(request, _("This post can no longer be changed here."))
        return redirect("publishing:post", post_id)
    form = _opened(detail, request if request.method == "POST" else None)
    if request.method == "POST":
        return _answer(request, form, detail.post)
    return render(request, "publishing/compose.html", _context(form, request.user))


@require_POST
@require(Role.MEMBER)
def preview(request: StaffRequest, post_id: UUID | None = None) -> HttpResponse:
    """How the unsaved form would look on each channel: a part of the composer."""
    form = _opened(found(queries.post_detail, post_id), request) if post_id else _fresh(request)
    return render(request, "publishing/parts/previews.html", {"previews": previews(form), "form": form})


@require_POST
@require(Role.MEMBER)
def search_products(request: StaffRequest) -> HttpResponse:
    """The chosen products and what a search finds: a part of the composer."""
    form = _fresh(request)
    form.do = "search"
    return render(request, "publishing/parts/products.html", {"form": form})


def _fresh(request: StaffRequest) -> ComposerForm:
    return ComposerForm(request.POST, business=current_business())


def _opened(detail: queries.PostDetail, request: StaffRequest | None = None) -> ComposerForm:
    return ComposerForm(
        request.POST if request else None,
        request.FILES if request else None,
        business=current_business(),
        post=detail.post,
        publications=list(detail.publications),
        pictures=list(detail.pictures),
        initial={"products": [product.pk for product in detail.products]},
    )


def _answer(request: StaffRequest, form: ComposerForm, post: Post | None = None) -> HttpResponse:
    """Save and go on; whatever is wrong is shown beside what was typed, and nothing typed is lost."""
    if form.do in LOOKING:
        return render(request, "publishing/compose.html", _context(form, request.user))
    stale: Post | None = None
    status = 422
    if form.is_valid():
        try:
            saved = saving.save(form, request.user)
        except Refusal as refusal:
            status = refusal.status
            if refusal.code == "already_saved":
                messages.info(request, refusal.message)
                return redirect("publishing:post", form.cleaned_data["new_id"])
            if refusal.code == "changed_meanwhile" and post is not None:
                stale = queries.find_post(post.pk)
                form.follow(stale.version)
            else:
                form.blame(refusal)
        else:
            return _onward(request, saving.go_on(request, saved, form))
    return render(request, "publishing/compose.html", _context(form, request.user, stale), status=status)


def _onward(request: StaffRequest, step: saving.Step) -> HttpResponse:
    if step.stays:
        return redirect(reverse("publishing:edit", args=[step.post_id]) + step.anchor)
    return redirect("publishing:post", step.post_id)


def _context(form: ComposerForm, actor: Member, stale: Post | None = None) -> dict[str, Any]:
    post = form.post
    scheduled = post is not None and any(row.state == "scheduled" for row in form.publications)
    return {
        "form": form,
        "post": post,
        "previews": previews(form),
        "stale": stale,
        "manages": actor.may(Role.MANAGER),
        "scheduled": scheduled,
        "fresh": post is None and not form.is_bound,
        "automatic_target": automatic_target(product_cards(form.product_ids)),
    }


def _wishes(asked: QueryDict, business: Business) -> dict[str, Any]:
    """What the address of a new post asks for: a day, a product, a campaign."""
    wishes: dict[str, Any] = {}
    if campaign := one_id(asked.get("campaign")):
        wishes["campaign"] = str(campaign)
    if moment := _hour_on(asked.get("day", ""), ZoneInfo(business.timezone)):
        wishes["due_at"] = moment
    chosen = product_cards([key] if (key := one_id(asked.get("product"))) else [])
    if chosen:
        wishes["products"] = [chosen[0].product.pk]
        wishes["product_pictures"] = [chosen[0].picture.pk] if chosen[0].picture else []
        wishes["text"] = dict(chosen[0].product.title)
    return wishes


def _hour_on(day: str, zone: ZoneInfo) -> datetime | None:
    """The usual hour on a day, or the next full hour when that is over; None for what is no day."""
    try:
        moment = datetime.combine(date.fromisoformat(day), USUAL_HOUR, tzinfo=zone)
    except ValueError:
        return None
    soon = clock.now().astimezone(zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return moment if moment > soon or moment.date() < soon.date() else soon
