"""Ids sort by time and never repeat; codes can be read aloud."""

from __future__ import annotations

import os
import threading
import uuid
from datetime import UTC, datetime

import pytest
import time_machine

from etalage.kit.ids import UNAMBIGUOUS, _Sequence, short_code, uuid7, uuid7_hex


def test_an_id_is_a_version_7_uuid_of_the_rfc_variant_that_tells_its_time() -> None:
    moment = datetime(2033, 5, 18, 3, 33, 20, 123000, tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        made = uuid7()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == 2_000_000_000_123


def test_the_digits_alone_are_the_same_sequence() -> None:
    made = [uuid7().hex, uuid7_hex(), uuid7().hex, uuid7_hex()]
    assert made == sorted(set(made)) and all(uuid.UUID(hex=one).version == 7 for one in made)


def test_ids_of_one_process_only_grow_also_within_a_millisecond() -> None:
    ids = [uuid7() for _ in range(20_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_ids_keep_growing_when_the_clock_goes_back() -> None:
    before = uuid7()
    with time_machine.travel(datetime(2001, 1, 1, tzinfo=UTC), tick=False):
        assert uuid7() > before


def test_an_exhausted_millisecond_borrows_the_next() -> None:
    sequence = _Sequence()
    sequence._millis = millis = 1 << 47
    sequence._tail = (1 << 74) - 1
    assert sequence.next()[0] == millis + 1


def test_threads_never_make_the_same_id() -> None:
    made: list[uuid.UUID] = []
    threads = [
        threading.Thread(target=lambda: made.extend([uuid7() for _ in range(3_000)])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 12_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_starts_a_sequence_of_its_own() -> None:
    reading, writing = os.pipe()
    with time_machine.travel(datetime(2040, 1, 1, tzinfo=UTC), tick=False):
        uuid7()
        child = os.fork()
        if child == 0:
            os.write(writing, uuid7().bytes)
            os._exit(0)
        os.waitpid(child, 0)
        own = uuid7()
    theirs = uuid.UUID(bytes=os.read(reading, 16))
    os.close(reading)
    os.close(writing)
    # A continued sequence would be at most 2**32 steps away.
    assert abs(own.int - theirs.int) > 1 << 33


def test_a_code_has_no_letters_that_are_mistaken_or_make_words() -> None:
    code = short_code(400)
    assert len(code) == 400
    assert set(code) <= set(UNAMBIGUOUS)
    assert not set(UNAMBIGUOUS) & set("01OILAEU")
    assert len(set(UNAMBIGUOUS)) == len(UNAMBIGUOUS) == 28


def test_two_codes_differ() -> None:
    assert len({short_code(8) for _ in range(500)}) == 500
