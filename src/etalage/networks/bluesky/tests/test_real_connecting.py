"""Connecting to the real network with an app password, and keeping the access alive without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from etalage.kit import clock
from etalage.networks.base import (
    Abilities,
    Accepted,
    CannotTell,
    ChannelRefused,
    Connected,
    Connector,
    Editor,
    Measurer,
    Mechanism,
    NotAccepted,
    Publisher,
    Reason,
    Receiver,
    Rejected,
    Renewer,
    Tokens,
)
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.tests.posts import delivery, publish, rendition
from tests.peers.bluesky import BlueskyNetwork, Person, until

pytestmark = pytest.mark.peers


def connected(network: BlueskyConnector, shop: Person) -> Connected:
    answer = network.connect(shop.server, f"\u202a@{shop.handle}\u2069 ", f" {shop.app_password}\n")
    assert isinstance(answer, Connected), answer
    return answer


def test_an_app_password_opens_the_account_and_is_not_kept(network: BlueskyConnector, shop: Person) -> None:
    answer = connected(network, shop)

    account, tokens = answer.account, answer.tokens
    assert (account.remote_id, account.handle, account.base_url) == (shop.did, shop.handle, shop.server)
    assert answer.profile_url == f"https://bsky.app/profile/{shop.did}"
    assert tokens is not None and tokens.access == account.token and tokens.refresh
    assert tokens.scopes == ("com.atproto.appPass",)
    assert tokens.expires_at is not None
    assert timedelta(minutes=5) < tokens.expires_at - clock.now() <= timedelta(hours=2)
    assert shop.app_password not in str([vars(account), vars(tokens)])
    assert shop.app_password not in repr(answer) and tokens.access not in repr(answer)
    assert answer.abilities.mechanism is Mechanism.CLIENT_KEY
    assert (answer.abilities.picture_max_bytes, answer.abilities.text_limit) == (2_000_000, 300)
    for protocol in (Connector, Publisher, Editor, Receiver, Measurer, Renewer):
        assert isinstance(network, protocol)


def test_the_name_that_the_owner_gave_the_account_is_its_name_here(
    network: BlueskyConnector, shop: Person
) -> None:
    profile = {"$type": "app.bsky.actor.profile", "displayName": "Maison Lune 🌙"}
    record = {"repo": shop.did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": profile}
    shop.call("com.atproto.repo.putRecord", record)
    assert until(lambda: connected(network, shop).name == "Maison Lune 🌙")


@pytest.mark.parametrize("wrong", ["password", "handle", "both"])
def test_a_wrong_password_or_handle_is_refused_alike(
    wrong: str, network: BlueskyConnector, shop: Person
) -> None:
    handle = shop.handle if wrong == "password" else "nobody.test"
    word = shop.app_password if wrong == "handle" else "aaaa-bbbb-cccc-dddd"
    assert network.connect(shop.server, handle, word) == ChannelRefused(
        Reason.AUTH_DEAD, "AuthenticationRequired"
    )


def test_the_accounts_own_password_is_not_taken(network: BlueskyConnector, shop: Person) -> None:
    answer = network.connect(shop.server, shop.handle, shop.password)
    assert answer == ChannelRefused(Reason.WHOLE_ACCOUNT)


def test_a_server_inside_the_house_that_nobody_named_is_not_called(
    network: BlueskyConnector, shop: Person
) -> None:
    port = shop.server.rpartition(":")[2]
    for address in (f"http://127.0.0.1:{port}", f"https://127.0.0.1:{port}", f"https://localhost:{port}"):
        answer = network.connect(address, shop.handle, shop.app_password)
        assert answer == NotAccepted(Reason.INSIDE_ADDRESS, detail="inside_address"), address


def test_the_access_is_renewed_without_the_password_also_when_an_answer_was_lost(
    network: BlueskyConnector, shop: Person
) -> None:
    first = connected(network, shop)
    assert first.tokens is not None
    renewed = network.renew(first.account, first.tokens.refresh)
    assert isinstance(renewed, Tokens) and renewed.refresh != first.tokens.refresh
    again = network.renew(first.account, first.tokens.refresh)  # as if that answer had never come
    assert isinstance(again, Tokens)

    account, facts = replace(first.account, token=again.access), delivery(network)
    assert isinstance(publish(network, account, rendition(facts), facts), Accepted)
    for tokens in (renewed, again):
        assert isinstance(network.renew(account, tokens.refresh), Tokens)


def test_a_withdrawn_app_password_cannot_be_renewed(network: BlueskyConnector, shop: Person) -> None:
    answer = connected(network, shop)
    assert answer.tokens is not None
    shop.ask("com.atproto.server.revokeAppPassword", {"name": "etalage"})
    assert network.renew(answer.account, answer.tokens.refresh) == ChannelRefused(
        Reason.AUTH_DEAD, "ExpiredToken"
    )


def test_no_token_and_a_wrong_one_mean_a_dead_access(network: BlueskyConnector, shop: Person) -> None:
    answer = connected(network, shop)
    assert answer.tokens is not None
    for wrong in ("", "dead", "a.b.c", answer.tokens.refresh):
        account, facts = replace(answer.account, token=wrong), delivery(network)
        for got in (network.abilities(account), network.commit(account, rendition(facts), facts)):
            assert isinstance(got, ChannelRefused) and got.reason is Reason.AUTH_DEAD, (wrong, got)
    assert isinstance(network.renew(answer.account, answer.account.token), ChannelRefused)


def test_a_deactivated_account_wants_its_owner(network: BlueskyConnector, shop: Person) -> None:
    answer, facts = connected(network, shop), delivery(network)
    assert shop.ask("com.atproto.server.deactivateAccount", {}).is_success

    assert isinstance(network.abilities(answer.account), ChannelRefused)
    outcome = network.commit(answer.account, rendition(facts), facts)
    assert isinstance(outcome, ChannelRefused), outcome
    assert outcome.reason is Reason.NEEDS_HUMAN_AT_NETWORK
    again = network.connect(shop.server, shop.handle, shop.app_password)
    assert isinstance(again, ChannelRefused) and again.reason is Reason.NEEDS_HUMAN_AT_NETWORK, again


def test_an_access_that_ended_is_said_to_be_dead(
    bluesky: BlueskyNetwork, network: BlueskyConnector, shop: Person
) -> None:
    account, facts = (
        replace(connected(network, shop).account, token=bluesky.ended_access(shop)),
        delivery(network),
    )
    ended = ChannelRefused(Reason.AUTH_DEAD, "ExpiredToken")
    assert network.commit(account, rendition(facts), facts) == ended
    assert network.abilities(account) == network.fetch(account, "") == ended


def test_an_account_that_was_taken_down_wants_its_owner_and_leaves_doubts_open(
    bluesky: BlueskyNetwork, network: BlueskyConnector, shop: Person
) -> None:
    account, facts = connected(network, shop).account, delivery(network)
    bluesky.take_down(shop)
    refused = ChannelRefused(Reason.NEEDS_HUMAN_AT_NETWORK, "AccountTakedown")
    assert network.commit(account, rendition(facts), facts) == refused
    assert isinstance(network.connect(shop.server, shop.handle, shop.app_password), ChannelRefused)
    for _ in range(20):  # what the server answers changes as the news of it spreads; hidden is never absent
        assert isinstance(network.look(account, facts, clock.now()), CannotTell)


def test_a_post_is_not_edited(network: BlueskyConnector, shop: Person) -> None:
    answer, facts = connected(network, shop), delivery(network)
    made = publish(network, answer.account, rendition(facts), facts)
    assert isinstance(made, Accepted)
    before = shop.posts()
    edited = network.edit(answer.account, made.remote_id, rendition(facts, text="Changed:"), facts)
    assert edited == Rejected(Reason.NO_EDITING)
    assert shop.posts() == before
    assert isinstance(answer.abilities, Abilities) and not answer.abilities.can_edit
