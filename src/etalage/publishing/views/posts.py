"""The list of posts, the page of one, and new words for what is published."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.channels.queries import all_channels
from etalage.kit.errors import Refusal
from etalage.publishing import actions, queries
from etalage.publishing.forms.deeds import WordsForm
from etalage.publishing.queries import PostFilter, PostStatus
from etalage.publishing.queries.history import post_history
from etalage.publishing.views.border import found, one_id, wants_part

TABS = (
    ("", gettext_lazy("All")),
    (PostStatus.DRAFT, gettext_lazy("Drafts")),
    (PostStatus.REVIEW, gettext_lazy("Wait for approval")),
    (PostStatus.SCHEDULED, gettext_lazy("Scheduled")),
    (PostStatus.PUBLISHED, pgettext_lazy("posts", "Published")),
    (PostStatus.NEEDS_PERSON, gettext_lazy("Need you")),
    (PostStatus.FAILED, gettext_lazy("Not published")),
    (PostStatus.DROPPED, gettext_lazy("Given up")),
)


@require_safe
@require(Role.MEMBER)
def post_list(request: StaffRequest) -> HttpResponse:
    """Posts, newest first, by state, campaign, channel and words."""
    asked = request.GET
    wanted = PostFilter(
        status=asked.get("state", ""),
        campaign_id=one_id(asked.get("campaign")),
        channel_id=one_id(asked.get("channel")),
        product_id=one_id(asked.get("product")),
        words=asked.get("q", ""),
    )
    context = {
        "page": queries.posts(wanted, asked.get("after", ""), asked.get("before", "")),
        "wanted": wanted,
        "filtered": wanted != PostFilter(),
        "tabs": TABS,
        "campaigns": queries.campaigns(),
        "channels": all_channels(),
    }
    part = "publishing/parts/post_list.html" if wants_part(request) else "publishing/posts.html"
    return render(request, part, context)


@require_safe
@require(Role.MEMBER)
def post(request: StaffRequest, post_id: UUID) -> HttpResponse:
    """One post: what it says, how it fares on each channel, and what can be done now."""
    detail = found(queries.post_detail, post_id)
    context = {
        "detail": detail,
        "post": detail.post,
        "may": queries.post_actions(detail.post, detail.publications, request.user),
        "history": post_history(post_id),
    }
    part = "publishing/parts/post_body.html" if wants_part(request) else "publishing/post.html"
    return render(request, part, context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def edit_published(request: StaffRequest, post_id: UUID) -> HttpResponse:
    """New words for what stands on the networks, where they can change it."""
    detail = found(queries.post_detail, post_id)
    initial = {"text": detail.post.text, "version": detail.post.version}
    form = WordsForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        version, words = form.cleaned_data["version"] or 0, form.cleaned_data["text"]
        try:
            changed = actions.edit_published(post_id, version, words, actor=request.user)
        except Refusal as refusal:
            form.add_error(None, refusal.message)
            status = refusal.status
        else:
            _tell(request, changed)
            return redirect("publishing:post", post_id)
    context = {"post": detail.post, "form": form, "publications": detail.publications}
    return render(
        request,
        "publishing/edit_published.html",
        context,
        status=422 if form.errors and status == 200 else status,
    )


def _tell(request: StaffRequest, changed: actions.Changed) -> None:
    if changed.asked:
        messages.success(request, _("The networks are asked to change the words."))
    if changed.cannot:
        names = ", ".join(row.channel.name for row in changed.cannot)
        messages.warning(
            request, _("These channels cannot change what stands there: %(names)s.") % {"names": names}
        )
