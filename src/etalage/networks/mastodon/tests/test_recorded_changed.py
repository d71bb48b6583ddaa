"""Recorded answers of a real Mastodon with as little changed as it takes to get what no recording holds.

Nobody was ever refused for asking too much there, no right of a shop's was ever forbidden, and no notifications of the
kind that is read here came on two pages. What was changed stands in each test.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from etalage.networks.base import Accepted, ChannelRefused, CouldNotRead, NotAccepted, Page, Reason
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.networks.mastodon.tests.posts import delivery, post
from etalage.networks.mastodon.tests.test_recorded import account_at
from tests.peers.mastodon import Replayed, recorded, replayed, written

pytestmark = pytest.mark.peers
Recorded = dict[str, Any]
STATUSES = "/api/v1/statuses"
NOTIFICATIONS = "/api/v1/notifications"
INSTANCE = "/api/v2/instance"


def too_many(answer: Recorded, **headers: str) -> Recorded:
    """The same answer as a refusal for asking too much; `headers`, with _ for -, stand in for the recorded ones."""
    changed = {name.replace("_", "-"): [value] for name, value in headers.items()}
    return {
        **answer,
        "status": {"code": 429, "message": "Too Many Requests"},
        "headers": {**answer["headers"], **changed},
    }


# --- Rate limits ------------------------------------------------------------------------------------------------------


def test_a_spent_allowance_is_waited_for_by_the_servers_own_date(
    network: MastodonConnector, tmp_path: Path
) -> None:
    """Changed: the status, and that nothing remains. The server's date is far behind our clock."""
    (answer,) = recorded("test_instance", "GET", INSTANCE)
    assert answer["headers"]["date"] == ["Wed, 14 Oct 2026 19:04:20 GMT"]
    assert answer["headers"]["x-ratelimit-reset"] == ["2026-10-14T19:05:00.668587Z"]
    spent = written(tmp_path, ("GET", INSTANCE, too_many(answer, x_ratelimit_remaining="0")))
    with replayed("test_verify_credentials", spent) as server:
        limited = network.abilities(account_at(server))
    assert isinstance(limited, CouldNotRead)
    assert (limited.reason, limited.retry_after) == (Reason.RATE_LIMITED, 40.668587)


def test_without_a_date_our_clock_says_how_long_it_is(network: MastodonConnector, tmp_path: Path) -> None:
    """Changed: the same. What is not for everybody was recorded without a date; the status itself says when it was."""
    (answer,) = recorded("test_status", "POST", STATUSES)
    assert "date" not in answer["headers"]
    assert answer["headers"]["x-ratelimit-reset"] == ["2026-10-14T21:00:00.308110Z"]
    made_at = datetime.fromisoformat(json.loads(answer["body"]["string"])["created_at"])
    assert made_at == datetime(2026, 10, 14, 19, 6, 41, 274000, tzinfo=UTC)
    spent = written(tmp_path, ("POST", STATUSES, too_many(answer, x_ratelimit_remaining="0")))
    with replayed(spent) as server, time_machine.travel(made_at, tick=False):
        limited = network.commit(account_at(server), post(), delivery())
    assert isinstance(limited, NotAccepted)
    seconds = 1 * 3600 + 53 * 60 + 19.03411
    assert limited.reason is Reason.RATE_LIMITED
    assert limited.retry_after == pytest.approx(seconds, abs=1e-6)


def test_while_something_remains_no_wait_is_asked_for(network: MastodonConnector, tmp_path: Path) -> None:
    """Changed: nothing, and then the status alone, as of a proxy that counts for itself."""
    (answer,) = recorded("test_status", "POST", STATUSES)
    assert answer["headers"]["x-ratelimit-remaining"] == ["224"]
    both = written(tmp_path, ("POST", STATUSES, answer), ("POST", STATUSES, too_many(answer)))
    with replayed(both) as server:
        accepted = network.commit(account_at(server), post(), delivery())
        limited = network.commit(account_at(server), post(), delivery())
    assert isinstance(accepted, Accepted)
    assert isinstance(limited, NotAccepted)
    assert (limited.reason, limited.retry_after) == (Reason.RATE_LIMITED, None)


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "reason", "detail"),
    [
        (
            ("test_admin_moderation", "POST", "/api/v1/admin/accounts/117440810673731823/unsuspend"),
            Reason.NEEDS_HUMAN_AT_NETWORK,
            "This action is not allowed",
        ),
        (
            ("test_unauthed_home_tl_throws", "GET", "/api/v1/timelines/home"),
            Reason.AUTH_DEAD,
            "The access token is invalid",
        ),
    ],
    ids=["403", "401"],
)
def test_who_is_forbidden_or_unknown_is_so_in_all_that_a_channel_does(
    question: tuple[str, str, str], reason: Reason, detail: str, network: MastodonConnector, tmp_path: Path
) -> None:
    """Changed: the address alone, as these were recorded where no shop ever asks."""
    answer = recorded(*question)[-1]
    asked = [("POST", STATUSES), ("GET", NOTIFICATIONS), ("GET", STATUSES)]
    with replayed(written(tmp_path, *((*one, answer) for one in asked))) as server:
        account = account_at(server)
        found = [
            network.commit(account, post(), delivery()),
            network.fetch(account, "20"),
            network.measure(account, ["117440826656342711"]),
        ]
    assert found == [ChannelRefused(reason, detail)] * 3


