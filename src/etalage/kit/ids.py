"""Identifiers: UUIDv7 for rows, short codes for people."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import uuid

from etalage.kit import clock

# No 0/O, 1/I/L; no vowels and no U, so that no word appears by accident.
UNAMBIGUOUS = "23456789BCDFGHJKMNPQRSTVWXYZ"

_TAIL_BITS = 74  # rand_a (12) and rand_b (62) of RFC 9562, taken as one number
_STEP_BITS = 32
_DRAWN_AT_ONCE = 128  # steps: each call to the system lets another thread in, which costs more than the call


class _Sequence:
    """Time and tail of the last id: ids of one process only ever grow (RFC 9562, section 6.2, method 2)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millis = 0
        self._tail = 0
        self._drawn = b""

    def next(self) -> tuple[int, int]:
        with self._lock:
            millis = clock.now_millis()
            if millis > self._millis:
                self._millis, self._tail = millis, self._random(_TAIL_BITS - 1)
            else:  # same millisecond, or a clock that went back
                self._tail += 1 + self._random(_STEP_BITS)
                if self._tail >> _TAIL_BITS:
                    self._millis, self._tail = self._millis + 1, self._random(_TAIL_BITS - 1)
            return self._millis, self._tail

    def _random(self, bits: int) -> int:
        """So many bits that nobody can guess, out of what was drawn from the system before; each is used once."""
        many = (bits + 7) // 8
        if len(self._drawn) < many:
            self._drawn = os.urandom(_DRAWN_AT_ONCE * 4)
        taken, self._drawn = self._drawn[:many], self._drawn[many:]
        return int.from_bytes(taken, "big") >> (8 * many - bits)

    def restart(self) -> None:
        self.__init__()  # type: ignore[misc]


_sequence = _Sequence()
os.register_at_fork(after_in_child=_sequence.restart)


def uuid7() -> uuid.UUID:
    """A new UUIDv7 (RFC 9562): sorts by time of making, strictly growing within a process."""
    return uuid.UUID(int=_number())


def uuid7_hex() -> str:
    """The 32 digits of a new UUIDv7, for half of what it costs by way of a `UUID`."""
    return f"{_number():032x}"


def _number() -> int:
    millis, tail = _sequence.next()
    rand_a, rand_b = tail >> 62, tail & ((1 << 62) - 1)
    return (millis & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b


def short_code(length: int, alphabet: str = UNAMBIGUOUS) -> str:
    """A code that cannot be guessed and can be read aloud."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def steady_code(seed: str, length: int, alphabet: str = UNAMBIGUOUS) -> str:
    """A code that is the same each time for the same seed, for what must be found again by who has only the seed."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    signs = []
    for _sign in range(length):
        number, place = divmod(number, len(alphabet))
        signs.append(alphabet[place])
    return "".join(signs)
