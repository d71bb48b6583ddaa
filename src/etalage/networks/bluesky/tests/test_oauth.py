"""Signing in at the account's own server: who is believed, and what every wrong answer means."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from etalage.kit import clock
from etalage.networks import inside
from etalage.networks.base import (
    Authorization,
    Client,
    NotAccepted,
    Reason,
)
from etalage.networks.bluesky import directory, dpop, scopes
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.oauth import Session, client_page
from etalage.networks.bluesky.tests import asked
from etalage.networks.bluesky.tests.asked import (
    BACK,
    BROKEN,
    DID,
    HANDLE,
    PAR,
    RESOURCE,
    SERVER,
    TOKEN,
)
from etalage.networks.bluesky.tests.program import Program, Told, running

PAGE = "https://maison-lune.example/channels/client/bluesky.json"
PUBLIC_BACK = "https://maison-lune.example/channels/callback/"


@pytest.fixture(autouse=True)
def _in_order(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_origins", [program.address])
    asked.in_order(program)


# --- The way out --------------------------------------------------------------------------------------------------


def test_what_is_asked_is_told_beforehand_and_the_browser_carries_only_its_name(
    network: BlueskyConnector, program: Program
) -> None:
    question = asked.begun(network, program)
    carried = dict(parse_qsl(urlsplit(question.url).query))
    assert question.url.startswith(f"{program.address}/oauth/authorize?")
    assert set(carried) == {"client_id", "request_uri"} and carried["request_uri"] == "urn:asked:1"
    (pushed,) = [one for one in program.asked if one.name == PAR]
    form = pushed.form()
    assert form["state"] == question.state and len(question.state) >= 43
    digest = hashlib.sha256(question.memory["verifier"].encode()).digest()
    assert form["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert (form["code_challenge_method"], form["response_type"]) == ("S256", "code")
    assert (form["redirect_uri"], form["login_hint"]) == (BACK, HANDLE)
    assert form["scope"].split() == list(scopes.NARROW) and "transition:generic" not in form["scope"]
    assert "dpop" in pushed.headers and question.memory["verifier"] not in pushed.body.decode()
    again = asked.begun(network, program)
    assert again.state != question.state and again.memory["verifier"] != question.memory["verifier"]
    assert Session.read(again.memory["session"]) != Session.read(question.memory["session"])  # another key


def test_a_shop_on_the_person_s_own_machine_is_known_by_where_it_comes_back(
    network: BlueskyConnector, program: Program
) -> None:
    question = network.begin(program.address, "http://localhost:8000/channels/callback/", handle=HANDLE)
    assert isinstance(question, Authorization)
    client_id = parse_qs(urlsplit(question.url).query)["client_id"][0]
    assert client_id.startswith("http://localhost?")
    described = parse_qs(urlsplit(client_id).query)
    assert described["redirect_uri"] == [BACK]  # by its number (RFC 8252, 8.3)
    assert described["scope"][0].split() == list(scopes.ALL)


def test_a_public_shop_is_known_by_its_page_and_signs_each_request_with_its_own_key(
    network: BlueskyConnector, program: Program
) -> None:
    client = Client(PAGE, network.new_client_key())
    question = network.begin(program.address, PUBLIC_BACK, handle=HANDLE, client=client)
    assert isinstance(question, Authorization)
    (pushed,) = [one for one in program.asked if one.name == PAR]
    form = pushed.form()
    assert form["client_id"] == PAGE
    head, body, _ = form["client_assertion"].split(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "===")) for part in (head, body))
    (key,) = client_page(client, PUBLIC_BACK)["jwks"]["keys"]
    assert header["kid"] == key["kid"] == dpop.thumbprint(client.key)
    assert (claims["iss"], claims["sub"], claims["aud"]) == (PAGE, PAGE, program.address)
    assert 0 < claims["exp"] - claims["iat"] <= 60
    ours = clock.now().timestamp()  # a server whose clock is seconds behind ours takes it for one of the past
    assert claims["iat"] < ours - 10 and ours + 30 < claims["exp"]
    assert client.key not in json.dumps(client_page(client, PUBLIC_BACK)) + repr(client) + repr(question)


def test_each_assertion_and_proof_serves_once_also_when_the_nonce_was_asked_for(
    network: BlueskyConnector, program: Program
) -> None:
    wants = Told({"error": "use_dpop_nonce"}, 400, {"dpop-nonce": "one"})
    program.tell(PAR, wants, Told({"request_uri": "urn:asked:1"}, 201))
    client = Client(PAGE, network.new_client_key())
    assert isinstance(
        network.begin(program.address, PUBLIC_BACK, handle=HANDLE, client=client), Authorization
    )
    first, second = [one for one in program.asked if one.name == PAR]
    assert first.form()["client_assertion"] != second.form()["client_assertion"]
    assert first.headers["dpop"] != second.headers["dpop"]


def test_a_server_that_knows_no_narrow_rights_is_asked_for_the_wide_ones(
    network: BlueskyConnector, program: Program
) -> None:
    program.tell(PAR, Told({"error": "invalid_scope"}, 400), Told({"request_uri": "urn:asked:2"}, 201))
    asked.begun(network, program)
    pushed = [one.form()["scope"] for one in program.asked if one.name == PAR]
    assert pushed == [" ".join(scopes.NARROW), "atproto transition:generic"]


@pytest.mark.parametrize(
    "address", ["http://shop.example", "http://192.168.1.8:8000", "https://10.0.0.8", "https://shop"]
)
def test_a_shop_that_no_network_can_read_cannot_ask(network: BlueskyConnector, address: str) -> None:
    assert not network.can_ask(address)


@pytest.mark.parametrize(
    "address", ["https://shop.example", "http://localhost:8000", "http://127.0.0.1", "http://[::1]:80"]
)
def test_a_public_shop_and_one_on_the_person_s_machine_can_ask(
    network: BlueskyConnector, address: str
) -> None:
    assert network.can_ask(address)


# --- Who is meant -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["", "lune", "lune..example", "lune.example/x", "did:key:z6Mk", "did:plc:x", "a b.c"]
)
def test_what_is_no_handle_is_nobody(typed: str, network: BlueskyConnector, program: Program) -> None:
    found = network.begin(program.address, BACK, handle=typed)
    assert isinstance(found, NotAccepted) and found.reason is Reason.ACCOUNT_UNKNOWN
    assert program.asked == []


def test_a_handle_that_nobody_has_is_nobody(network: BlueskyConnector, program: Program) -> None:
    program.fail("resolveHandle", 400, "InvalidRequest")
    found = network.begin(program.address, BACK, handle=HANDLE)
    assert isinstance(found, NotAccepted) and found.reason is Reason.ACCOUNT_UNKNOWN


def test_people_write_handles_in_many_ways(network: BlueskyConnector, program: Program) -> None:
    for typed in (f"@{HANDLE}", f" \u202a{HANDLE.upper()}\u2069 ", f"at://{HANDLE}", DID):
        assert isinstance(network.begin(program.address, BACK, handle=typed), Authorization), typed


def test_a_handle_that_the_account_itself_does_not_claim_is_not_believed(
    network: BlueskyConnector, program: Program
) -> None:
    """A resolver that lies would lead people to somebody else's account."""
    for names in ([], ["at://other.example"], "x", [7], [f"https://{HANDLE}"]):
        program.tell(f"/{DID}", Told(asked.document(program, alsoKnownAs=names)))
        found = network.begin(program.address, BACK, handle=HANDLE)
        assert found == NotAccepted(Reason.ACCOUNT_UNKNOWN, detail="handle not claimed")
    assert program.count(RESOURCE) == 0


