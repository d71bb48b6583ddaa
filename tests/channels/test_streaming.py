"""Whoever rings is read next; whoever does not is read at its turn, as ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from time import monotonic

import pytest

from etalage.channels import actions
from etalage.channels.actions import streaming as room
from etalage.channels.models import Channel, Listening
from etalage.kit import clock
from etalage.networks.mastodon.streaming import PATH
from etalage.networks.mastodon.tests.conftest import Fake, running_fake
from etalage.networks.mastodon.tests.test_receiving import notification
from tests.conftest import World

pytestmark = pytest.mark.django_db
PATIENCE_S = 60


@pytest.fixture
def fake() -> Iterator[Fake]:
    """An instance of its own."""
    with running_fake("mastodon") as running:
        yield running


@pytest.fixture
def channel(world: World, fake: Fake) -> Channel:
    """An account there, that was read a moment ago."""
    room._silent_until.clear()
    made = actions.connect_channel("mastodon", fake.origin, fake.account().token, actor=world.manager)
    actions.read_channel(made.pk)
    assert not is_due(made)
    return made


def is_due(channel: Channel) -> bool:
    return Listening.objects.filter(channel=channel, due_at__lte=clock.now()).exists()


def until(happened: Callable[[], bool]) -> Callable[[], bool]:
    """What `hold_streams` is to ask: whether it may go on, which it may until something happened."""
    end = monotonic() + PATIENCE_S

    def may_go_on() -> bool:
        assert monotonic() < end, "it did not happen"
        return not happened()

    return may_go_on


def test_what_rings_is_read_before_its_turn(channel: Channel, fake: Fake) -> None:
    fake.stream()
    assert actions.hold_streams(until(lambda: is_due(channel))) >= 1, (
        "the connection stands: what came before it?"
    )
    assert actions.read_channel(channel.pk) == 0
    Listening.objects.update(due_at=clock.now() + timedelta(hours=1))

    said = False

    def rang_for_news() -> bool:
        nonlocal said
        if not said and is_due(channel):  # it rings once when it stands
            said = True
            Listening.objects.update(due_at=clock.now() + timedelta(hours=1))
            fake.notify(notification(1))
            return False
        return said and is_due(channel)

    actions.hold_streams(until(rang_for_news))
    assert actions.read_channel(channel.pk) == 1


def test_a_broken_connection_is_begun_again(
    channel: Channel, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WAITS_S", (0.1,))
    fake.stream()

    def came_back() -> bool:
        if len(fake.asked(PATH)) < 3:
            fake.hang_up()
            return False
        return True

    actions.hold_streams(until(came_back))


def test_a_network_without_a_stream_is_left_alone_for_a_while(channel: Channel, fake: Fake) -> None:
    assert actions.hold_streams(until(lambda: False)) == 0
    assert actions.channels_to_stream() == []
    assert not is_due(channel)


def test_a_refused_token_silences_a_stream_for_minutes_only(channel: Channel, fake: Fake) -> None:
    """A person may have put another in its place; a network without a stream is asked much later."""
    fake.order("GET /api/v2/instance", status=401, body={"error": "The access token was revoked"})
    fake.stream()
    assert actions.hold_streams(until(lambda: actions.channels_to_stream() == [])) == 0
    assert room._silent_until[channel.pk] <= clock.elapsed() + room.WAITS_S[-2]


def test_a_channel_that_could_not_be_read_is_not_read_sooner_because_it_rings(
    channel: Channel, fake: Fake
) -> None:
    fake.order("GET /api/v1/notifications", status=503, headers={"retry-after": "600"})
    Listening.objects.update(due_at=clock.now())
    actions.read_channel(channel.pk)
    fake.stream()
    rung = len(fake.asked(PATH))
    actions.hold_streams(until(lambda: len(fake.asked(PATH)) > rung), shift=5)
    assert actions.hold_streams(lambda: True, shift=3) >= 1 and not is_due(channel)
    Listening.objects.update(failures=0)
    room.read_soon(channel.pk)
    assert is_due(channel)


def test_nobody_to_listen_to_is_no_work(world: World) -> None:
    assert actions.hold_streams(until(lambda: False)) == 0


def test_a_channel_that_went_is_listened_to_no_longer(
    channel: Channel, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_S", 0.0)
    fake.stream()

    def gone() -> bool:
        if fake.asked(PATH):
            Channel.objects.update(state="paused")
        return False

    actions.hold_streams(until(gone))
    assert len(fake.asked(PATH)) == 1
