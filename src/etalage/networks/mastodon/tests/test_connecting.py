"""A pasted token connects its account, and says why when it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from etalage.networks.abilities import Abilities, Mechanism, TextUnit
from etalage.networks.base import (
    Authorization,
    Authorizer,
    ChannelRefused,
    Connected,
    CouldNotRead,
    NotAccepted,
    Reason,
    Tokens,
)
from etalage.networks.mastodon.authorizing import SCOPES, missing_scopes
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.networks.mastodon.tests.conftest import Fake
from etalage.networks.mastodon.tests.fake_instance import APPLICATION

LACKS = 'Bearer realm="Doorkeeper", error="insufficient_scope"'
VERIFY = "GET /api/v1/accounts/verify_credentials"


def test_a_token_connects_its_account_with_the_instances_own_limits(
    fake: Fake, network: MastodonConnector
) -> None:
    connected = network.connect(f" {fake.origin}/ ", "", " read write\n")
    assert isinstance(connected, Connected)
    assert connected.account == fake.account()
    assert connected.account.handle.startswith("lune@localhost:")
    assert (connected.name, connected.profile_url) == ("Maison Lune", "https://fake.example/@lune")
    known = connected.abilities
    assert (known.text_limit, known.link_length, known.picture_max_bytes) == (700, 23, 9_000_000)
    assert known.picture_formats == ("image/png",)
    assert (known.mechanism, known.key_valid_for) == (Mechanism.IDEMPOTENCY_KEY, timedelta(hours=1))
    assert (known.text_unit, known.counts_mention_hosts) == (TextUnit.GRAPHEMES, False)


def test_a_server_that_only_speaks_like_mastodon_is_not_trusted_with_keys(
    keyless: Fake, network: MastodonConnector
) -> None:
    known = network.abilities(keyless.account())
    assert isinstance(known, Abilities)
    assert (known.mechanism, known.key_valid_for) == (Mechanism.READ_BACK, None)
    assert (known.text_unit, known.counts_mention_hosts) == (TextUnit.CHARACTERS, True)
    assert known.link_length is None  # it may count links as they stand, whatever it states (Pleroma)


def test_what_the_software_is_stays_open_while_it_cannot_be_asked(
    fake: Fake, network: MastodonConnector
) -> None:
    fake.order("GET /nodeinfo/2.0", status=500)
    assert isinstance(network.abilities(fake.account()), CouldNotRead)
    assert isinstance(network.abilities(fake.account()), Abilities)


@pytest.mark.parametrize("typed", ["@ada@{host}", "http://{host}/@ada"])
def test_a_token_of_another_account_is_refused(typed: str, fake: Fake, network: MastodonConnector) -> None:
    refused = network.connect(typed.format(host=fake.origin.partition("://")[2]), "", "read write")
    assert refused == ChannelRefused(Reason.ACCOUNT_OTHER, "@lune")


def test_a_token_that_may_only_read_is_refused_and_says_what_it_lacks(
    fake: Fake, network: MastodonConnector
) -> None:
    refused = network.connect(fake.origin, "", "read")
    assert refused == ChannelRefused(Reason.PERMISSION_MISSING, "write:statuses write:media")


def test_a_broad_scope_holds_the_narrow_ones() -> None:
    assert missing_scopes(SCOPES) == missing_scopes(("read", "write")) == ""
    assert missing_scopes(("read", "write:media")) == "write:statuses"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 401}, Reason.AUTH_DEAD),
        ({"status": 403}, Reason.NEEDS_HUMAN_AT_NETWORK),
        (
            {"status": 403, "headers": {"www-authenticate": LACKS}},
            Reason.PERMISSION_MISSING,
        ),
        ({"status": 410, "body": ""}, Reason.NEEDS_HUMAN_AT_NETWORK),
        ({"status": 422, "body": ""}, Reason.AUTH_DEAD),
    ],
)
def test_a_refused_account_says_what_a_person_can_do(
    fault: dict[str, object], reason: Reason, fake: Fake, network: MastodonConnector
) -> None:
    fake.order(VERIFY, **fault)
    refused = network.connect(fake.origin, "", "read write")
    assert isinstance(refused, ChannelRefused)
    assert refused.reason is reason


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 404}, Reason.MISCONFIGURED),
        ({"status": 404, "body": "<h1>Not here</h1>"}, Reason.NONSENSE_ANSWER),
        ({"status": 401, "body": "<h1>Members only</h1>"}, Reason.NONSENSE_ANSWER),
        ({"status": 200, "body": "<h1>Welcome</h1>"}, Reason.NONSENSE_ANSWER),
        ({"status": 200, "body": "[]"}, Reason.NONSENSE_ANSWER),
        (
            {"status": 302, "headers": {"location": "https://elsewhere.example/"}, "body": ""},
            Reason.NONSENSE_ANSWER,
        ),
        ({"status": 500}, Reason.PLATFORM_DOWN),
        ({"status": 429, "headers": {"retry-after": "7"}}, Reason.RATE_LIMITED),
        ({"cut": True}, Reason.UNREACHABLE),
        ({"half": True, "accepted": True}, Reason.NONSENSE_ANSWER),
    ],
)
def test_an_instance_that_cannot_say_refuses_nobody(
    fault: dict[str, object], reason: Reason, fake: Fake, network: MastodonConnector
) -> None:
    fake.order(VERIFY, **fault)
    found = network.connect(fake.origin, "", "read write")
    assert isinstance(found, NotAccepted)
    assert found.reason is reason or (fault.get("half") and found.reason is Reason.UNREACHABLE)
    assert found.retry_after == (7.0 if reason is Reason.RATE_LIMITED else None)


def test_an_owner_who_says_no_is_told_that_a_right_is_missing(network: MastodonConnector) -> None:
    assert isinstance(network, Authorizer)
    memory = {"origin": "https://x.example", "client_id": "c", "client_secret": "s"}
    refused = network.finish(memory, "https://shop.example/back/", {"error": "access_denied"})
    assert refused == ChannelRefused(Reason.PERMISSION_MISSING, "access_denied")


def test_a_token_is_taken_back_in_the_name_of_the_program_that_it_was_given_to(
    fake: Fake, network: MastodonConnector
) -> None:
    def ours(secret: str) -> Tokens:
        return Tokens("read write", memory=json.dumps({"client_id": "app", "client_secret": secret}))

    assert network.revoke(fake.account(), ours(APPLICATION)) is None
    (asked,) = fake.asked("/oauth/revoke")
    assert "authorization" not in asked["headers"]
    assert isinstance(network.revoke(fake.account(), ours("another")), ChannelRefused)
    fake.order("POST /oauth/revoke", status=503)
    answer = network.revoke(fake.account(), ours(APPLICATION))
    assert isinstance(answer, CouldNotRead) and answer.reason is Reason.PLATFORM_DOWN


@pytest.mark.parametrize(
    ("username", "scope", "reason"),
    [
        ("ada", "read write", Reason.ACCOUNT_OTHER),
        ("lune", "read", Reason.PERMISSION_MISSING),
        ("lune", "read write", None),
    ],
)
def test_a_token_that_is_not_kept_is_given_back(
    username: str, scope: str, reason: Reason | None, fake: Fake, network: MastodonConnector
) -> None:
    memory = {"origin": fake.origin, "username": username, "client_id": "app", "client_secret": APPLICATION}
    fake.order("POST /oauth/token", status=200, body={"access_token": "read write", "scope": scope})
    found = network.finish(memory, "https://shop.example/back/", {"code": "the-code"})
    assert (found.reason if isinstance(found, ChannelRefused) else None) is reason
    assert len(fake.asked("/oauth/revoke")) == (1 if reason else 0)


def test_a_token_that_ends_is_traded_in_for_a_new_one(fake: Fake, network: MastodonConnector) -> None:
    ours = {"client_id": "app", "client_secret": APPLICATION}
    account = replace(fake.account(), memory=json.dumps(ours))
    made = {"access_token": "new", "refresh_token": "r2", "expires_in": 3600}
    fake.order("POST /oauth/token", status=200, body=made)
    renewed = network.renew(account, "r1")
    assert isinstance(renewed, Tokens)
    assert (renewed.access, renewed.refresh, renewed.expires_at is not None) == ("new", "r2", True)
    (asked,) = fake.asked("/oauth/token")
    assert dict(parse_qsl(asked["body"])) == {"grant_type": "refresh_token", "refresh_token": "r1", **ours}
    fake.order("POST /oauth/token", status=400, body={"error": "invalid_grant"})
    assert network.renew(account, "r2") == ChannelRefused(Reason.AUTH_DEAD, "invalid_grant")
    fake.order("POST /oauth/token", status=503)
    down = network.renew(account, "r2")
    assert isinstance(down, CouldNotRead) and down.reason is Reason.PLATFORM_DOWN
    assert isinstance(network.renew(fake.account(), "r2"), ChannelRefused), "a pasted one is not ours"


def test_a_token_that_was_pasted_is_its_owners_to_take_back(fake: Fake, network: MastodonConnector) -> None:
    assert network.revoke(fake.account(), Tokens("read write")) is None
    assert fake.asked("/oauth/revoke") == []


def test_a_name_with_half_a_sign_connects_and_an_endless_id_does_not(
    fake: Fake, network: MastodonConnector
) -> None:
    odd = {"id": "1", "username": "lune", "display_name": "Maison \ud83c\0", "url": "https://fake.example"}
    fake.order(VERIFY, status=200, body=odd)
    connected = network.connect(fake.origin, "", "read write")
    assert isinstance(connected, Connected) and connected.name == "Maison ?"
    for name in ("id", "username"):
        fake.order(VERIFY, status=200, body={**odd, name: "9" * 300})
        refused = network.connect(fake.origin, "", "read write")
        assert isinstance(refused, NotAccepted) and refused.reason is Reason.NONSENSE_ANSWER


@pytest.mark.parametrize("seconds", [10**18, 1 << 33, 0, -5, True, "3600", None, 3600])
def test_a_token_s_end_that_cannot_be_is_no_end(
    seconds: object, fake: Fake, network: MastodonConnector
) -> None:
    fake.order("POST /api/v1/apps", status=200, body={"client_id": "app", "client_secret": "s"})
    begun = network.begin(fake.origin, "https://shop.example/back")
    assert isinstance(begun, Authorization)
    made = {"access_token": "read write", "expires_in": seconds}
    fake.order("POST /oauth/token", status=200, body=made)
    connected = network.finish(begun.memory, "https://shop.example/back", {"code": "c"})
    assert isinstance(connected, Connected) and connected.tokens is not None
    assert (connected.tokens.expires_at is not None) == (seconds == 3600)


def test_an_application_whose_id_is_half_a_sign_breaks_nothing(
    fake: Fake, network: MastodonConnector
) -> None:
    made = {"client_id": "app\ud800", "client_secret": "s"}
    fake.order("POST /api/v1/apps", status=200, body=made)
    assert isinstance(network.begin(fake.origin, "https://shop.example/back"), Authorization)
