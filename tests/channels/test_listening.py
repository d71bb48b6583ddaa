"""Asking what came in: into the journal first, the cursor after it; patient with networks, fair to all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from django.db import connection

from etalage.channels import actions
from etalage.channels.actions import listening as room
from etalage.channels.models import Channel, Incoming, Listening
from etalage.channels.tasks import listen
from etalage.edge.disk import DiskGuard
from etalage.edge.journal import Journal
from etalage.jobs.models import Job
from etalage.kit import clock
from tests.channels.conftest import NewChannel
from tests.channels.guild import Guild, item
from tests.practice_network import PracticeNetwork

pytestmark = pytest.mark.django_db
Join = Callable[[], Channel]


def ear(channel: Channel) -> Listening:
    return Listening.objects.get(channel=channel)


def due_now(channel: Channel) -> None:
    Listening.objects.filter(channel=channel).update(due_at=clock.now())


def test_a_reply_arrives(new_channel: NewChannel, practice: PracticeNetwork, journal: Journal) -> None:
    channel = new_channel()
    practice.let_somebody("mention", channel.handle, text="هل ما زال متوفرا؟", language="ar", author="noor")
    assert actions.read_channel(channel.pk) == 1
    assert [one.delivery_id.partition(":")[0] for one in journal.pending()] == ["item"]
    actions.drain_incoming()
    row = Incoming.objects.get()
    assert (row.channel, row.kind, row.text, row.language) == (channel, "mention", "هل ما زال متوفرا؟", "ar")
    assert ear(channel).read_at and ear(channel).problem == ""
    assert journal.pending() == []


def test_what_was_read_is_not_read_again_and_what_comes_twice_is_one(
    new_channel: NewChannel, practice: PracticeNetwork, journal: Journal
) -> None:
    channel = new_channel()
    for number in range(3):
        practice.let_somebody("mention", channel.handle, text=f"number {number}", author="noor")
    assert actions.read_channel(channel.pk) == 3
    assert actions.read_channel(channel.pk) == 0  # it is not due
    due_now(channel)
    assert actions.read_channel(channel.pk) == 0
    Listening.objects.update(cursor="", due_at=clock.now())  # the cursor was lost: all of it comes once more
    assert actions.read_channel(channel.pk) == 0
    actions.drain_incoming()
    assert Incoming.objects.count() == 3


def test_the_cursor_stays_where_it_was_until_the_journal_has_it(
    join: Join, guild: Guild, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = join()
    guild.items = [item(number) for number in range(3)]
    monkeypatch.setattr(DiskGuard, "is_low", lambda _guard: True)
    assert actions.read_channel(channel.pk) == 0
    assert (ear(channel).cursor, ear(channel).problem) == ("", "no_room")
    monkeypatch.undo()
    due_now(channel)
    assert actions.read_channel(channel.pk) == 3
    assert (ear(channel).cursor, ear(channel).problem) == ("3", "")


def test_a_crash_between_journal_and_cursor_doubles_nothing(
    join: Join, guild: Guild, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = join()
    guild.items = [item(number) for number in range(3)]
    keep = Journal.keep

    def dies(self: Journal, *given: object, **more: object) -> int:
        keep(self, *given, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "keep", dies)
    with pytest.raises(KeyboardInterrupt):
        actions.read_channel(channel.pk)
    monkeypatch.setattr(Journal, "keep", keep)
    assert (ear(channel).cursor, len(journal.pending())) == ("", 3)
    assert actions.read_channel(channel.pk) == 0
    assert (ear(channel).cursor, len(journal.pending())) == ("3", 3)


def test_a_long_past_is_read_in_turns(join: Join, guild: Guild, journal: Journal) -> None:
    """Ten things a page, five pages a turn: other channels come in between."""
    channel = join()
    guild.items = [item(number) for number in range(73)]
    assert [actions.read_channel(channel.pk) for _ in range(3)] == [50, 23, 0]
    assert len(journal.pending(200)) == 73


def test_a_network_in_trouble_is_asked_less_and_less_and_then_as_before(join: Join, guild: Guild) -> None:
    channel = join()
    guild.is_down = True
    waits = []
    with time_machine.travel(clock.now(), tick=False) as travel:
        for _ in range(9):
            actions.read_channel(channel.pk)
            waits.append((ear(channel).due_at - clock.now()).total_seconds())
            travel.move_to(ear(channel).due_at)
        assert all(later > earlier * 1.2 for earlier, later in pairwise(waits[:6]))
        assert 24 <= waits[0] <= 36 and max(waits) <= 2160
        assert ear(channel).problem == "platform_down" and Channel.objects.get().state == "active"
        guild.is_down = False
        actions.read_channel(channel.pk)
        assert (ear(channel).failures, ear(channel).problem) == (0, "")
        assert ear(channel).due_at - clock.now() == room.EVERY


def test_the_network_s_wish_for_quiet_is_kept_by_everything(join: Join, guild: Guild) -> None:
    channel = join()
    guild.retry_after = "900"
    actions.read_channel(channel.pk)
    guild.retry_after = ""
    calls = guild.calls.total()
    now = clock.now()
    assert Channel.objects.get().quiet_until >= now + timedelta(seconds=890)  # type: ignore[operator]
    Listening.objects.update(due_at=now)
    assert actions.channels_to_read(now) == [] and actions.read_channel(channel.pk) == 0
    assert guild.calls.total() == calls
    later = now + timedelta(seconds=901)
    assert actions.channels_to_read(later) == [channel.pk]


def test_a_permission_that_is_missing_stops_reading_and_not_publishing(join: Join, guild: Guild) -> None:
    channel = join()
    guild.is_forbidden = True
    actions.read_channel(channel.pk)
    assert ear(channel).problem == "permission_missing"
    assert Channel.objects.get().state == "active" and ear(channel).due_at > clock.now() + timedelta(
        minutes=50
    )


def test_a_dead_access_that_cannot_be_renewed_pauses_the_channel(
    new_channel: NewChannel, practice: PracticeNetwork
) -> None:
    channel = new_channel()
    practice.change_account(channel.handle, token_alive=False)
    actions.read_channel(channel.pk)
    channel.refresh_from_db()
    assert (channel.state, channel.pause_reason) == ("paused", "auth_dead")


def test_each_channel_is_a_job_of_its_own_and_is_asked_for_once(
    join: Join, guild: Guild, new_channel: NewChannel
) -> None:
    join(), new_channel(), new_channel()
    paused = new_channel()
    Channel.objects.filter(pk=paused.pk).update(state="paused")
    listen.call()
    listen.call()
    assert Job.objects.filter(task="etalage.channels.tasks.read_channel").count() == 3


def test_a_connector_that_breaks_is_one_network_s_trouble(
    join: Join, guild: Guild, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    channel = join()
    guild.retry_after = "soon"  # no number, as its connector expects
    actions.read_channel(channel.pk)
    assert ear(channel).problem == "unknown" and Channel.objects.get().state == "active"
    assert "the connector of guild broke" in caplog.text


def test_the_secret_of_a_channel_is_nowhere_in_words(
    new_channel: NewChannel, practice: PracticeNetwork, folder: Path
) -> None:
    channel = new_channel()
    actions.subscribe_channel(channel.pk)
    secret = str(ear(channel).secret)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM channels_listening")
        assert len(secret) == 43 and secret not in repr(cursor.fetchall())
    assert secret not in repr(ear(channel).__dict__)
