"""A passkey of our own (WebAuthn, level 2): a key pair that registers and signs as a browser's does."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from etalage.accounts.models import Member

HOST = "testserver"
PRESENT = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class Passkey:
    """One key pair; what it answers is what a browser would post."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = os.urandom(16)

    def registered(self, challenge: str = "anything") -> dict[str, Any]:
        """The answer to being asked to register."""
        key = ES256.from_cryptography_key(self._key.public_key())
        made = AttestedCredentialData.create(b"\0" * 16, self._id, key)
        data = AuthenticatorData.create(_host(), PRESENT | AuthenticatorData.FLAG.AT, 1, made)
        attested = websafe_encode(AttestationObject.create("none", data, {}))
        return self._answer(_client("webauthn.create", challenge), attestationObject=attested)

    def signed(self, challenge: str, member: Member) -> dict[str, Any]:
        """The answer to being asked who it is."""
        client, data = _client("webauthn.get", challenge), AuthenticatorData.create(_host(), PRESENT, 2)
        signature = self._key.sign(bytes(data) + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            client,
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signature),
            userHandle=websafe_encode(user_pk_to_url_str(member).encode()),
        )

    def _answer(self, client: bytes, **more: str) -> dict[str, Any]:
        name = websafe_encode(self._id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": {"clientDataJSON": websafe_encode(client), **more},
            "clientExtensionResults": {"credProps": {"rk": True}},
        }


def _host() -> bytes:
    return hashlib.sha256(HOST.encode()).digest()


def _client(kind: str, challenge: str) -> bytes:
    said = {"type": kind, "challenge": challenge, "origin": f"http://{HOST}", "crossOrigin": False}
    return json.dumps(said).encode()
