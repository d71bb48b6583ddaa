"""Connecting an account: choose its network, give what that asks for, and come back from it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.channels import actions
from etalage.channels.forms import ConnectForm, networks_on_offer, offer_of
from etalage.channels.models import Channel
from etalage.kit.errors import Refusal


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
        redirect_uri=settings.PUBLIC_ADDRESS + reverse("channels:callback"),
        session=_session_of(request),
        actor=request.user,
    )
    return render(request, "channels/go_on.html", {"offer": form.offer, "way_out": way_out})


@never_cache
@require_safe
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
