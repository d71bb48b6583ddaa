"""What people do comes in, oldest first, each thing once, and no row blocks those behind it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from etalage.kit import clock
from etalage.networks.base import ChannelRefused, CouldNotRead, Metric, Page, Reason, Received, ReceivedKind
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.networks.mastodon.tests.conftest import Fake
from etalage.networks.mastodon.tests.posts import delivery, post

NOTIFICATIONS = "GET /api/v1/notifications"
ADA = {"id": "01HADA", "acct": "ada", "display_name": "Ada", "url": "https://fake.example/@ada"}
KARIM = {"id": "7", "acct": "karim@far.example", "display_name": "", "url": "javascript:alert(1)"}


def notification(
    number: int, kind: str = "favourite", author: dict[str, str] = ADA, **status: Any
) -> dict[str, Any]:
    """A row of the stream."""
    row = {"id": str(number), "type": kind, "created_at": "2026-11-21T10:00:00.000Z", "account": author}
    return {**row, "status": {"id": "1000", "content": "", **status}} if "follow" not in kind else row


def fetched(network: MastodonConnector, fake: Fake, cursor: str = "") -> Page:
    """A page, which must come."""
    page = network.fetch(fake.account(), cursor)
    assert isinstance(page, Page)
    return page


def test_each_kind_of_act_is_read(fake: Fake, network: MastodonConnector) -> None:
    to_us: dict[str, Any] = {"in_reply_to_id": "1000", "in_reply_to_account_id": "1"}
    fake.notify(
        notification(1),
        notification(2, "reblog", KARIM),
        notification(3, "follow"),
        notification(4, "follow_request", KARIM),
        notification(5, "mention", id="01J", content="<p>@lune ça coûte&nbsp;?</p>", language="fr", **to_us),
        notification(
            6, "mention", id="01K", content="<p>Go to @lune</p>", url="https://fake.example/@ada/01K"
        ),
        notification(7, "mention", id="01L", content="<p>psst</p>", visibility="direct"),
        notification(
            8, "mention", id="01M", content="<p>so?</p>", in_reply_to_id="01J", in_reply_to_account_id="9"
        ),
    )
    first = fetched(network, fake)
    items = [*first.items, *fetched(network, fake, first.cursor).items]
    assert [(one.kind.value, one.remote_id, one.on_remote_id, one.in_reply_to) for one in items] == [
        ("like", "1", "1000", ""),
        ("share", "2", "1000", ""),
        ("follow", "01HADA", "", ""),
        ("follow", "7", "", ""),
        ("comment", "01J", "1000", ""),
        ("mention", "01K", "", ""),
        ("message", "01L", "", ""),
        ("mention", "01M", "", "01J"),
    ]
    host = fake.origin.partition("://")[2]
    assert items[4] == Received(
        ReceivedKind.COMMENT,
        "01J",
        "01HADA",
        f"ada@{host}",
        "Ada",
        datetime(2026, 11, 21, 10, tzinfo=UTC),
        "@lune ça coûte ?",
        "fr",
        "1000",
    )
    assert (items[1].author_handle, items[1].author_name) == ("karim@far.example", "karim@far.example")
    assert items[3].url == ""  # no address that a browser would run
    assert items[5].url == "https://fake.example/@ada/01K"


def test_the_stream_is_paged_oldest_first_and_ends(fake: Fake, network: MastodonConnector) -> None:
    fake.notify(*(notification(number) for number in range(1, 13)))
    seen, cursor, pages = [], "", 0
    while True:
        page = fetched(network, fake, cursor)
        seen += [one.remote_id for one in page.items]
        cursor, pages = page.cursor, pages + 1
        if not page.more:
            break
    assert seen == [str(number) for number in range(1, 13)]
    assert (cursor, pages) == ("12", 4)
    fake.notify(notification(13))
    assert [one.remote_id for one in fetched(network, fake, cursor).items] == ["13"]
    assert fake.asked("/api/v1/notifications/clear") == []


def test_what_the_server_lays_aside_is_heard_too(fake: Fake, network: MastodonConnector) -> None:
    """As a server does with the private words of somebody whom the shop does not follow."""
    fake.notify({**notification(1, "mention", content="<p>psst</p>", visibility="direct"), "filtered": True})
    (item,) = fetched(network, fake).items
    assert (item.kind, item.text) == (ReceivedKind.MESSAGE, "psst")


@pytest.mark.parametrize("before", ["", "1"])
def test_what_appears_behind_what_was_read_a_moment_ago_is_not_missed(
    before: str, fake: Fake, network: MastodonConnector
) -> None:
    """Two processes of a server deal out two ids, and the later one is to be seen first."""
    now = clock.now().isoformat()
    fake.notify(notification(1), {**notification(3), "created_at": now})
    page = fetched(network, fake, before)
    assert [one.remote_id for one in page.items][-1] == "3"
    assert (page.cursor, page.more) == ("1", False)
    fake.notify({**notification(2), "created_at": now})
    again = fetched(network, fake, page.cursor)
    assert [one.remote_id for one in again.items] == ["2", "3"]
    assert again.cursor == "1"
    later = (clock.now() + timedelta(days=400)).isoformat()  # of a server whose clock is wrong
    fake.notify({**notification(4), "created_at": later})
    assert fetched(network, fake, "3").cursor == "4"


def test_a_row_that_says_nothing_blocks_nobody(fake: Fake, network: MastodonConnector) -> None:
    bad: list[dict[str, Any]] = [
        {"id": "1", "type": "mention"},
        {**notification(2), "status": None},
        {**notification(3), "created_at": "soon"},
        notification(4, "admin.sign_up"),
        notification(5, author={"id": "1", "acct": "lune"}),  # ourselves
    ]
    fake.notify(*bad, notification(6))
    first = fetched(network, fake)
    assert (first.items, first.cursor) == ((), "5")
    assert [json.loads(row)["id"] for row in first.odd] == [
        "1",
        "2",
        "3",
    ]  # for people to see; the rest means nothing
    assert [one.remote_id for one in fetched(network, fake, first.cursor).items] == ["6"]
    for row in first.odd:
        with pytest.raises(ValueError):
            network.read_row(fake.account(), row.encode())
    (read,) = network.read_row(fake.account(), json.dumps(notification(6)).encode())
    assert read == fetched(network, fake, "5").items[0]
    assert network.read_row(fake.account(), json.dumps(bad[4]).encode()) == []


def test_a_row_without_an_id_that_can_be_kept_blocks_nobody(fake: Fake, network: MastodonConnector) -> None:
    rows = [notification(9), {**notification(8), "id": "8" * 201}, {"id": 7}, "six", notification(5)]
    fake.order(NOTIFICATIONS, status=200, body=rows)
    page = fetched(network, fake, "4")
    assert ([one.remote_id for one in page.items], page.cursor) == (["5", "8" * 201, "9"], "9")
    assert [json.loads(row) for row in page.odd] == ["six", {"id": 7}]


def test_a_server_without_links_is_read_back_to_where_we_were(fake: Fake, network: MastodonConnector) -> None:
    newest = [notification(number) for number in range(200, 120, -1)]
    older = [notification(number) for number in range(120, 90, -1)]
    for rows in (newest, older):
        fake.order(NOTIFICATIONS, status=200, body=rows)
    page = fetched(network, fake, "100")
    assert [int(one.remote_id) for one in page.items] == list(range(101, 201))
    assert (page.cursor, page.more) == ("200", False)


@pytest.mark.parametrize("cap", [20, 39])
def test_a_server_without_links_may_give_as_few_at_once_as_it_likes(
    cap: int, fake: Fake, network: MastodonConnector
) -> None:
    rows = [notification(number) for number in range(200, 90, -1)]
    for start in range(0, len(rows), cap):
        fake.order(NOTIFICATIONS, status=200, body=rows[start : start + cap])
    page = fetched(network, fake, "100")
    assert [int(one.remote_id) for one in page.items] == list(range(101, 201))


@pytest.mark.parametrize(
    "links", ["<" * 60_000, "<>" * 30_000, '<http://[?min_id=5>; rel="prev"', "<" + " " * 60_000 + ";"]
)
def test_a_header_of_an_ill_wisher_costs_no_time(links: str, fake: Fake, network: MastodonConnector) -> None:
    fake.order(NOTIFICATIONS, status=200, body=[notification(6), notification(5)], headers={"link": links})
    begun = clock.elapsed()
    page = fetched(network, fake, "5")
    assert [one.remote_id for one in page.items] == ["6"]
    assert clock.elapsed() - begun < 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 429, "headers": {"retry-after": "9"}}, Reason.RATE_LIMITED),
        ({"status": 500}, Reason.PLATFORM_DOWN),
        ({"status": 200, "body": "<h1>"}, Reason.NONSENSE_ANSWER),
        ({"status": 200, "body": {"rows": []}}, Reason.NONSENSE_ANSWER),
        ({"status": 200, "body": [1]}, Reason.NONSENSE_ANSWER),
        ({"cut": True}, Reason.UNREACHABLE),
    ],
)
def test_a_stream_that_cannot_be_read_is_asked_again(
    fault: dict[str, Any], reason: Reason, fake: Fake, network: MastodonConnector
) -> None:
    fake.order(NOTIFICATIONS, **fault)
    found = network.fetch(fake.account(), "5")
    assert isinstance(found, CouldNotRead)
    assert (found.reason, found.retry_after) == (reason, 9.0 if reason is Reason.RATE_LIMITED else None)
    fake.order(NOTIFICATIONS, status=401)
    assert isinstance(network.fetch(fake.account(), "5"), ChannelRefused)


def test_nothing_is_pushed(network: MastodonConnector) -> None:
    assert not network.verify("secret", {"x-signature": "anything"}, b"{}")
    with pytest.raises(ValueError, match="polled"):
        network.parse(b"{}")


@pytest.mark.parametrize("is_older", [False, True])
def test_figures_are_what_the_network_says_and_none_where_it_says_nothing(
    is_older: bool, fake: Fake, network: MastodonConnector
) -> None:
    account = fake.account()
    network.commit(account, post(), delivery())
    if is_older:
        fake.order("GET /api/v1/statuses", status=404, body="<h1>404</h1>")
    figures = network.measure(account, ["1000", "4711"])
    assert isinstance(figures, list)
    assert [(one.remote_id, one.name, one.value) for one in figures] == [
        ("1000", "likes", 3),
        ("1000", "comments", 0),
        ("1000", "shares", None),
        ("4711", "likes", None),
        ("4711", "comments", None),
        ("4711", "shares", None),
    ]
    assert all(isinstance(one, Metric) for one in figures)
    fake.order("GET /api/v1/statuses", status=429)
    assert isinstance(network.measure(account, ["1000"]), CouldNotRead)


def test_an_id_that_changes_with_each_change_is_kept_as_it_stays(
    fake: Fake, network: MastodonConnector
) -> None:
    """As snac's do, which begin with the second of the last change."""
    post_id, reply_id = "9423f566b296c1de12b3d19d76a37c15", "c6131985ba5d44de20d97d5e3bc250d1"
    for second in (1795360103, 1795360117):
        to_us: dict[str, Any] = {"in_reply_to_id": f"{second}{post_id}", "in_reply_to_account_id": "1"}
        fake.notify(
            notification(second, "mention", id=f"{second}{reply_id}", **to_us),
            notification(second + 1, id=f"{second}{post_id}"),
        )
    items = fetched(network, fake).items
    steady = "0" * 10
    assert {(one.remote_id, one.on_remote_id) for one in items if one.kind is ReceivedKind.COMMENT} == {
        (steady + reply_id, steady + post_id)
    }
    assert {one.on_remote_id for one in items if one.kind is ReceivedKind.LIKE} == {steady + post_id}