def test_a_document_of_another_account_is_not_believed(network: BlueskyConnector, program: Program) -> None:
    program.tell(f"/{DID}", Told(asked.document(program, id="did:plc:" + "x" * 24)))
    assert isinstance(network.begin(program.address, BACK, handle=HANDLE), NotAccepted)


# --- Who speaks for it --------------------------------------------------------------------------------------------

ELSEWHERE = "https://elsewhere.example"
WRONG_RESOURCE: list[dict[str, Any]] = [
    {"resource": ELSEWHERE},
    {"authorization_servers": []},
    {"authorization_servers": "x"},
    {"authorization_servers": [7]},
    {"authorization_servers": ["not an address"]},
    {"authorization_servers": [ELSEWHERE, "https://second.example"]},
    {"authorization_servers": [ELSEWHERE + "/path"]},
]
WRONG_SERVER: list[dict[str, Any]] = [
    {"issuer": ELSEWHERE},
    {"issuer": None},
    {"code_challenge_methods_supported": ["plain"]},
    {"code_challenge_methods_supported": None},
    {"code_challenge_methods_supported": 5},
    {"dpop_signing_alg_values_supported": {"ES256": 1}},
    {"dpop_signing_alg_values_supported": ["RS256"]},
    {"token_endpoint": f"{ELSEWHERE}/token"},
    {"token_endpoint": 7},
    {"pushed_authorization_request_endpoint": ""},
    {"authorization_endpoint": f"{ELSEWHERE}/authorize"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"revocation_endpoint": f"{ELSEWHERE}/revoke"},
]


