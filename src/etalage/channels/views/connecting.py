"""Connecting an account: choose its network, give what that asks for, and come back from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.channels import actions, introductions
from etalage.channels.forms import ConnectForm, networks_on_offer, offer_of
from etalage.channels.models import Channel
from etalage.kit.errors import Refusal

View = Callable[..., HttpResponseBase]


@require_safe
@require(Role.MANAGER)
def choose(request: StaffRequest) -> HttpResponse:
    """The networks that can be connected."""
    offers = networks_on_offer()
    if not offers:
        raise Http404
    return render(request, "channels/choose.html", {"offers": offers})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def connect(request: StaffRequest, network: str) -> HttpResponse:
    """Connect an account; what the network says of it stands beside the form."""
    offer = offer_of(network)
    if offer is None:
        raise Http404
    form = ConnectForm(request.POST or None, offer=offer, initial={"language": current_business().language})
    if request.method == "POST" and form.is_valid():
        try:
            return (
                _ask_there(request, form)
                if form.asks_at_network
                else _connected(request, _typed(request, form))
            )
        except Refusal as refusal:
            form.blame(refusal.code, refusal.message)
    status = 422 if form.is_bound else 200
    return render(request, "channels/connect.html", {"form": form, "offer": offer}, status=status)


def _typed(request: StaffRequest, form: ConnectForm) -> Channel:
    """The channel, by what was typed."""
    facts = form.cleaned_data
    return actions.connect_channel(
        form.offer.network,
        form.address,
        facts.get("token", ""),
        handle=facts.get("handle", ""),
        language=facts["language"],
        actor=request.user,
    )


def _ask_there(request: StaffRequest, form: ConnectForm) -> HttpResponse:
    """A page with the way to the network.

    Not a redirect: the content policy lets no form lead to another site, and people see first where they go.
    """
    way_out = actions.begin_connecting(
        form.offer.network,
        form.address,
        form.cleaned_data["language"],
        handle=form.cleaned_data.get("handle", ""),
        session=_session_of(request),
        actor=request.user,
    )
    return render(request, "channels/go_on.html", {"offer": form.offer, "way_out": way_out})


def called_by_name(view: View) -> View:
    """Lead whoever was sent back to this machine's number to its name, under which their browser is signed in.

    Networks know a shop that runs on the person's own machine by its number alone (RFC 8252, 8.3).
    """

    @wraps(view)
    def named(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        ours = urlsplit(settings.PUBLIC_ADDRESS)
        by_number = ours.netloc.replace("localhost", "127.0.0.1", 1)
        if ours.hostname == "localhost" and request.get_host() == by_number:
            return redirect(settings.PUBLIC_ADDRESS + request.get_full_path())
        return view(request, *args, **kwargs)

    return named


@require_safe
def client(request: HttpRequest, network: str) -> HttpResponse:
    """Who this installation is, for a network that reads it here before it asks anybody (OAuth client metadata)."""
    page = introductions.page_of(network)
    if page is None:
        raise Http404
    return JsonResponse(page)


@never_cache
@require_safe
@called_by_name
@require(Role.MANAGER)
def callback(request: StaffRequest) -> HttpResponse:
    """Where a network sends the person back to, with its answer in the address."""
    answer = {name: values[0] for name, values in request.GET.lists() if len(values) == 1}
    try:
        channel = actions.finish_connecting(answer, session=_session_of(request), actor=request.user)
    except Refusal as refusal:
        return render(request, "channels/not_connected.html", {"refusal": refusal}, status=refusal.status)
    return _connected(request, channel)


def _connected(request: StaffRequest, channel: Channel) -> HttpResponse:
    messages.success(request, _("%(channel)s is connected.") % {"channel": channel.name})
    return redirect("channels:detail", channel.pk)


def _session_of(request: HttpRequest) -> str:
    """The key of the browser's session; somebody who is signed in always has one."""
    return request.session.session_key or ""
