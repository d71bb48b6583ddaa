"""What networks tell can be written down, whatever their JSON holds: a definite answer must not be lost in writing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from etalage.kit.http_network import Answer
from etalage.networks.base import (
    Abilities,
    Accepted,
    Account,
    CannotTell,
    ChannelRefused,
    Connected,
    CouldNotRead,
    Found,
    Mechanism,
    NotAccepted,
    Page,
    Prepared,
    Reason,
    Received,
    ReceivedKind,
    Rejected,
    Tokens,
    Unknown,
)
from etalage.networks.wire import id_of, json_of, object_of, web_address

ODD = "half \ud83d and \0 none"
TOLD = "half ? and  none"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ACCOUNT = Account("practice", "http://localhost", "t", "1", "lune", Mechanism.NONE)


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (Accepted(ODD, ODD), ("remote_id", "url")),
        (Rejected(Reason.UNKNOWN, ODD), ("detail",)),
        (NotAccepted(Reason.UNKNOWN, None, ODD), ("detail",)),
        (Unknown(Reason.UNKNOWN, ODD), ("detail",)),
        (ChannelRefused(Reason.UNKNOWN, ODD), ("detail",)),
        (Prepared(ODD, ODD), ("part_name", "remote_id")),
        (Found(ODD, ODD), ("remote_id", "url")),
        (CannotTell(Reason.UNKNOWN, ODD), ("detail",)),
        (CouldNotRead(Reason.UNKNOWN, None, ODD), ("detail",)),
        (Tokens(ODD, ODD, memory=ODD), ("access", "refresh", "memory")),
        (Connected(ACCOUNT, Abilities(1, Mechanism.NONE, settle=NOW - NOW), ODD, profile_url=ODD), ("name",)),
        (Page((), ODD), ("cursor",)),
        (Received(ReceivedKind.COMMENT, ODD, ODD, ODD, ODD, NOW, ODD), ("remote_id", "author_name", "text")),
    ],
)
def test_what_was_told_is_storable_whoever_made_it(told: Any, names: tuple[str, ...]) -> None:
    assert [getattr(told, name) for name in names] == [TOLD] * len(names)


def test_reasons_and_scopes_stay_what_they_are() -> None:
    assert Rejected(Reason.GONE).reason is Reason.GONE
    assert Tokens("a", scopes=("read", ODD)).scopes == ("read", TOLD)
    assert len(Rejected(Reason.UNKNOWN, "x" * 400).detail) == 300


@pytest.mark.parametrize(
    "told",
    [
        "The access token abcd1234efgh5678ijkl9012mnop is not valid",
        "Authorization: Bearer abcd1234efgh5678ijkl9012mnop",
        '{"access_token": "abcd1234efgh5678ijkl9012mnop"}',
    ],
)
def test_a_token_that_a_network_repeats_is_not_kept(told: str) -> None:
    assert "abcd1234" not in Rejected(Reason.UNKNOWN, told).detail
    assert "abcd1234" not in ChannelRefused(Reason.AUTH_DEAD, told).detail


def test_json_comes_out_storable_however_deep() -> None:
    raw = b'{"a\\ud800": [{"b": "c\\u0000d"}, 1, null], "e": "\xed\xa0\x80"}'
    assert json_of(Answer(200, {}, raw)) == {"a?": [{"b": "cd"}, 1, None], "e": "?"}
    deep = b'{"a":' + b"[" * 600 + b"]" * 600 + b"}"
    assert object_of(Answer(200, {}, deep)) is None or len(object_of(Answer(200, {}, deep)) or {}) == 1


@pytest.mark.parametrize("thing", [{}, {"id": 7}, {"id": ""}, {"id": "x" * 201}, [], None, "id"])
def test_what_is_no_id_that_we_can_keep_is_none(thing: Any) -> None:
    assert id_of(thing) == ""
    assert id_of({"id": "x" * 200}) == "x" * 200


@pytest.mark.parametrize("url", [None, 7, "", "javascript:alert(1)", "https://" + "x" * 500])
def test_no_address_but_one_of_a_page_is_kept(url: Any) -> None:
    assert web_address({"url": url}) == ""
    assert web_address({"url": "https://a.example/1"}) == "https://a.example/1"
