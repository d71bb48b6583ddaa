"""The record key that we choose for a post before it is sent: the same for every attempt of one publication."""

from __future__ import annotations

import hashlib
from uuid import UUID

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"  # sorts as its numbers do


def record_key(publication_id: str) -> str:
    """A TID (13 letters, atproto.com/specs/tid) out of a publication's id alone.

    Its time is the one at which the publication was made; the digits below a millisecond come from the whole id.
    Two posts of one millisecond may therefore meet once in a million: whoever finds a key taken must look by what.
    """
    digest = int.from_bytes(hashlib.sha256(publication_id.encode()).digest()[:16], "big")
    micros = _millis(publication_id, digest) * 1000 + digest % 1000
    number = micros << 10 | (digest >> 64) % 1024
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


def _millis(publication_id: str, digest: int) -> int:
    """Milliseconds since 1970 of a UUIDv7; of any other id a number that is as good, and always the same."""
    try:
        made = UUID(publication_id)
    except ValueError:
        return (digest >> 80) % (1 << 40)
    return made.int >> 80 if made.version == 7 else (digest >> 80) % (1 << 40)
