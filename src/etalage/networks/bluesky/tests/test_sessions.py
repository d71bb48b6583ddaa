"""Opening and renewing a session: where the account lives, and answers that are none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from etalage.networks import inside
from etalage.networks.base import (
    Account,
    ChannelRefused,
    Connected,
    CouldNotRead,
    NotAccepted,
    Reason,
    Tokens,
)
from etalage.networks.bluesky import directory
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.tests import asked
from etalage.networks.bluesky.tests.program import Program, Told, running

DID = "did:plc:lune"


def token(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.sign"


def session(server: str = "", **more: Any) -> dict[str, Any]:
    """What a server answers to a right password; `server` is where the account's DID document sends us."""
    access = token(scope="com.atproto.appPass", exp=1_800_000_000)
    data = {"did": DID, "handle": "lune.test", "accessJwt": access, "refreshJwt": token(exp=1_900_000_000)}
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": server}
    document = {"didDoc": {"id": DID, "service": [{"id": "#other"}, service]}} if server else {}
    return {**data, **document, **more}


@pytest.fixture(autouse=True)
def _known_to_its_server_alone(program: Program) -> None:
    program.fail("resolveHandle", 400, "InvalidRequest")


def in_order(program: Program) -> None:
    program.tell("getSession", Told({"did": DID}))
    program.tell("describeServer", Told({}))
    program.tell("getRecord", Told({"value": {"displayName": "Maison Lune"}}))


def test_the_account_is_reached_where_its_did_document_says(
    program: Program, network: BlueskyConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as home:
        monkeypatch.setattr(inside, "_origins", {program.address, home.address})
        program.tell("createSession", Told(session(home.address + "/")))
        in_order(home)
        answer = network.connect(program.address + "/", "lune.test", "word")
        assert isinstance(answer, Connected), answer
        assert (answer.account.base_url, answer.name) == (home.address, "Maison Lune")
        assert [one.name for one in program.asked] == ["resolveHandle", "createSession"]
        assert all(b"word" not in one.body for one in home.asked)


def test_a_did_document_cannot_send_us_inside_the_house(program: Program, network: BlueskyConnector) -> None:
    with running() as victim:
        for server, reason in (
            (victim.address, Reason.INSIDE_ADDRESS),
            (victim.address.replace("http", "https"), Reason.INSIDE_ADDRESS),
            ("https://localhost", Reason.INSIDE_ADDRESS),
            ("ftp://x", Reason.MISCONFIGURED),
            ("http://lune.example", Reason.MISCONFIGURED),
        ):
            program.tell("createSession", Told(session(server)))
            answer = network.connect(program.address, "lune.test", "word")
            assert isinstance(answer, NotAccepted) and answer.reason is reason, (server, answer)
        assert victim.asked == []


@pytest.mark.parametrize(
    "document", ["x", [], {"service": "x"}, {"service": [7, {"id": 7}]}, {"service": None}]
)
def test_an_account_whose_document_says_nothing_lives_where_it_signed_in(
    document: Any, program: Program, network: BlueskyConnector
) -> None:
    in_order(program)
    program.tell("createSession", Told(session(didDoc=document)))
    answer = network.connect(program.address, "lune.test", "word")
    assert isinstance(answer, Connected) and answer.account.base_url == program.address


BROKEN = [
    Told(raw=b"<html>"),
    Told({}),
    Told(session(accessJwt="")),
    Told(session(did=7)),
    Told(session(handle="x" * 300)),
    Told([]),
    Told({"error": "InternalServerError"}, 500),
    Told(hang_up=True),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_session_without_an_answer_is_no_dead_account(
    broken: Told, program: Program, network: BlueskyConnector, told: Account
) -> None:
    program.tell("createSession", broken)
    program.tell("refreshSession", broken)
    assert isinstance(network.connect(program.address, "lune.test", "word"), NotAccepted)
    assert isinstance(network.renew(told, "refresh"), CouldNotRead)


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (401, "AuthFactorTokenRequired", Reason.NEEDS_HUMAN_AT_NETWORK),
        (401, "AccountTakedown", Reason.NEEDS_HUMAN_AT_NETWORK),
        (401, "AuthenticationRequired", Reason.AUTH_DEAD),
        (400, "ExpiredToken", Reason.AUTH_DEAD),
    ],
)
def test_a_refused_session_says_what_a_person_must_do(
    status: int, error: str, reason: Reason, program: Program, network: BlueskyConnector, told: Account
) -> None:
    program.fail("createSession", status, error)
    program.fail("refreshSession", status, error)
    assert network.connect(program.address, "lune.test", "word") == ChannelRefused(reason, error)
    assert network.renew(told, "refresh") == ChannelRefused(reason, error)