# --- Pages ------------------------------------------------------------------------------------------------------------


def ungrouped(answer: Recorded) -> Recorded:
    """A page of groups of one each, taken apart into the notifications that they are made of."""
    data = json.loads(answer["body"]["string"])
    people = {one["id"]: one for one in data["accounts"]}
    statuses = {one["id"]: one for one in data["statuses"]}
    rows = [
        {
            "id": str(group["most_recent_notification_id"]),
            "type": group["type"],
            "created_at": group["latest_page_notification_at"],
            "account": people[group["sample_account_ids"][0]],
            "status": statuses[group["status_id"]],
        }
        for group in data["notification_groups"]
    ]
    assert len(rows) == 5 and all(group["notifications_count"] == 1 for group in data["notification_groups"])
    links = [link.replace("/api/v2/", "/api/v1/") for link in answer["headers"]["link"]]
    return {**answer, "headers": {**answer["headers"], "link": links}, "body": {"string": json.dumps(rows)}}


@pytest.fixture
def two_pages() -> tuple[Recorded, Recorded]:
    """Ten mentions as they came on two pages, the older five first: what is before 38, and what is after 37."""
    pages = recorded("test_grouped_notification_pagination", "GET", "/api/v2/notifications")
    _newest, older, newer = map(ungrouped, pages)
    return older, newer


def page_after(network: MastodonConnector, server: Replayed, cursor: str) -> Page:
    """The page after a place, which must be one."""
    page = network.fetch(account_at(server), cursor)
    assert isinstance(page, Page)
    return page


def asked_for(server: Replayed, name: str) -> list[list[str] | None]:
    """A parameter of each request so far."""
    return [parse_qs(urlsplit(one["path"]).query).get(name) for one in server.asked()]


def texts(*pages: Page) -> list[str]:
    """The words of everything on these pages."""
    return [one.text for page in pages for one in page.items]


def hellos(first: int) -> list[str]:
    """What was said to the account, from that number on."""
    return [f"@mastodonpy_test hey how you doing - {number}!" for number in range(first, 10)]


def test_of_two_pages_nothing_is_lost_and_none_comes_twice(
    two_pages: tuple[Recorded, Recorded], network: MastodonConnector, tmp_path: Path
) -> None:
    """Changed: the groups are taken apart and their links say v1; the second page is refused once before it comes."""
    older, newer = two_pages
    (nothing,) = recorded("test_notifications_exclude_types", "GET", NOTIFICATIONS)
    answers = [older, too_many(newer, retry_after="3"), newer, nothing]
    with replayed(written(tmp_path, *(("GET", NOTIFICATIONS, one) for one in answers))) as server:
        first = page_after(network, server, "")
        refused = network.fetch(account_at(server), first.cursor)
        second = page_after(network, server, first.cursor)
        third = page_after(network, server, second.cursor)
        # Just what was asked for when the newer page was recorded.
        assert asked_for(server, "min_id") == [["0"], ["37"], ["37"], ["42"]]
    assert isinstance(refused, CouldNotRead)
    assert (refused.reason, refused.retry_after) == (Reason.RATE_LIMITED, 3.0)
    assert texts(first, second) == hellos(0)
    assert len({one.remote_id for page in (first, second) for one in page.items}) == 10
    assert [(page.cursor, page.more) for page in (first, second)] == [("37", True), ("42", True)]
    assert third == Page((), "42")


def test_without_links_the_way_goes_back_over_both_pages_to_the_place(
    two_pages: tuple[Recorded, Recorded], network: MastodonConnector, tmp_path: Path
) -> None:
    """Changed: the same, and the links are left out, as smaller servers do; such a one gives its newest first."""
    older, newer = (
        {**page, "headers": {name: value for name, value in page["headers"].items() if name != "link"}}
        for page in two_pages
    )
    with replayed(written(tmp_path, *(("GET", NOTIFICATIONS, one) for one in (newer, older)))) as server:
        page = page_after(network, server, "35")
        assert asked_for(server, "min_id") == [["35"], None]
        assert asked_for(server, "max_id") == [None, ["38"]]
    assert texts(page) == hellos(3)
    assert (page.cursor, page.more) == ("42", False)
