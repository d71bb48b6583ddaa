"""Proofs that a request comes from whom the token was given to (DPoP, RFC 9449), signed with ES256 (RFC 7518).

The few lines of JOSE that this takes stand on `cryptography`, which is here already.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from etalage.kit import clock
from etalage.kit.http_network import Answer
from etalage.networks.bluesky.answers import error_of

WANTS_NONCE = "use_dpop_nonce"
SIZE = 32  # bytes of a number on the curve P-256
LONGEST_NONCE = 500
MOST_NONCES = 200
_WANTS_NONCE = re.compile(rf'\bdpop\b.*\berror="{WANTS_NONCE}"', re.I)
_nonces: dict[
    str, str
] = {}  # the last that each server gave; every process learns its own within one request


def new_key() -> str:
    """A fresh private key, as text (its number in base64url). It is a secret: kept encrypted, shown nowhere."""
    return _base64(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(SIZE))


def public_jwk(key: str) -> dict[str, str]:
    """The public half of a key as a JWK (RFC 7517), with just the names that its thumbprint is made of."""
    point = _private(key).public_key().public_numbers()
    return {
        "crv": "P-256",
        "kty": "EC",
        "x": _base64(point.x.to_bytes(SIZE)),
        "y": _base64(point.y.to_bytes(SIZE)),
    }


def thumbprint(key: str) -> str:
    """The short name of a key that anybody can make out of its public half (RFC 7638)."""
    return _digest(json.dumps(public_jwk(key), separators=(",", ":"), sort_keys=True))


def signed(key: str, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """A JWT of these claims (RFC 7519)."""
    parts = ({"alg": "ES256", **header}, claims)
    body = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    r, s = decode_dss_signature(_private(key).sign(body.encode(), ec.ECDSA(SHA256())))
    return f"{body}.{_base64(r.to_bytes(SIZE) + s.to_bytes(SIZE))}"


def proof(key: str, method: str, url: str, token: str = "", nonce: str = "") -> str:
    """A proof for one request with `token`: it serves for this method, this address and this moment alone."""
    parts = urlsplit(url)
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": f"{parts.scheme}://{parts.netloc}{parts.path}",
        "iat": int(clock.now().timestamp()),
    }
    if token:
        claims["ath"] = _digest(token)
    if nonce:
        claims["nonce"] = nonce
    return signed(key, {"typ": "dpop+jwt", "jwk": public_jwk(key)}, claims)


def proved(send: Callable[[str], Answer], key: str, method: str, url: str, token: str = "") -> Answer:
    """The answer to `send(proof)`, sent again once where the server only asks for a nonce of its own.

    Such a server refuses the request before it looks at anything else in it, so that nothing is done twice.
    """
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    answer = send(proof(key, method, url, token, _nonces.get(origin, "")))
    if _learned(origin, answer) and wants_nonce(answer):
        answer = send(proof(key, method, url, token, _nonces.get(origin, "")))
        _learned(origin, answer)
    return answer


def wants_nonce(answer: Answer) -> bool:
    """Whether an answer says no more than that a proof needs the server's nonce (RFC 9449, 8 and 9)."""
    return answer.status in (400, 401) and (
        error_of(answer) == WANTS_NONCE
        or bool(_WANTS_NONCE.search(answer.headers.get("www-authenticate", "")[:1000]))
    )


def _learned(origin: str, answer: Answer) -> bool:
    """Keep the nonce that came with an answer, for the next request."""
    nonce = answer.headers.get("dpop-nonce", "")
    if not nonce or len(nonce) > LONGEST_NONCE:
        return False
    if len(_nonces) >= MOST_NONCES and origin not in _nonces:
        _nonces.clear()  # they live for minutes; whoever needs one gets another
    _nonces[origin] = nonce
    return True


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError for what is no key."""
    number = int.from_bytes(urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    return ec.derive_private_key(number, ec.SECP256R1())


def _digest(text: str) -> str:
    return _base64(hashlib.sha256(text.encode()).digest())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
