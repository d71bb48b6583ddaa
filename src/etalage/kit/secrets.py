"""Secrets at rest: the first key encrypts, every key decrypts, so that keys can be changed without a stop."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_KEY = 32


class UnreadableSecret(Exception):
    """No key we have opens this secret: it was changed, or its key was taken away."""


class Cipher:
    """Authenticated encryption of short texts. Keys are texts of at least 32 characters, newest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("A cipher needs at least one key.")
        if any(len(key) < SHORTEST_KEY for key in keys):
            raise ValueError(f"A key needs at least {SHORTEST_KEY} characters.")
        self._fernet = MultiFernet([Fernet(_derive(key)) for key in keys])

    def encrypt(self, text: str) -> str:
        """Seal `text` with the newest key."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, sealed: str) -> str:
        """Open what any of the keys sealed; UnreadableSecret otherwise."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as problem:
            raise UnreadableSecret("No key opens this secret.") from problem

    def rotate(self, sealed: str) -> str:
        """Seal again with the newest key."""
        try:
            return self._fernet.rotate(sealed.encode()).decode("ascii")
        except InvalidToken as problem:
            raise UnreadableSecret("No key opens this secret.") from problem


def new_key() -> str:
    """A fresh key for `Cipher`."""
    return secrets.token_urlsafe(48)


def fingerprint(key: str) -> str:
    """A short name of a key that may be shown and stored: it tells keys apart and says nothing about them."""
    return (
        HKDF(algorithm=SHA256(), length=6, salt=None, info=b"etalage name of a key")
        .derive(key.encode())
        .hex()
    )


def keyed_digest(key: str, text: str) -> str:
    """What stands for a text where nobody without the key may find out by guessing which one it is."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"etalage digest of a text").derive(
        key.encode()
    )
    return hmac.digest(derived, text.encode(), "sha256").hex()


def constant_time_equal(one: str | bytes, other: str | bytes) -> bool:
    """Compare without telling by the time it takes where the two differ."""
    return hmac.compare_digest(_octets(one), _octets(other))


def _octets(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _derive(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"etalage secrets at rest").derive(
        key.encode()
    )
    return base64.urlsafe_b64encode(derived)
