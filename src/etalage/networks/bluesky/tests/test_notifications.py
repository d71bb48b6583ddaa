"""Reading notifications: nothing lost in a long line, nothing twice, nothing stopped by one odd row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from etalage.kit import clock
from etalage.networks.base import Account, CouldNotRead, Page, ReceivedKind
from etalage.networks.bluesky import notifications as room
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
        self.muted: set[str] = set()  # taken off a page after it was cut, as the network does
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
        shown = [one for one in page if one.get("uri") not in self.muted]
        return Told({"notifications": shown, **({"cursor": page[-1]["indexedAt"]} if page else {})})


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    """All that the tests tell of lies behind."""
    with time_machine.travel(NOON + timedelta(days=1000)):
        yield


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
    stream.rows = [row(number, NOON + timedelta(hours=number)) for number in range(1234)]
    ids, cursor, pages = heard(network, told)
    assert len(ids) == len(set(ids)) == 1234
    assert pages == 3  # of 500 each

    assert heard(network, told, cursor)[0] == []
    stream.rows += [row(5000 + number, NOON + timedelta(days=60, hours=number)) for number in range(700)]
    more, _cursor, _pages = heard(network, told, cursor)
    assert len(more) == len(set(more)) == 700


def test_a_page_of_people_who_are_muted_hides_nobody_behind_them(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    stream.rows = [row(number, NOON + timedelta(hours=number)) for number in range(450)]
    stream.muted = {one["uri"] for one in stream.rows[100:400]}
    ids, cursor, _pages = heard(network, told)
    assert len(ids) == len(set(ids)) == 150
    assert heard(network, told, cursor)[0] == []
    assert {tuple(asked.params["priority"]) for asked in stream.program.asked} == {("false",)}


def test_new_rows_while_a_long_line_is_read_come_with_the_next_reading(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    stream.rows = [row(number, NOON + timedelta(hours=number)) for number in range(600)]
    first = network.fetch(told, "")
    assert isinstance(first, Page) and first.more
    stream.rows.append(row(9999, NOON + timedelta(days=30)))
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


@pytest.mark.parametrize("back", [timedelta(hours=2), timedelta(hours=23)])
def test_what_was_put_back_by_hours_is_heard_in_a_quiet_stream(
    stream: Stream, network: BlueskyConnector, told: Account, back: timedelta
) -> None:
    stream.rows = [row(number, NOON + timedelta(hours=number)) for number in range(130)]
    _ids, cursor, _pages = heard(network, told)
    stream.rows.append(row(777, NOON + timedelta(hours=129, seconds=1) - back))
    ids, cursor, _pages = heard(network, told, cursor)
    assert ids == ["at://did:plc:mia/app.bsky.feed.like/777"]
    assert heard(network, told, cursor)[0] == []


def test_a_busy_stream_is_read_again_only_so_far(
    stream: Stream, network: BlueskyConnector, told: Account, program: Program
) -> None:
    """Of 1,200 in an hour and thousands a day: the sure hour whole, and then 500."""
    stream.rows = [row(number, NOON + timedelta(seconds=3 * number)) for number in range(6000)]
    _ids, cursor, _pages = heard(network, told)
    asked = program.count("listNotifications")
    stream.rows.append(row(7777, NOON + timedelta(seconds=3 * 5999) - timedelta(minutes=59)))
    ids, _cursor, _pages = heard(network, told, cursor)
    assert "at://did:plc:mia/app.bsky.feed.like/7777" in ids
    assert program.count("listNotifications") - asked == 18  # 1,200 of the hour and 500 beyond, 100 a page


def test_one_odd_row_is_set_aside_and_the_others_are_heard(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    odd = [
        row(2, NOON + timedelta(minutes=2), author={"did": "did:plc:no_handle"}),
        {**row(3, NOON + timedelta(minutes=3)), "reason": ["reply"]},
        row(4, NOON + timedelta(minutes=4), "reply", record=None),
        {"indexedAt": (NOON + timedelta(minutes=5)).isoformat()},
    ]
    stream.rows = [row(1, NOON), *odd, row(6, NOON + timedelta(minutes=6))]
    page = network.fetch(told, "")
    assert isinstance(page, Page)
    assert [item.remote_id[-1] for item in page.items] == ["1", "6"]
    assert sorted(page.odd) == sorted(json.dumps(one, sort_keys=True) for one in odd)
    after = network.fetch(told, page.cursor)
    assert isinstance(after, Page) and (after.items, after.odd) == ((), ())
    for one in page.odd:
        with pytest.raises(ValueError):
            network.read_row(told, one.encode())
    again = network.read_row(told, json.dumps(row(1, NOON)).encode())
    assert again == [page.items[0]]


def test_a_row_without_a_moment_moves_the_others_no_less(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    rows = [7, row(1, NOON, indexedAt="soon"), row(2, NOON)]
    program.tell("listNotifications", Told({"notifications": rows}))
    page = network.fetch(told, "")
    assert isinstance(page, Page)
    assert ([item.remote_id[-1] for item in page.items], len(page.odd)) == (["2"], 2)
    again = network.fetch(told, page.cursor)
    assert isinstance(again, Page) and (again.items, again.odd) == ((), ())


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


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-12:00", "2126-01-01T00:00:00Z"]
)
def test_a_row_of_the_future_makes_nobody_deaf(
    moment: str, stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    now = clock.now()
    stream.rows = [row(1, now - timedelta(days=40)), {**row(2, now), "indexedAt": moment}]
    _ids, cursor, _pages = heard(network, told)
    for number, late in ((3, timedelta(0)), (4, timedelta(hours=5)), (5, timedelta(days=9))):
        with time_machine.travel(now + late):
            stream.rows.append(row(number, now + late))
            ids, cursor, _pages = heard(network, told, cursor)
            assert str(number) in [name.rpartition("/")[2] for name in ids]


def test_a_place_in_the_future_that_was_kept_once_is_read_anew(
    stream: Stream, network: BlueskyConnector, told: Account
) -> None:
    stream.rows = [row(number, NOON + timedelta(days=number)) for number in range(40)]
    far = datetime(9999, 1, 1, tzinfo=UTC)
    ids, cursor, _pages = heard(network, told, Place(far, far).text())
    assert len(ids) == 40  # what is known already is known again
    assert Place.read(cursor).floor == NOON + timedelta(days=39)


def test_a_line_that_never_ends_is_left_after_a_while(
    stream: Stream, network: BlueskyConnector, told: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_PAGES", 7)
    stream.rows = [row(number, NOON + timedelta(hours=number)) for number in range(1234)]
    ids, cursor, _pages = heard(network, told)
    assert len(ids) == 700 and heard(network, told, cursor)[0] == []
