"""Figures are added and never changed; what a network does not say is not a zero."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine

from etalage.channels import actions, posts, queries
from etalage.channels.actions import figures as room
from etalage.channels.models import Channel, Figure, Listening
from etalage.channels.posts import Shown
from etalage.kit import clock
from etalage.networks.base import Metric
from tests.channels.conftest import NewChannel
from tests.practice_network import PracticeNetwork

pytestmark = pytest.mark.django_db


class BookOfTests:
    """A few posts with the moments at which they went out."""

    def __init__(self) -> None:
        self.posts: dict[str, datetime] = {}

    def standing(self, channel_id: UUID, since: datetime) -> Mapping[str, datetime]:
        return {key: at for key, at in self.posts.items() if at >= since}

    def shown(self, channel_id: UUID, remote_ids: Collection[str]) -> Mapping[str, Shown]:
        return {}


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> BookOfTests:
    book = BookOfTests()
    monkeypatch.setattr(posts, "_books", [book])
    return book


def due_now(channel: Channel) -> None:
    Listening.objects.filter(channel=channel).update(measure_due_at=clock.now())


def test_the_practice_network_s_figures_are_read_as_it_gives_them(
    new_channel: NewChannel, practice: PracticeNetwork, book: BookOfTests
) -> None:
    channel = new_channel()
    token = queries.account_of(channel).token
    made = practice.http.post(
        "/api/statuses", json={"text": "Scarves"}, headers={"authorization": f"Bearer {token}"}
    ).json()
    practice.let_somebody("like", channel.handle, made["id"], author="noor")
    book.posts = {made["id"]: clock.now(), "999999": clock.now()}
    assert actions.measure_channel(channel.pk) == 10
    found = queries.latest_figures(channel.pk, made["id"])
    assert (found["likes"].value, found["shares"].value) == (1, 0)
    unsaid = queries.latest_figures(channel.pk, "999999")
    assert {figure.value for figure in unsaid.values()} == {None} and len(unsaid) == 5


def test_snapshots_are_added_and_none_is_changed(
    new_channel: NewChannel, practice: PracticeNetwork, book: BookOfTests
) -> None:
    channel = new_channel()
    now = clock.now()
    for minutes, value in ((0, 5), (10, None), (20, 0)):
        room.keep_figures(channel, [Metric("1", "likes", value, now + timedelta(minutes=minutes))])
    room.keep_figures(channel, [Metric("1", "likes", 99, now)])  # a task that runs twice adds nothing
    room.keep_figures(channel, [Metric("1", "views", 2**70, now)])
    rows = Figure.objects.filter(name="likes").order_by("taken_at")
    assert [row.value for row in rows] == [5, None, 0]
    assert queries.latest_figures(channel.pk, "1")["views"].value is None


def test_young_posts_are_measured_often_and_old_ones_seldom(
    new_channel: NewChannel, practice: PracticeNetwork, book: BookOfTests
) -> None:
    channel, now = new_channel(), clock.now()
    ages = {"hour": timedelta(hours=1), "days": timedelta(days=3), "weeks": timedelta(days=20)}
    book.posts = {name: now - age for name, age in ages.items()} | {"old": now - timedelta(days=31)}
    assert room.publications_due(channel, now) == ["days", "hour", "weeks"]
    room.keep_figures(channel, [Metric(name, "likes", 1, now) for name in ages])
    assert room.publications_due(channel, now) == []
    assert room.publications_due(channel, now + timedelta(minutes=16)) == ["hour"]
    assert room.publications_due(channel, now + timedelta(hours=3)) == ["days", "hour"]


def test_a_network_in_trouble_leaves_the_figures_as_they_are(
    new_channel: NewChannel, practice: PracticeNetwork, book: BookOfTests
) -> None:
    channel = new_channel()
    book.posts = {"1": clock.now()}
    practice.change_account(channel.handle, token_alive=False)
    assert actions.channels_to_measure(clock.now()) == [channel.pk]
    assert actions.measure_channel(channel.pk) == 0
    channel.refresh_from_db()
    assert channel.pause_reason == "auth_dead" and not Figure.objects.exists()
    with time_machine.travel(clock.now() + timedelta(hours=3)):
        assert actions.channels_to_measure(clock.now()) == []


def test_posts_that_went_out_are_in_the_shop_s_own_book(new_channel: NewChannel) -> None:
    channel = new_channel()
    assert posts._books, "publishing declares its book when the program starts"
    assert posts.posts_standing(channel.pk, clock.now() - timedelta(days=30)) == {}
    assert posts.posts_shown(channel.pk, ["1"]) == {}
