"""What a press on a button of the composer does: save all of it, then go where the button says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.utils.translation import gettext as _

from etalage.accounts.models import Member
from etalage.accounts.permissions import StaffRequest
from etalage.kit.errors import Refusal
from etalage.publishing import actions, queries
from etalage.publishing.forms.composer import ComposerForm
from etalage.publishing.models import Post
from etalage.publishing.views.border import one_id


@dataclass(frozen=True)
class Step:
    """Where the composer goes next: it stays open, at a place, or gives way to the post's page."""

    post_id: UUID
    stays: bool = False
    anchor: str = ""


@transaction.atomic
def save(form: ComposerForm, actor: Member) -> Post:
    """Keep words, facts, products, channels and descriptions: all of it, or nothing. Raises Refusal."""
    post = actions.save_post(
        form.post.pk if form.post else None,
        form.cleaned_data["version"] or 0,
        form.content(),
        form.product_ids,
        form.choices(),
        actor=actor,
        new_id=form.cleaned_data["new_id"],
    )
    for picture in form.shown_pictures:
        alt = form.alts()[picture.pk]
        if alt != picture.alt:
            actions.describe_picture(picture.pk, alt, actor=actor)
    return post


def go_on(request: StaffRequest, post: Post, form: ComposerForm) -> Step:
    """After saving: take the pictures in, then do what the button says. A refusal is told; the draft is safe."""
    refused = _take_pictures(post, form, request.user)
    for sentence in refused:
        messages.error(request, sentence)
    verb, _colon, which = form.do.partition(":")
    if picture_id := one_id(which):
        _change_pictures(verb, post, picture_id, request.user)
        return Step(post.pk, stays=True, anchor="#pictures")
    if verb == "add_pictures" or refused:
        messages.success(request, _("Saved. Describe each picture for those who cannot see it."))
        return Step(post.pk, stays=True, anchor="#pictures")
    try:
        messages.success(request, _press(verb, post, form, request.user))
    except Refusal as refusal:
        messages.error(
            request, _("It is saved, but it does not go out yet. %(why)s") % {"why": refusal.message}
        )
        return Step(post.pk, stays=True)
    return Step(post.pk)


def _take_pictures(post: Post, form: ComposerForm, actor: Member) -> list[str]:
    """Add what was uploaded and what was ticked; give back the sentences about what was refused."""
    refused = []
    for file in form.cleaned_data["pictures"]:
        try:
            actions.add_picture(post.pk, file, actor=actor)
        except Refusal as refusal:
            refused.append(_("%(name)s: %(why)s") % {"name": file.name, "why": refusal.message})
    for key in form.product_picture_ids:
        try:
            actions.add_product_picture(post.pk, key, actor=actor)
        except Refusal as refusal:
            refused.append(refusal.message)
    return refused


def _change_pictures(verb: str, post: Post, picture_id: UUID, actor: Member) -> None:
    """Leave a picture out, or move it one place."""
    if verb == "picture_remove":
        actions.remove_picture(picture_id, actor=actor)
        return
    order = [picture.pk for picture in queries.post_detail(post.pk).pictures]
    if picture_id in order and verb in ("picture_earlier", "picture_later"):
        place = order.index(picture_id)
        other = place + (-1 if verb == "picture_earlier" else 1)
        if 0 <= other < len(order):
            order[place], order[other] = order[other], order[place]
            actions.order_pictures(post.pk, order, actor=actor)


def _press(verb: str, post: Post, form: ComposerForm, actor: Member) -> str:
    """Do what the pressed button says; return the sentence that tells it."""
    post = queries.find_post(post.pk)
    due_at = form.cleaned_data["due_at"]
    if verb == "publish":
        actions.publish_now(post.pk, post.version, actor=actor)
        return _("The post goes out now.")
    if verb == "submit":
        actions.submit_for_review(post.pk, post.version, actor=actor)
        return _("The post waits for approval.")
    waits = any(row.state == "scheduled" for row in form.publications)
    moved = waits and due_at is not None and form.post is not None and due_at != _minute(form.post.due_at)
    if verb == "schedule" or moved:
        actions.schedule_post(post.pk, post.version, due_at, actor=actor)
        return _("The post is scheduled.")
    return _("The post is saved.")


def _minute(moment: datetime | None) -> datetime | None:
    """A moment as a form shows it: without its seconds."""
    return moment.replace(second=0, microsecond=0) if moment else None
