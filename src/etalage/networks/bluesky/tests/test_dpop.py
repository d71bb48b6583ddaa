"""Proofs: what they say, who can check them, and the nonce that a server asks for."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from etalage.kit import clock
from etalage.networks.base import Accepted, Account, ChannelRefused, NotAccepted, Page, Reason, Unknown
from etalage.networks.bluesky import dpop
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.oauth import Session
from etalage.networks.bluesky.records import post_uri
from etalage.networks.bluesky.tests.posts import delivery, rendition
from etalage.networks.bluesky.tests.program import Program, Told


@pytest.fixture
def key() -> str:
    return dpop.new_key()


@pytest.fixture
def bound(told: Account, key: str) -> Account:
    """An account whose token is bound to the key."""
    session = Session(
        key, "https://shop.example/client.json", "", told.base_url, told.base_url, told.base_url
    )
    return replace(told, memory=session.text())


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def checked(proof: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a proof, once the key that it names has verified its signature."""
    head, body, signature = proof.split(".")
    header = json.loads(decoded(head))
    x, y = (int.from_bytes(decoded(header["jwk"][name])) for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raw = decoded(signature)
    assert len(raw) == 64
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    public.verify(encode_dss_signature(r, s), f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
    return header, json.loads(decoded(body))


def test_a_proof_says_what_it_is_for_and_nothing_of_the_private_key(key: str) -> None:
    proof = dpop.proof(key, "POST", "https://pds.example/xrpc/a.b.c?x=1#y", "the-token", "the-nonce")
    header, claims = checked(proof)
    assert header["typ"] == "dpop+jwt" and header["alg"] == "ES256"
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}
    assert (claims["htm"], claims["htu"]) == ("POST", "https://pds.example/xrpc/a.b.c")
    assert claims["nonce"] == "the-nonce" and abs(claims["iat"] - clock.now().timestamp()) < 5
    digest = hashlib.sha256(b"the-token").digest()
    assert decoded(claims["ath"]) == digest
    again = checked(dpop.proof(key, "POST", "https://pds.example/xrpc/a.b.c", "the-token"))[1]
    assert again["jti"] != claims["jti"] and "nonce" not in again
    assert key not in proof and decoded(key) not in decoded(proof.split(".")[0])


def test_a_proof_that_was_changed_or_signed_by_another_is_seen(key: str) -> None:
    head, body, signature = dpop.proof(key, "GET", "https://pds.example/").split(".")
    other = dpop.proof(dpop.new_key(), "GET", "https://pds.example/").split(".")
    for wrong in ([head, other[1], signature], [head, body, other[2]], [other[0], body, signature]):
        with pytest.raises(InvalidSignature):
            checked(".".join(wrong))


def test_keys_short_in_their_numbers_keep_their_length() -> None:
    """A number with zeros in front, of which one key in 256 has one, is written whole (RFC 7518, 6.2)."""
    for number in (1, 2, 3, 255, 65536):
        key = base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip("=")
        jwk = dpop.public_jwk(key)
        assert len(decoded(jwk["x"])) == len(decoded(jwk["y"])) == 32
        checked(dpop.proof(key, "GET", "https://pds.example/"))


def test_the_thumbprint_is_that_of_the_standard() -> None:
    """The one of key number 1, by the recipe of RFC 7638 written out."""
    key = base64.urlsafe_b64encode((1).to_bytes(32)).decode().rstrip("=")
    jwk = dpop.public_jwk(key)
    text = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    assert jwk["x"] == "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY"  # of the curve's own base point
    assert decoded(dpop.thumbprint(key)) == hashlib.sha256(text.encode()).digest()


def wants(nonce: str, **told: Any) -> Told:
    """A server that asks for its nonce, as RFC 9449 has it."""
    body = {"error": "use_dpop_nonce", "error_description": "Words"}
    return Told(body, 401, {"dpop-nonce": nonce, **told})


def proofs(program: Program) -> list[dict[str, Any]]:
    return [checked(asked.headers["dpop"])[1] for asked in program.asked]


def test_a_server_that_asks_for_its_nonce_gets_it_and_is_remembered(
    program: Program, network: BlueskyConnector, bound: Account
) -> None:
    listed = Told({"notifications": []}, 200, {"dpop-nonce": "two"})
    program.tell("listNotifications", wants("one"), listed)
    assert isinstance(network.fetch(bound, ""), Page)
    assert isinstance(network.fetch(bound, ""), Page)
    assert [claims.get("nonce") for claims in proofs(program)] == [None, "one", "two"]
    assert {asked.headers["authorization"] for asked in program.asked} == {"DPoP access"}
    assert len({claims["jti"] for claims in proofs(program)}) == 3


def test_the_nonce_may_be_asked_for_in_the_head_alone(
    program: Program, network: BlueskyConnector, bound: Account
) -> None:
    head = {"www_authenticate": 'DPoP realm="x", error="use_dpop_nonce"', "dpop-nonce": "one"}
    program.tell("listNotifications", Told(raw=b"", status=401, headers=head), Told({"notifications": []}))
    assert isinstance(network.fetch(bound, ""), Page)


def test_a_post_that_was_refused_for_its_nonce_is_written_once(
    program: Program, network: BlueskyConnector, bound: Account
) -> None:
    facts = delivery(network)
    uri = post_uri(bound, facts.client_key)
    program.tell("putRecord", wants("one"), Told({"uri": uri}))
    assert isinstance(network.commit(bound, rendition(facts), facts), Accepted)
    assert program.count("putRecord") == 2
    assert program.asked[0].body == program.asked[1].body


def test_a_server_that_is_never_content_has_accepted_nothing(
    program: Program, network: BlueskyConnector, bound: Account
) -> None:
    facts = delivery(network)
    program.tell("putRecord", wants("one"), wants("two"))
    outcome = network.commit(bound, rendition(facts), facts)
    assert outcome == NotAccepted(Reason.PLATFORM_DOWN, None, "use_dpop_nonce")
    assert program.count("putRecord") == 2


def test_without_a_nonce_to_give_nothing_is_sent_again(
    program: Program, network: BlueskyConnector, bound: Account
) -> None:
    facts = delivery(network)
    program.tell("putRecord", Told({"error": "use_dpop_nonce"}, 401))
    assert isinstance(network.commit(bound, rendition(facts), facts), NotAccepted)
    program.tell("putRecord", Told({"error": "use_dpop_nonce"}, 401, {"dpop-nonce": "x" * 501}))
    assert isinstance(network.commit(bound, rendition(facts), facts), NotAccepted)
    assert program.count("putRecord") == 2


@pytest.mark.parametrize("answer", [Told(hang_up=True), Told(status=500, raw=b""), Told(raw=b"<html>")])
def test_an_answer_lost_after_the_nonce_is_a_doubt_like_any_other(
    answer: Told, program: Program, network: BlueskyConnector, bound: Account
) -> None:
    facts = delivery(network)
    program.tell("putRecord", wants("one"), answer)
    assert isinstance(network.commit(bound, rendition(facts), facts), Unknown)
    assert program.count("putRecord") == 2


def test_a_clock_that_is_wrong_is_no_dead_access(
    program: Program, network: BlueskyConnector, bound: Account
) -> None:
    program.fail("listNotifications", 401, "invalid_dpop_proof")
    assert network.fetch(bound, "") == ChannelRefused(Reason.MISCONFIGURED, "invalid_dpop_proof")
    program.fail("listNotifications", 401, "invalid_token")
    assert network.fetch(bound, "") == ChannelRefused(Reason.AUTH_DEAD, "invalid_token")


def test_nothing_secret_shows_in_an_account_or_a_session(bound: Account, key: str) -> None:
    session = Session.read(bound.memory)
    assert session and session.key == key
    assert key not in repr(bound) + repr(session)
