"""A channel on a real server with Mastodon's API is given up: the server forgets the access, and so do we."""

from __future__ import annotations

import httpx
import pytest
from django.test import Client

from etalage.channels import actions
from etalage.channels.models import Channel, Grant
from tests.peers.mastodon import SmallServer, connected

pytestmark = [pytest.mark.peers, pytest.mark.django_db]


def opens(origin: str, token: str) -> bool:
    """Whether the server still knows whose token this is."""
    headers = {"authorization": f"Bearer {token}"}
    answer = httpx.get(f"{origin}/api/v1/accounts/verify_credentials", headers=headers, trust_env=False)
    return answer.is_success


def test_the_access_of_a_channel_that_is_given_up_opens_nothing_any_more(
    snac: SmallServer, signed_in: dict[str, Client]
) -> None:
    shop = snac.join("lune")
    channel = connected(signed_in["manager"], shop)
    assert channel.grant is not None
    token = str(channel.grant.access_token)
    assert opens(snac.origin, token)

    given_up = signed_in["manager"].post(f"/channels/{channel.pk}/disconnect/")
    assert given_up.status_code == 302
    actions.leave_network(channel.pk, channel.grant.pk)

    assert Channel.objects.get().state == "disconnected" and not Grant.objects.exists()
    assert not opens(snac.origin, token)
    assert opens(snac.origin, shop.token)  # her own programs go on
