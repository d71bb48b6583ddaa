"""A clock that ran 23 hours ahead and was set back: no channel is left waiting for its hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine

from etalage.channels import actions, grants
from etalage.channels.models import Channel, Grant, Listening
from etalage.channels.tasks import listen
from etalage.jobs.models import Job
from etalage.kit import clock
from etalage.networks.base import Reason
from tests.channels.conftest import NewChannel
from tests.channels.guild import Guild

pytestmark = pytest.mark.django_db
AHEAD = timedelta(hours=23)


@pytest.fixture
def noon() -> datetime:
    """The moment by the clock that is right."""
    return clock.now()


def test_what_was_read_and_measured_by_a_fast_clock_has_its_turn_now(
    new_channel: NewChannel, noon: datetime
) -> None:
    channel = new_channel()
    with time_machine.travel(noon + AHEAD, tick=False):
        actions.read_channel(channel.pk)
        actions.measure_channel(channel.pk)
    with time_machine.travel(noon + timedelta(minutes=10), tick=False):
        assert actions.channels_to_read(clock.now()) == actions.channels_to_measure(clock.now()) == []
        listen.call()
        assert Job.objects.filter(task="etalage.channels.tasks.read_channel").count() == 1
        assert actions.channels_to_measure(clock.now()) == [channel.pk]
        actions.read_channel(channel.pk)
        assert actions.mend_moments(clock.now()) == 0 and actions.channels_to_read(clock.now()) == []


def test_what_was_connected_by_a_fast_clock_is_heard_now(new_channel: NewChannel, noon: datetime) -> None:
    with time_machine.travel(noon + AHEAD, tick=False):
        channel = new_channel()
    assert actions.channels_to_read(noon) == []
    actions.mend_moments(noon)
    assert actions.channels_to_read(noon) == [channel.pk]


def test_quiet_that_a_network_asked_for_ends_although_the_clock_was_set_back(
    join: Callable[[], Channel], guild: Guild, noon: datetime
) -> None:
    channel = join()
    guild.retry_after = "600"
    with time_machine.travel(noon + AHEAD, tick=False):
        actions.read_channel(channel.pk)
        assert Channel.objects.get().quiet_until == clock.now() + timedelta(minutes=10)
        assert actions.mend_moments(clock.now()) == 0  # by its own clock nothing is odd
    assert actions.channels_to_read(noon) == []
    assert actions.mend_moments(noon) == 3  # reading, quiet, and the renewal that it took
    assert Channel.objects.get().quiet_until is None
    assert actions.channels_to_read(noon) == [channel.pk]


def test_what_a_network_wishes_by_the_right_clock_is_kept(
    join: Callable[[], Channel], guild: Guild, noon: datetime
) -> None:
    channel = join()
    guild.retry_after = "86400"
    with time_machine.travel(noon + timedelta(minutes=1), tick=False):
        actions.read_channel(channel.pk)
    before = list(Channel.objects.values()), list(Listening.objects.values())
    for later in (timedelta(minutes=1), timedelta(hours=1), timedelta(hours=20)):
        assert actions.mend_moments(noon + later) == 0
    assert (list(Channel.objects.values()), list(Listening.objects.values())) == before


def test_a_renewal_by_a_fast_clock_is_not_just_now_nor_put_off_until_then(
    join: Callable[[], Channel], guild: Guild, noon: datetime
) -> None:
    channel = join()
    guild.is_down = True
    with time_machine.travel(noon + AHEAD, tick=False):
        assert channel.grant is not None and not grants.renew(channel.grant).renewed
        Grant.objects.update(renewed_at=clock.now())
    guild.is_down = False
    assert not grants.renew(Grant.objects.get()).renewed  # it waits for that clock's hour
    actions.mend_moments(noon)
    grant = Grant.objects.get()
    actions.pause_channel(channel.pk, Reason.AUTH_DEAD, actor=None, version=grant.version)
    assert Channel.objects.get().state == "active"  # renewed first: it was not renewed just now
    assert grants.renew(grant).renewed
