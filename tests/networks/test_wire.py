"""How long a network asks us to wait, whatever its clocks and headers say."""

from __future__ import annotations

import pytest

from etalage.kit.http_network import Answer
from etalage.networks.wire import LONGEST_WAIT, retry_after

LAST = "Fri, 31 Dec 9999 23:59:59 -1200"  # a moment that UTC has no year for


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "9" * 400}, LONGEST_WAIT),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:09 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 9.0),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": LAST}, 1.0),
        ({"retry-after": LAST, "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, LONGEST_WAIT),
        ({"retry-after": LAST, "date": LAST}, LONGEST_WAIT),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:09 -0000"}, None),  # nobody knows where
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_a_number_of_seconds_or_none(headers: dict[str, str], seconds: float | None) -> None:
    found = retry_after(Answer(429, headers, b""))
    assert found == seconds
