"""Pages of the shop's channels."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.channels import actions, queries
from etalage.channels.forms import ChannelForm, networks_on_offer
from etalage.channels.models import Channel


@require_safe
@require(Role.MEMBER)
def channel_list(request: StaffRequest) -> HttpResponse:
    """All channels with what each can do and whether it works."""
    context = {
        "cards": queries.channel_cards(),
        "can_manage": request.user.may(Role.MANAGER),
        "can_connect": bool(networks_on_offer()),
        "left": queries.left_channels() if request.user.may(Role.MANAGER) else [],
        "dead_letters": queries.dead_letter_count() if request.user.may(Role.MANAGER) else 0,
    }
    partial = request.headers.get("HX-Request") == "true"
    return render(request, "channels/cards.html" if partial else "channels/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def detail(request: StaffRequest, channel_id: UUID) -> HttpResponse:
    """One channel: what came in, its name, its language, and the ways to pause, mend or give it up."""
    channel = _found(channel_id)
    if request.headers.get("HX-Request") == "true":
        heard = {"heard": queries.last_heard(channel), "channel": channel}
        return render(request, "channels/heard.html", heard)
    form = ChannelForm(request.POST or None, instance=_found(channel_id))
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["name"] != channel.name:
            actions.rename_channel(channel_id, form.cleaned_data["name"], actor=request.user)
        if form.cleaned_data["language"] != channel.language:
            actions.set_language(channel_id, form.cleaned_data["language"], actor=request.user)
        messages.success(request, _("Saved."))
        return redirect("channels:detail", channel_id)
    context = {
        "card": queries.channel_card(channel),
        "form": form,
        "heard": queries.last_heard(channel),
        "can_connect": bool(networks_on_offer()),
    }
    return render(request, "channels/detail.html", context, status=422 if form.is_bound else 200)


@require_POST
@require(Role.MANAGER)
def pause(request: StaffRequest, channel_id: UUID) -> HttpResponse:
    """Hold the channel's posts back."""
    channel = actions.pause_channel(_found(channel_id).pk, actor=request.user)
    messages.success(request, _("%(channel)s is paused. Its posts wait.") % {"channel": channel.name})
    return redirect("channels:list")


@require_POST
@require(Role.MANAGER)
def resume(request: StaffRequest, channel_id: UUID) -> HttpResponse:
    """Let the channel publish again, once its network agrees."""
    channel = actions.resume_channel(_found(channel_id).pk, actor=request.user)
    messages.success(request, _("%(channel)s publishes again.") % {"channel": channel.name})
    return redirect("channels:list")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def disconnect(request: StaffRequest, channel_id: UUID) -> HttpResponse:
    """Give the channel up, after a page that says what this means."""
    channel = _found(channel_id)
    if request.method != "POST":
        return render(request, "channels/disconnect.html", {"channel": channel})
    actions.disconnect_channel(channel.pk, actor=request.user)
    messages.success(request, _("%(channel)s is disconnected.") % {"channel": channel.name})
    return redirect("channels:list")


def _found(channel_id: UUID) -> Channel:
    """The channel, or 404 when there is none or it was given up."""
    channel = queries.channels_by_id([channel_id]).get(channel_id)
    if channel is None:
        raise Http404
    return channel
