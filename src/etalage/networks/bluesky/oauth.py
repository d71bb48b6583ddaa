"""Signing in at the account's own server (OAuth 2.1 as atproto.com/specs/oauth asks for it).

The authorization server is found from the account (DID → its server → the server's authorization server), asked
beforehand (PAR, RFC 9126), with a code challenge (PKCE, RFC 7636) and a key that all tokens are bound to (DPoP).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from etalage.kit import clock
from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks.base import ChannelRefused, Client, NotAccepted, Reason, Tokens
from etalage.networks.bluesky import dpop, scopes
from etalage.networks.bluesky.answers import error_of, retry_after
from etalage.networks.bluesky.identity import Identity, document_at
from etalage.networks.bluesky.wire import origin_of
from etalage.networks.wire import client_for, not_sent, object_of, text_of, texts_of

Refused = ChannelRefused | NotAccepted

APP_NAME = "Etalage"
ENDPOINTS = (
    "authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "token_endpoint",
    "revocation_endpoint",  # the only one that a server may lack
)
#: At most two requests are made with a refresh token: together shorter than the lock under which it is used.
TOKEN_SECONDS = 25.0
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIVES = 60  # seconds
#: A server takes no assertion from the future, be it of a moment, and none that is older than a minute.
BACKDATED_S = 15
_DEAD = frozenset({"invalid_grant", "unauthorized_client"})
#: Our page, our key, or this machine's clock (what it signs is then "invalid_client"): mended here, the tokens live on.
_OURS = frozenset({"invalid_client", "invalid_client_metadata", "invalid_redirect_uri", "invalid_dpop_proof"})


@dataclass(frozen=True)
class Server:
    """An authorization server, by its own words (RFC 8414)."""

    issuer: str
    asks_at: str  # where a person is sent
    pushed_at: str
    token_at: str
    revoked_at: str  # empty where a server does not offer it


@dataclass(frozen=True)
class Session:
    """What tokens are bound to, kept encrypted beside them: the key of their proofs, and who was introduced to whom."""

    key: str = field(repr=False)
    client_id: str
    client_key: str = field(repr=False)  # empty for an installation that can show no page
    issuer: str
    token_at: str
    revoked_at: str

    def text(self) -> str:
        """For storing."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, memory: str) -> Session | None:
        """The inverse of `text`; None for a session that was opened with an app password."""
        return cls(**json.loads(memory)) if memory else None


def client_id_of(client: Client | None, redirect_uri: str) -> str:
    """How this installation is called at a server: by its page, or as a program on the person's own machine."""
    if client:
        return client.page
    asked = [("scope", " ".join(scopes.ALL)), ("redirect_uri", redirect_uri)]
    return f"http://localhost?{urlencode(asked)}"


def back_here(redirect_uri: str) -> str:
    """Where the person comes back to; this machine by its number, as its name is not allowed (RFC 8252, 8.3)."""
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.hostname != "localhost":
        return redirect_uri
    return parts._replace(netloc="127.0.0.1" + (f":{parts.port}" if parts.port else "")).geturl()


def client_page(client: Client, redirect_uri: str) -> dict[str, Any]:
    """The page by which this installation is known (OAuth client metadata); its key's public half stands there."""
    key = dpop.public_jwk(client.key)
    named = {**key, "kid": dpop.thumbprint(client.key), "alg": "ES256", "use": "sig"}
    return {
        "client_id": client.page,
        "client_name": APP_NAME,
        "client_uri": f"{origin_of(client.page)}/",
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [redirect_uri],
        "scope": " ".join(scopes.ALL),
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "dpop_bound_access_tokens": True,
        "jwks": {"keys": [named]},
    }


def server_of(account: Identity, seconds: float) -> Server | Refused:
    """The authorization server that speaks for an account: the one that the account's own server names."""
    resource = document_at(account.server, "/.well-known/oauth-protected-resource", seconds)
    if not isinstance(resource, dict):
        return resource
    named = texts_of(resource, "authorization_servers")
    issuer = named[0] if len(named) == 1 else ""
    if text_of(resource, "resource") != account.server or not issuer or origin_of(issuer) != issuer:
        return NotAccepted(Reason.NONSENSE_ANSWER, detail="protected resource")
    facts = document_at(issuer, "/.well-known/oauth-authorization-server", seconds)
    if not isinstance(facts, dict):
        return facts
    can = ("S256", "code_challenge_methods_supported"), ("ES256", "dpop_signing_alg_values_supported")
    if text_of(facts, "issuer") != issuer or not all(word in texts_of(facts, name) for word, name in can):
        return NotAccepted(Reason.NONSENSE_ANSWER, detail="authorization server")
    # People and secrets are led to no other place than the server itself.
    asks_at, pushed_at, token_at, revoked_at = (text_of(facts, name) for name in ENDPOINTS)
    if not all(origin_of(url) == issuer for url in (asks_at, pushed_at, token_at, revoked_at or issuer)):
        return NotAccepted(Reason.MISCONFIGURED, detail="endpoints")
    return Server(issuer, asks_at, pushed_at, token_at, revoked_at)


