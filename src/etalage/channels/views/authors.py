"""Who spoke to a channel: finding somebody, seeing all that is kept of them, a copy for them, and forgetting them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts.audit import record
from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.channels import actions, personal, queries
from etalage.channels.models import Channel
from etalage.channels.personal import Author

SHOWN = 100


@require_safe
@require(Role.MANAGER)
def people(request: StaffRequest, channel_id: UUID) -> HttpResponse:
    """Who spoke to the channel, the latest first; `q` searches."""
    channel, search = _channel(channel_id), request.GET.get("q", "")[:100]
    context = {"channel": channel, "search": search, "authors": personal.authors_on(channel, search)}
    return render(request, "channels/people.html", context)


@require_safe
@require(Role.MANAGER)
def author(request: StaffRequest, channel_id: UUID, thing: UUID) -> HttpResponse:
    """What one of them wrote and did."""
    channel, found = _author(channel_id, thing)
    said = queries.as_heard(channel, list(personal.said_by(channel, found.author_id)[:SHOWN]))
    context = {"channel": channel, "author": found, "heard": said, "more": found.count - len(said)}
    return render(request, "channels/author.html", context)


@require_POST
@require(Role.MANAGER)
def export(request: StaffRequest, channel_id: UUID, thing: UUID) -> HttpResponse:
    """The copy of their data that somebody may ask for, as a file."""
    channel, found = _author(channel_id, thing)
    record(request.user, "channel.author_exported", channel, count=found.count)
    kept = personal.export_author(channel, found.author_id)
    response = JsonResponse({"kept": kept}, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="{channel.network}-{thing}.json"'
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def erase(request: StaffRequest, channel_id: UUID, thing: UUID) -> HttpResponse:
    """Ask whether to forget them, and do it."""
    channel, found = _author(channel_id, thing)
    if request.method == "POST":
        actions.erase_author(channel.pk, found.author_id, actor=request.user)
        messages.success(request, _("All that they wrote and did is erased here."))
        return redirect("channels:people", channel.pk)
    return render(request, "channels/erase_author.html", {"channel": channel, "author": found})


def _channel(channel_id: UUID) -> Channel:
    """A channel, also one that was given up: what people wrote there is still kept."""
    try:
        return queries.find_channel(channel_id)
    except Channel.DoesNotExist:
        raise Http404 from None


def _author(channel_id: UUID, thing: UUID) -> tuple[Channel, Author]:
    channel = _channel(channel_id)
    found = personal.author_of(channel, thing)
    if found is None:
        raise Http404
    return channel, found