def test_a_renewal_uses_the_refresh_token_alone(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    program.tell("refreshSession", Told(session()))
    tokens = network.renew(told, "the-refresh-token")
    assert isinstance(tokens, Tokens) and tokens.expires_at is not None
    assert tokens.expires_at.timestamp() == 1_800_000_000
    assert [(one.name, one.token) for one in program.asked] == [("refreshSession", "the-refresh-token")]


@pytest.mark.parametrize(
    "access", ["opaque", "a.b.c", "a.e30.c", token(exp="soon"), token(exp=-1), token(exp=True)]
)
def test_a_token_that_does_not_say_when_it_ends_has_no_known_end(
    access: str, program: Program, network: BlueskyConnector, told: Account
) -> None:
    program.tell("refreshSession", Told(session(accessJwt=access)))
    tokens = network.renew(told, "refresh")
    assert isinstance(tokens, Tokens)
    assert tokens.expires_at is None or tokens.expires_at.year == 1970


def test_the_accounts_own_password_is_refused_and_its_session_closed(
    program: Program, network: BlueskyConnector
) -> None:
    whole = session(accessJwt=token(scope="com.atproto.access"), refreshJwt="its-refresh")
    program.tell("createSession", Told(whole))
    program.tell("deleteSession", Told(raw=b""))
    answer = network.connect(program.address, "lune.test", "the-owners-own")
    assert answer == ChannelRefused(Reason.WHOLE_ACCOUNT)
    assert (program.asked[-1].name, program.asked[-1].token) == ("deleteSession", "its-refresh")


def test_an_app_password_is_shown_to_the_accounts_own_server_alone(
    program: Program, network: BlueskyConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address only has to know the handle; the usual one stands in the form when the account lives elsewhere."""
    with running() as home:
        monkeypatch.setattr(inside, "_origins", {program.address, home.address})
        monkeypatch.setattr(directory, "_origins", [program.address])
        asked.in_order(program)
        program.tell(f"/{asked.DID}", Told(asked.document(home)))
        home.tell("createSession", Told(session(did=asked.DID)))
        in_order(home)
        answer = network.connect(program.address, asked.HANDLE, "word")
        assert isinstance(answer, Connected), answer
        assert answer.account.base_url == home.address
        assert all(b"word" not in one.body for one in program.asked)


def test_a_server_that_knows_the_handle_and_cannot_say_so_is_shown_no_secret(
    program: Program, network: BlueskyConnector
) -> None:
    program.fail("resolveHandle", 503, "Overloaded")
    answer = network.connect(program.address, "lune.test", "word")
    assert isinstance(answer, NotAccepted) and answer.reason is Reason.PLATFORM_DOWN
    assert program.count("createSession") == 0


def test_the_tokens_of_an_account_that_rests_are_kept_and_a_new_session_is_not(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    """The server has replaced the old ones, which soon open nothing any more; each request says that it rests."""
    resting = Told(session(refreshJwt="the-next", active=False, status="deactivated"))
    program.tell("refreshSession", resting)
    tokens = network.renew(told, "refresh")
    assert isinstance(tokens, Tokens) and tokens.refresh == "the-next"

    program.tell("createSession", resting)
    program.tell("deleteSession", Told(raw=b""))
    answer = network.connect(program.address, "lune.test", "word")
    assert answer == ChannelRefused(Reason.NEEDS_HUMAN_AT_NETWORK, "deactivated")
    assert (program.asked[-1].name, program.asked[-1].token) == ("deleteSession", "the-next")