@dataclass(frozen=True)
class Pushed:
    """A question that the server has taken down; the person's browser carries only its name."""

    request_uri: str
    verifier: str = field(repr=False)


def push(server: Server, session: Session, redirect_uri: str, state: str, handle: str) -> Pushed | Refused:
    """Tell the server what will be asked: for narrow rights, and for wide ones where it knows no others."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    form = {
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "login_hint": handle,
    }
    made = posted(session, server.pushed_at, {**form, "scope": " ".join(scopes.NARROW)})
    if isinstance(made, NotAccepted) and made.detail == "invalid_scope":
        made = posted(session, server.pushed_at, {**form, "scope": " ".join(scopes.WIDE)})
    if not isinstance(made, dict):
        return made
    name = text_of(made, "request_uri")
    if not name:
        return NotAccepted(Reason.NONSENSE_ANSWER, detail="request_uri")
    return Pushed(name, verifier)


def posted(
    session: Session, url: str, form: Mapping[str, str], *, is_silent: bool = False
) -> dict[str, Any] | Refused:
    """What the authorization server answers to a form, with a proof and, where we have a page, in our own name.

    `is_silent`: an answer without a word is one too.
    """

    def send(proof: str) -> Answer:
        fields = {**form, "client_id": session.client_id, **_in_our_name(session)}
        headers = {"accept": "application/json", "dpop": proof}
        return client_for(origin_of(url)).request(
            "POST", url, data=fields, headers=headers, timeout=TOKEN_SECONDS
        )

    try:
        answer = dpop.proved(send, session.key, "POST", url)
    except NotSent as error:
        return not_sent(error)
    except AnswerLost as error:
        return NotAccepted(Reason.UNREACHABLE, detail=error.reason)
    data = {} if is_silent and answer.ok else object_of(answer)
    return data if answer.ok and data is not None else _refusal(answer)


def revoke(session: Session, token: str) -> Refused | None:
    """Have the server forget a session by one of its tokens (RFC 7009); None when that is done, or cannot be."""
    if not session.revoked_at or not token:
        return None
    made = posted(session, session.revoked_at, {"token": token}, is_silent=True)
    return None if isinstance(made, dict) else made


def tokens_of(session: Session, made: Mapping[str, Any], did: str) -> Tokens | Refused:
    """The tokens in an answer, when they are for the account `did` and bound to our key."""
    access, refresh, seconds, scope = (
        made.get(name) for name in ("access_token", "refresh_token", "expires_in", "scope")
    )
    if not isinstance(access, str) or not access or str(made.get("token_type", "")).lower() != "dpop":
        return NotAccepted(Reason.NONSENSE_ANSWER, detail="tokens")
    if made.get("sub") != did:
        return ChannelRefused(Reason.ACCOUNT_OTHER, str(made.get("sub", "")))
    is_time = isinstance(seconds, int) and 0 < seconds < 1 << 31
    return Tokens(
        access,
        refresh if isinstance(refresh, str) else "",
        clock.now() + timedelta(seconds=int(seconds)) if is_time and seconds else None,
        tuple(scope.split()) if isinstance(scope, str) else (),
        session.text(),
    )


def _in_our_name(session: Session) -> dict[str, str]:
    """A fresh proof that we are who the page says (RFC 7523); each serves once."""
    if not session.client_key:
        return {}
    made = int(clock.now().timestamp()) - BACKDATED_S
    claims = {
        "iss": session.client_id,
        "sub": session.client_id,
        "aud": session.issuer,
        "jti": secrets.token_urlsafe(16),
        "iat": made,
        "exp": made + ASSERTION_LIVES,
    }
    header = {"kid": dpop.thumbprint(session.client_key)}
    return {
        "client_assertion_type": ASSERTION,
        "client_assertion": dpop.signed(session.client_key, header, claims),
    }


def _refusal(answer: Answer) -> Refused:
    """What an answer without tokens means (RFC 6749, 5.2; RFC 9449, 5). Its words decide nothing."""
    code = error_of(answer)
    if answer.status == 429:
        return NotAccepted(Reason.RATE_LIMITED, retry_after(answer), code)
    if answer.status >= 500:
        return NotAccepted(Reason.PLATFORM_DOWN, retry_after(answer), f"HTTP {answer.status}")
    if not 400 <= answer.status < 500 or not code:
        return NotAccepted(Reason.NONSENSE_ANSWER, detail=f"HTTP {answer.status}")
    if code in _DEAD:
        return ChannelRefused(Reason.AUTH_DEAD, code)
    if code == "access_denied":
        return ChannelRefused(Reason.PERMISSION_MISSING)
    if code == dpop.WANTS_NONCE:
        return NotAccepted(Reason.PLATFORM_DOWN, detail=code)
    reason = Reason.MISCONFIGURED if code in _OURS else Reason.UNKNOWN
    return NotAccepted(reason, detail=code)
