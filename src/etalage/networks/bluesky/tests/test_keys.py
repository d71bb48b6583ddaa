"""The record key: the network's own form, the same for every attempt, and no two alike."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from etalage.kit.ids import uuid7
from etalage.networks.bluesky.keys import record_key

TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def test_every_key_has_the_networks_form() -> None:
    for publication in [str(uuid7()), str(uuid4()), "17", "", "ع"]:
        assert TID.fullmatch(record_key(publication)), publication


def test_a_publication_always_has_the_same_key_and_others_have_other_keys() -> None:
    publications = [str(uuid7()) for _ in range(2000)]
    keys = [record_key(publication) for publication in publications]
    assert keys == [record_key(publication) for publication in publications]
    # All of them were made within a few milliseconds; a meeting is one in a million per pair of one millisecond.
    assert len(set(keys)) >= 1990


def test_the_keys_time_is_the_one_at_which_the_publication_was_made() -> None:
    # Milliseconds; not `uuid7()`, whose time never goes back when a test's clock did.
    made = 1_795_000_000_123
    key = record_key(str(UUID(int=made << 80 | 0x7 << 76 | 0b10 << 62 | 5)))
    number = 0
    for sign in key:
        number = number << 5 | ALPHABET.index(sign)
    assert (number >> 10) // 1000 == made


def test_a_known_key_stays_as_it_is() -> None:
    """A changed rule would let a publication that is under way go out under a second key."""
    assert record_key("019ff000-0000-7000-8000-000000000001") == "3mssa2222cpnm"
