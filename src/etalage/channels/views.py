"""Pages of the shop's channels."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.channels import actions, queries
from etalage.channels.forms import ChannelForm, ConnectForm, networks_on_offer
from etalage.channels.models import Channel
from etalage.kit.errors import Refusal


@require_safe
@require(Role.MEMBER)
def channel_list(request: StaffRequest) -> HttpResponse:
    """All channels with what each can do and whether it works."""
    context = {
        "cards": queries.channel_cards(),
        "can_manage": request.user.may(Role.MANAGER),
        "can_connect": bool(networks_on_offer()),
    }
    partial = request.headers.get("HX-Request") == "true"
    return render(request, "channels/cards.html" if partial else "channels/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def connect(request: StaffRequest) -> HttpResponse:
    """Connect an account; what the network says of it stands beside the form."""
    if not networks_on_offer():
        raise Http404
    form = ConnectForm(request.POST or None, initial={"language": current_business().language})
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            channel = actions.connect_channel(
                "practice",
                settings.PRACTICE_NETWORK,
                facts["token"],
                actor=request.user,
                language=facts["language"],
            )
        except Refusal as refusal:
            form.add_error("token", refusal.message)
        else:
            messages.success(request, _("%(channel)s is connected.") % {"channel": channel.name})
            return redirect("channels:detail", channel.pk)
    status = 422 if form.is_bound else 200
    return render(request, "channels/connect.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def detail(request: StaffRequest, channel_id: UUID) -> HttpResponse:
    """One channel: its name, its language, and the ways to pause, mend or give it up."""
    channel = _found(channel_id)
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
