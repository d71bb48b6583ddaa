"""Coming back with a code, and living with what it is traded for: who is believed, and what wrong answers mean."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from etalage.networks.base import (
    Account,
    ChannelRefused,
    Connected,
    CouldNotRead,
    NotAccepted,
    Reason,
    Tokens,
)
from etalage.networks.bluesky import directory, scopes
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.tests import asked
from etalage.networks.bluesky.tests.asked import BACK, BROKEN, DID, HANDLE, REVOKE, SERVER, TOKEN
from etalage.networks.bluesky.tests.program import Program, Told


@pytest.fixture(autouse=True)
def _in_order(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_origins", [program.address])
    asked.in_order(program)


def finished(network: BlueskyConnector, program: Program, **more: str) -> Any:
    """Begun, and come back."""
    question = asked.begun(network, program)
    return network.finish(question.memory, BACK, asked.answer(program, question, **more))


def connected(network: BlueskyConnector, program: Program) -> Account:
    found = finished(network, program)
    assert isinstance(found, Connected), found
    assert found.tokens is not None
    return found.account


# --- The way back -------------------------------------------------------------------------------------------------


def test_a_code_becomes_an_account_whose_tokens_are_bound_to_the_key(
    network: BlueskyConnector, program: Program
) -> None:
    question = asked.begun(network, program)
    found = network.finish(question.memory, BACK, asked.answer(program, question))
    assert isinstance(found, Connected) and found.tokens is not None
    assert (found.account.remote_id, found.account.handle, found.name) == (DID, HANDLE, "Maison Lune")
    assert found.account.base_url == program.address
    (exchange,) = [one for one in program.asked if one.name == TOKEN]
    form = exchange.form()
    assert (form["code"], form["code_verifier"]) == ("the-code", question.memory["verifier"])
    assert form["redirect_uri"] == BACK
    (session,) = [one for one in program.asked if one.name == "getSession"]
    assert session.headers["authorization"] == "DPoP the-access" and session.headers["dpop"]
    assert found.tokens.memory == found.account.memory == question.memory["session"]
    secrets = ["the-access", "the-refresh", json.loads(found.tokens.memory)["key"]]
    assert not [secret for secret in secrets if secret in repr(found) + repr(question)]


@pytest.mark.parametrize("iss", ["https://elsewhere.example", "", None])
def test_another_server_s_answer_is_not_taken_and_gets_no_code(
    iss: str | None, network: BlueskyConnector, program: Program
) -> None:
    question = asked.begun(network, program)
    answer = asked.answer(program, question)
    if iss is None:
        del answer["iss"]
    else:
        answer["iss"] = iss
    assert network.finish(question.memory, BACK, answer) == NotAccepted(Reason.MISCONFIGURED, detail="iss")
    assert program.count(TOKEN) == 0


@pytest.mark.parametrize("sub", ["did:plc:" + "x" * 24, "", None, 7])
def test_who_signed_in_as_somebody_else_connects_nothing_and_the_tokens_are_given_back(
    sub: Any, network: BlueskyConnector, program: Program
) -> None:
    program.tell(TOKEN, Told(asked.tokens(sub=sub)))
    found = finished(network, program)
    assert isinstance(found, ChannelRefused) and found.reason is Reason.ACCOUNT_OTHER
    assert program.count("getSession") == 0
    (revoked,) = [one for one in program.asked if one.name == REVOKE]
    assert revoked.form()["token"] == "the-refresh"


@pytest.mark.parametrize(
    "answer",
    [Told({"did": DID, "active": False}), Told({"error": "InvalidToken"}, 401), Told(status=503, raw=b"")],
)
def test_tokens_of_an_account_that_cannot_be_kept_are_given_back(
    answer: Told, network: BlueskyConnector, program: Program
) -> None:
    program.tell("getSession", answer)
    assert isinstance(finished(network, program), ChannelRefused | NotAccepted)
    (revoked,) = [one for one in program.asked if one.name == REVOKE]
    assert revoked.form()["token"] == "the-refresh"


def test_the_right_that_was_not_given_is_named(network: BlueskyConnector, program: Program) -> None:
    for left_out in scopes.NARROW:
        given = " ".join(scope for scope in scopes.NARROW if scope != left_out)
        program.tell(TOKEN, Told(asked.tokens(scope=given)))
        assert finished(network, program) == ChannelRefused(Reason.PERMISSION_MISSING, left_out)
    program.tell(TOKEN, Told(asked.tokens(scope=None)))
    found = finished(network, program)
    assert found == ChannelRefused(Reason.PERMISSION_MISSING, " ".join(scopes.NARROW))
    assert program.count(REVOKE) == len(scopes.NARROW) + 1


@pytest.mark.parametrize(
    "given",
    [
        "atproto transition:generic",
        "atproto repo:* blob:*/* rpc:*?aud=did:web:api.bsky.app%23bsky_appview transition:generic",
        "atproto repo?collection=app.bsky.feed.post&collection=app.bsky.feed.like blob?accept=image/* "
        "rpc?aud=*&lxm=app.bsky.feed.getPosts&lxm=app.bsky.notification.listNotifications",
        "atproto repo:app.bsky.feed.post?action=create&action=update&action=delete blob:*/* "
        "rpc:app.bsky.feed.getPosts?aud=* rpc:app.bsky.notification.listNotifications?aud=*",
    ],
)
def test_the_same_rights_in_other_words_are_enough(given: str) -> None:
    assert scopes.missing(given) == ""


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ("repo:app.bsky.feed.post?action=create", "repo:app.bsky.feed.post"),
        ("repo:app.bsky.feed.like", "repo:app.bsky.feed.post"),
        ("blob:image/png", "blob:image/*"),
        ("blob:video/*", "blob:image/*"),
        ("rpc:app.bsky.feed.getPosts?aud=did:web:other.example", "rpc:app.bsky.feed.getPosts?aud=*"),
        ("transition:email", "atproto"),
    ],
)
def test_a_right_that_is_less_is_missing(given: str, lacks: str) -> None:
    assert lacks in scopes.missing(given).split()


@pytest.mark.parametrize(
    "wrong",
    [
        Told(asked.tokens(access_token="")),
        Told(asked.tokens(access_token=7)),
        Told(asked.tokens(token_type="Bearer")),
        Told(asked.tokens(token_type=None)),
        *BROKEN,
    ],
)
def test_an_answer_without_tokens_connects_nothing(
    wrong: Told, network: BlueskyConnector, program: Program
) -> None:
    program.tell(TOKEN, wrong)
    assert isinstance(finished(network, program), NotAccepted)


def test_a_code_that_is_dead_is_said_to_be(network: BlueskyConnector, program: Program) -> None:
    program.tell(TOKEN, Told({"error": "invalid_grant", "error_description": "Words"}, 400))
    assert finished(network, program) == ChannelRefused(Reason.AUTH_DEAD, "invalid_grant")


def test_a_server_that_keeps_the_tokens_to_itself_all_the_same_connects_nothing(
    network: BlueskyConnector, program: Program
) -> None:
    """What cannot be given back ends by itself; that is no reason to keep it."""
    program.tell(TOKEN, Told(asked.tokens(sub="did:plc:" + "x" * 24)))
    program.tell(REVOKE, Told(hang_up=True))
    found = finished(network, program)
    assert isinstance(found, ChannelRefused) and found.reason is Reason.ACCOUNT_OTHER


# --- Afterwards ---------------------------------------------------------------------------------------------------


def test_a_renewal_gives_new_tokens_for_the_same_key(network: BlueskyConnector, program: Program) -> None:
    account = connected(network, program)
    program.tell(TOKEN, Told(asked.tokens(access_token="second", refresh_token="second-refresh")))
    renewed = network.renew(account, "the-refresh")
    assert isinstance(renewed, Tokens)
    assert (renewed.access, renewed.refresh, renewed.memory) == ("second", "second-refresh", account.memory)
    assert renewed.expires_at is not None
    form = program.asked[-1].form()
    assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "the-refresh")
    assert "code" not in form and program.asked[-1].headers["dpop"]


@pytest.mark.parametrize("code", ["invalid_grant", "unauthorized_client"])
def test_a_dead_refresh_token_means_connect_again(
    code: str, network: BlueskyConnector, program: Program
) -> None:
    account = connected(network, program)
    program.tell(TOKEN, Told({"error": code}, 400))
    assert network.renew(account, "the-refresh") == ChannelRefused(Reason.AUTH_DEAD, code)


def test_tokens_of_somebody_else_are_never_kept(network: BlueskyConnector, program: Program) -> None:
    account = connected(network, program)
    program.tell(TOKEN, Told(asked.tokens(sub="did:plc:" + "x" * 24)))
    assert network.renew(account, "the-refresh") == ChannelRefused(Reason.AUTH_DEAD, "sub")


@pytest.mark.parametrize("broken", BROKEN)
def test_a_renewal_without_an_answer_is_no_dead_account(
    broken: Told, network: BlueskyConnector, program: Program
) -> None:
    account = connected(network, program)
    program.tell(TOKEN, broken)
    assert isinstance(network.renew(account, "the-refresh"), CouldNotRead)


@pytest.mark.parametrize("code", ["invalid_client_metadata", "invalid_client"])
def test_what_is_wrong_with_our_page_or_our_clock_is_no_dead_account(
    code: str, network: BlueskyConnector, program: Program
) -> None:
    """An assertion from a second that the server has not seen yet is "invalid_client" to it; the token lives on."""
    account = connected(network, program)
    program.tell(TOKEN, Told({"error": code}, 400))
    found = network.renew(account, "the-refresh")
    assert isinstance(found, CouldNotRead) and found.reason is Reason.MISCONFIGURED


def test_a_server_that_asks_for_patience_gets_it(network: BlueskyConnector, program: Program) -> None:
    account = connected(network, program)
    program.tell(TOKEN, Told({"error": "slow_down"}, 429, {"retry-after": "90"}))
    assert network.renew(account, "the-refresh") == CouldNotRead(Reason.RATE_LIMITED, 90.0, "slow_down")


def test_a_session_that_is_not_needed_any_more_is_given_back(
    network: BlueskyConnector, program: Program
) -> None:
    account = connected(network, program)
    tokens = Tokens("the-access", "the-refresh", memory=account.memory)
    assert network.revoke(account, tokens) is None
    assert program.asked[-1].form()["token"] == "the-refresh"
    program.tell(REVOKE, Told({"error": "invalid_grant"}, 400))
    assert network.revoke(account, tokens) is None
    program.tell(REVOKE, Told(hang_up=True))
    assert isinstance(network.revoke(account, tokens), CouldNotRead)
    by_password = replace(tokens, memory="")
    program.tell("deleteSession", Told(raw=b""))
    assert network.revoke(replace(account, memory=""), by_password) is None
    assert (program.asked[-1].name, program.asked[-1].token) == ("deleteSession", "the-refresh")


def test_a_server_that_takes_nothing_back_is_not_asked_to(
    network: BlueskyConnector, program: Program
) -> None:
    program.tell(SERVER, Told(asked.metadata(program, revocation_endpoint=None)))
    program.tell(TOKEN, Told(asked.tokens(sub="did:plc:" + "x" * 24)))
    found = finished(network, program)
    assert isinstance(found, ChannelRefused) and found.reason is Reason.ACCOUNT_OTHER
    assert program.asked[-1].name == TOKEN
