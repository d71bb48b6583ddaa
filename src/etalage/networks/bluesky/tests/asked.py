"""A server that is everything at once — resolver, directory, the account's own, the one that asks — and says what it is
told. For what the real ones cannot be made to say."""

from __future__ import annotations

from typing import Any

from etalage.networks.base import Authorization
from etalage.networks.bluesky import scopes
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.tests.program import Program, Told

DID = "did:plc:" + "lune2345" * 3
HANDLE = "lune.example"
BACK = "http://127.0.0.1:8000/channels/callback/"
RESOURCE = "well-known/oauth-protected-resource"
SERVER = "well-known/oauth-authorization-server"
PAR, TOKEN, REVOKE = "/oauth/par", "/oauth/token", "/oauth/revoke"


#: Answers that are none.
BROKEN = [
    Told(raw=b"<!doctype html><title>Sign in to the hotel's network</title>"),
    Told(raw=b'{"issuer": "http'),
    Told(raw=b""),
    Told([]),
    Told(status=302, headers={"location": "/elsewhere"}, raw=b""),
    Told(raw=b"{}", length=500),
    Told(hang_up=True),
    Told({"error": "x"}, 503),
    Told({"error": 7}, 400),
]


def document(program: Program, **more: Any) -> dict[str, Any]:
    """What the directory knows of the account."""
    service = {
        "id": "#atproto_pds",
        "type": "AtprotoPersonalDataServer",
        "serviceEndpoint": program.address,
    }
    return {"id": DID, "alsoKnownAs": [f"at://{HANDLE}"], "service": [service], **more}


def resource(program: Program, **more: Any) -> dict[str, Any]:
    """Who speaks for the account's server."""
    return {"resource": program.address, "authorization_servers": [program.address], **more}


def metadata(program: Program, **more: Any) -> dict[str, Any]:
    """What the server that asks says of itself."""
    return {
        "issuer": program.address,
        "authorization_endpoint": f"{program.address}/oauth/authorize",
        "pushed_authorization_request_endpoint": f"{program.address}{PAR}",
        "token_endpoint": f"{program.address}{TOKEN}",
        "revocation_endpoint": f"{program.address}{REVOKE}",
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ["ES256"],
        **more,
    }


def tokens(**more: Any) -> dict[str, Any]:
    """What a code or a refresh token is given for."""
    return {
        "access_token": "the-access",
        "token_type": "DPoP",
        "refresh_token": "the-refresh",
        "expires_in": 3600,
        "scope": " ".join(scopes.NARROW),
        "sub": DID,
        **more,
    }


def in_order(program: Program) -> None:
    """All of it as it should be."""
    program.tell("resolveHandle", Told({"did": DID}))
    program.tell(f"/{DID}", Told(document(program)))
    program.tell(RESOURCE, Told(resource(program)))
    program.tell(SERVER, Told(metadata(program)))
    program.tell(PAR, Told({"request_uri": "urn:asked:1", "expires_in": 300}, 201))
    program.tell(TOKEN, Told(tokens()))
    program.tell(REVOKE, Told(raw=b""))
    program.tell("getSession", Told({"did": DID}))
    program.tell("describeServer", Told({}))
    program.tell("getRecord", Told({"value": {"displayName": "Maison Lune"}}))


def begun(network: BlueskyConnector, program: Program, **options: Any) -> Authorization:
    """The question, taken down."""
    found = network.begin(program.address, BACK, handle=HANDLE, **options)
    assert isinstance(found, Authorization), found
    return found


def answer(program: Program, asked: Authorization, **more: str) -> dict[str, str]:
    """What the person comes back with."""
    return {"code": "the-code", "iss": program.address, "state": asked.state, **more}