@pytest.mark.parametrize("wrong", WRONG_RESOURCE)
def test_a_server_that_does_not_say_who_speaks_for_it_is_not_asked(
    wrong: dict[str, Any], network: BlueskyConnector, program: Program
) -> None:
    program.tell(RESOURCE, Told(asked.resource(program, **wrong)))
    found = network.begin(program.address, BACK, handle=HANDLE)
    assert isinstance(found, NotAccepted) and found.reason is Reason.NONSENSE_ANSWER
    assert program.count(PAR) == program.count(SERVER) == 0


@pytest.mark.parametrize("wrong", WRONG_SERVER, ids=str)
def test_a_server_that_contradicts_itself_is_not_asked(
    wrong: dict[str, Any], network: BlueskyConnector, program: Program
) -> None:
    program.tell(SERVER, Told(asked.metadata(program, **wrong)))
    assert isinstance(network.begin(program.address, BACK, handle=HANDLE), NotAccepted)
    assert program.count(PAR) == 0


def test_nothing_leads_inside_the_house(
    network: BlueskyConnector, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece of the chain, when it names a server inside that nobody listed, is where it ends."""
    with running() as victim:
        asked.in_order(victim)
        service = asked.document(victim)["service"]
        elsewhere = {"token_endpoint": f"{victim.address}{TOKEN}"}  # refused whatever place it is
        chain = [
            (f"/{DID}", asked.document(program, service=service), Reason.INSIDE_ADDRESS),
            (
                RESOURCE,
                asked.resource(program, authorization_servers=[victim.address]),
                Reason.INSIDE_ADDRESS,
            ),
            (SERVER, asked.metadata(program, **elsewhere), Reason.MISCONFIGURED),
        ]
        for name, said, reason in chain:
            for address in (victim.address, victim.address.replace("http", "https")):
                asked.in_order(program)
                program.tell(name, Told(json.loads(json.dumps(said).replace(victim.address, address))))
                found = network.begin(program.address, BACK, handle=HANDLE)
                assert isinstance(found, NotAccepted) and found.reason is reason, (name, found)
        assert victim.asked == []

        # The control: a listed one is called.
        monkeypatch.setattr(inside, "_origins", {program.address, victim.address})
        program.tell(chain[0][0], Told(chain[0][1]))
        network.begin(program.address, BACK, handle=HANDLE)
        assert victim.asked != []


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("name", ["resolveHandle", f"/{DID}", RESOURCE, SERVER, PAR])
def test_an_answer_that_is_none_begins_nothing(
    name: str, broken: Told, network: BlueskyConnector, program: Program
) -> None:
    program.tell(name, broken)
    assert isinstance(network.begin(program.address, BACK, handle=HANDLE), NotAccepted)
