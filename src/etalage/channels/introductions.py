"""How this installation introduces itself at networks that read its own public page (OAuth client metadata).

The page stands at the public address, says nothing secret, and is what such a network calls us by.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from etalage.channels.models import Grant, Introduction
from etalage.networks import registry
from etalage.networks.base import Authorizer, Client, Introduced


def can_ask(network: str) -> bool:
    """Whether an account's owner can be asked at this network, as far as our own public address goes."""
    connector = registry.get(network)
    if not isinstance(connector, Authorizer):
        return False
    return not isinstance(connector, Introduced) or connector.can_ask(settings.PUBLIC_ADDRESS)


def return_address() -> str:
    """Where a network sends people back to."""
    return settings.PUBLIC_ADDRESS + reverse("channels:callback")


def introduced(network: str) -> Client | None:
    """Our page and its key, which is made the first time; None where the network reads no page of ours."""
    connector = registry.get(network)
    if not isinstance(connector, Introduced) or not settings.PUBLIC_ADDRESS.startswith("https://"):
        return None
    found, _made = Introduction.objects.get_or_create(
        network=network, defaults={"key": connector.new_client_key()}
    )
    return _client(found)


def is_known_elsewhere(grant: Grant) -> bool:
    """Whether its owner said yes to us at a page where we are no more: then nothing is renewed by it."""
    connector = registry.find(grant.network)
    if not isinstance(connector, Introduced):
        return False
    return connector.page_in(str(grant.memory)) not in ("", _page(grant.network))


def page_of(network: str) -> dict[str, Any] | None:
    """What stands on our page; None until somebody was asked at the network, and where there is none."""
    found = Introduction.objects.filter(network=network).first()
    connector = registry.find(network)
    if found is None or not isinstance(connector, Introduced):
        return None
    return connector.client_page(_client(found), return_address())


def _client(introduction: Introduction) -> Client:
    return Client(_page(introduction.network), str(introduction.key))


def _page(network: str) -> str:
    return settings.PUBLIC_ADDRESS + reverse("channels:client", args=[network])
