"""Reading notifications: nothing lost in a long line, nothing twice, nothing stopped by one odd row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from etalage.networks.base import Account, CouldNotRead, Page, ReceivedKind
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.notifications import Place
from etalage.networks.bluesky.tests.program import Asked, Program, Told

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def row(number: int, at: datetime, reason: str = "like", **more: Any) -> dict[str, Any]:
    return {
        "uri": f"at://did:plc:mia/app.bsky.feed.like/{number}",
        "author": {"did": "did:plc:mia", "handle": "mia.test"},
        "reason": reason,
        "reasonSubject": "at://did:plc:lune/app.bsky.feed.post/k",
        "record": {},
        "indexedAt": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **more,
    }


class Stream:
    """The network's list: newest first, a page at a time, each page's cursor being a moment."""

    def __init__(self, program: Program) -> None:
        self.rows: list[dict[str, Any]] = []
        program.answers["listNotifications"] = self  # type: ignore[assignment]
        self.program = program

    def __len__(self) -> int:
        return 1

    def __getitem__(self, _place: int) -> Told:
        asked: Asked = self.program.asked[-1]
        before = asked.params.get("cursor", ["9"])[0]
        rows = sorted(
            (one for one in self.rows if one["indexedAt"] < before), key=lambda one: one["indexedAt"]
        )
        page = rows[::-1][: int(asked.params["limit"][0])]
        return Told({"notifications": page, **({"cursor": page[-1]["indexedAt"]} if page else {})})


@pytest.fixture
def stream(program: Program) -> Stream:
    return Stream(program)


def heard(network: BlueskyConnector, told: Account, cursor: str = "") -> tuple[list[str], str, int]:
    """Everything until there is no more: ids in the order in which they came, the cursor, how many pages."""
    ids: list[str] = []
    for pages in range(1, 50):
        page = network.fetch(told, cursor)
        assert isinstance(page, Page), page
        moments = [item.at for item in page.items]
        assert moments == sorted(moments)
        ids += [item.remote_id for item in page.items]
        cursor = page.cursor
        if not page.more:
            return ids, cursor, pages
    raise AssertionError("it never ends")


def test_a_long_line_is_read_in_pieces_and_nothing_of_it_is_lost(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    stream.rows = [row(number, NOON + timedelta(minutes=number)) for number in range(1234)]
    ids, cursor, pages = heard(network, told)
    assert len(ids) == len(set(ids)) == 1234
    assert pages == 3  # of 500 each

    assert heard(network, told, cursor)[0] == []
    stream.rows += [row(5000 + number, NOON + timedelta(days=2, minutes=number)) for number in range(700)]
    more, _cursor, _pages = heard(network, told, cursor)
    assert len(more) == len(set(more)) == 700


def test_new_rows_while_a_long_line_is_read_come_with_the_next_reading(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    stream.rows = [row(number, NOON + timedelta(minutes=number)) for number in range(600)]
    first = network.fetch(told, "")
    assert isinstance(first, Page) and first.more
    stream.rows.append(row(9999, NOON + timedelta(days=1)))
    rest, cursor, _pages = heard(network, told, first.cursor)
    late, _cursor, _pages = heard(network, told, cursor)
    ids = [item.remote_id for item in first.items] + rest + late
    assert len(ids) == len(set(ids)) == 601


def test_what_was_put_back_by_a_slow_clock_is_heard_once(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    stream.rows = [row(number, NOON + timedelta(minutes=number)) for number in range(50)]
    _ids, cursor, _pages = heard(network, told)
    stream.rows.append(row(77, NOON + timedelta(minutes=10, seconds=1)))
    ids, cursor, _pages = heard(network, told, cursor)
    assert ids == ["at://did:plc:mia/app.bsky.feed.like/77"]
    assert heard(network, told, cursor)[0] == []


def test_two_at_the_same_moment_are_both_heard(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    stream.rows = [row(1, NOON)]
    _ids, cursor, _pages = heard(network, told)
    stream.rows.append(row(2, NOON))
    assert heard(network, told, cursor)[0] == ["at://did:plc:mia/app.bsky.feed.like/2"]


def test_a_cursor_stays_small_and_a_broken_one_begins_again(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    stream.rows = [row(number, NOON + timedelta(seconds=number)) for number in range(950)]
    ids, cursor, _pages = heard(network, told)
    assert len(cursor) < 1700
    half = network.fetch(told, "")
    assert isinstance(half, Page) and len(half.cursor) < 3300
    for broken in ("x", "{}", "[]", "7", '{"newest": 1}', "null", cursor[:-9]):
        assert heard(network, told, broken)[0] == ids
    assert Place.read(cursor).text() == cursor


def test_kinds_that_are_none_of_ours_are_left_out_and_odd_records_stop_nothing(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    rows = [
        row(1, NOON, "starterpack-joined"),
        row(2, NOON, "like-via-repost"),
        row(3, NOON, "reply", record={"text": 7, "langs": "fr", "reply": "odd"}),
        row(4, NOON, "quote", record={"text": "a\0b", "langs": ["FR-be"]}),
        row(
            5,
            NOON,
            "follow",
            reasonSubject=None,
            author={"did": "d", "handle": "handle.invalid", "displayName": 7},
        ),
    ]
    program.tell("listNotifications", Told({"notifications": rows}))
    page = network.fetch(told, "")
    assert isinstance(page, Page)
    reply, quote, follow = page.items
    assert (reply.kind, reply.text, reply.language) == (ReceivedKind.COMMENT, "", "")
    assert (quote.kind, quote.text, quote.language) == (ReceivedKind.SHARE, "ab", "fr")
    assert (follow.kind, follow.on_remote_id, follow.author_name) == (ReceivedKind.FOLLOW, "", "")
    assert follow.url == "https://bsky.app/profile/d"


@pytest.mark.parametrize(
    "rows",
    [None, "x", [7], [{}], [row(1, NOON, indexedAt="soon")], [row(1, NOON, indexedAt="2026-01-01T00:00:00")]],
)
def test_rows_in_another_language_are_nonsense_and_the_place_is_kept(
    rows: Any, program: Program, network: BlueskyConnector, told: Account
) -> None:
    program.tell("listNotifications", Told({"notifications": rows}))
    assert isinstance(network.fetch(told, ""), CouldNotRead)
