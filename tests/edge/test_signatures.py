"""When a signature is believed, and what is said where it is not."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from etalage.edge.signatures import WINDOW_S, Reason, is_near, judge

NOW = 1_800_000_000.0


@pytest.mark.parametrize("away", [-WINDOW_S, -1, 0, 1, WINDOW_S])
def test_a_moment_within_the_window_is_near(away: int) -> None:
    assert is_near(f"{NOW + away:.0f}", NOW)


@pytest.mark.parametrize(
    "moment",
    [
        *(f"{NOW + away:.0f}" for away in (-WINDOW_S - 1, WINDOW_S + 1, -(10**8), 10**8)),
        f"{NOW * 1000:.0f}",  # milliseconds
        *("", " ", "now", "NaN", "inf", "-inf", "None", "0", "-1", "1.8e9", "1800000000.0", "1_800_000_000"),
        *(
            " 1800000000",
            "1800000000\n",
            "+1800000000",
            "-1800000000",
            "1800000000, 1800000000",
            "0x6b49d200",
        ),
        *("١٨٠٠٠٠٠٠٠٠", "１８００００００００", "²", "9" * 13, "9" * 5000, "\ud800"),
    ],
)
def test_a_moment_outside_of_it_or_none_at_all_is_refused_without_an_error(moment: str) -> None:
    assert is_near(moment, NOW) is False


def said(raw: bytes, moment: str | None, secret: str = "a secret") -> Reason:
    def fits(_secret: str, _headers: Mapping[str, str], raw: bytes) -> bool:
        return raw == b"genuine"

    return judge(secret, fits, {}, raw, moment=moment).reason


def test_the_signature_is_judged_before_the_moment() -> None:
    late = str(int(time.time()) - WINDOW_S - 1)
    assert said(b"genuine", str(int(time.time()))) is Reason.GENUINE
    assert said(b"genuine", late) is Reason.LATE
    assert said(b"genuine", "") is Reason.LATE, "who signs moments and sends none is not believed"
    assert said(b"forged", late) is Reason.FORGED
    assert said(b"genuine", late, secret=" ") is Reason.SECRET_UNSET
    assert said(b"genuine", None) is Reason.GENUINE, "a network that signs no moment"
