"""A row of the stream that cannot be read: kept, seen by people, tried again after an upgrade, and in nobody's way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from etalage.channels import actions, queries
from etalage.channels.actions import incoming as room
from etalage.channels.models import Channel, Incoming, Listening
from etalage.edge.journal import Journal
from etalage.kit import clock
from tests.channels import guild as guild_words
from tests.channels.guild import Guild, item
from tests.conftest import World

pytestmark = pytest.mark.django_db
Join = Callable[[], Channel]


def test_what_is_endless_is_kept_only_so_far(join: Join, guild: Guild, journal: Journal) -> None:
    channel = join()
    endless = "é" * 100_000
    guild.items = [
        item(1, text=endless, author_name=endless, url=f"https://x.example/{endless}"),
        item(2, in_reply_to=endless),
        item(3, "wave", text=endless),
        item(4, at=datetime(9999, 12, 31, 23, tzinfo=UTC)),
    ]
    assert actions.read_channel(channel.pk) == 4
    assert max(len(one.body) for one in journal.pending()) < 130_000
    drained_to_the_end()
    row = Incoming.objects.get()
    assert (row.remote_id, len(row.text), row.text[-2:]) == ("1", 10_000, "é…")
    assert sorted(str(one.why) for one in queries.dead_letters())[0].startswith("The network gave an id that")
    assert queries.dead_letter_count() == 3


def drained_to_the_end() -> None:
    """Let as much time pass as all tries take."""
    with time_machine.travel(clock.now(), tick=False) as travel:
        for tries in range(room.MOST_TRIES):
            actions.drain_incoming()
            travel.shift(room.FIRST_WAIT * 4**tries + room.FIRST_WAIT)


def test_one_odd_row_is_a_dead_letter_and_the_others_are_heard(
    join: Join, guild: Guild, journal: Journal, signed_in: dict[str, Client], world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    channel = join()
    guild.items = [item(1), item(2, "wave", text="Hello \ud83d"), item(3)]
    assert actions.read_channel(channel.pk) == 3
    assert Listening.objects.get(channel=channel).cursor == "3"
    Listening.objects.update(cursor="", due_at=clock.now())
    assert actions.read_channel(channel.pk) == 0  # the same row again is the same letter
    drained_to_the_end()
    assert set(Incoming.objects.values_list("remote_id", flat=True)) == {"1", "3"}
    (letter,) = queries.dead_letters()
    assert (letter.channel, letter.was_asked_for) == (channel, True)
    page = signed_in["manager"].get("/channels/not-taken-in/").content.decode()
    assert "try again after an upgrade" in page and channel.name in page and "Hello" not in page

    assert actions.replay_letter(letter.id, actor=world.manager)
    drained_to_the_end()
    assert [one.id for one in queries.dead_letters()] == [letter.id]  # it is no better understood than before
    monkeypatch.setitem(guild_words.WORDS, "wave", "mention")
    assert actions.replay_letter(letter.id, actor=world.manager)
    actions.drain_incoming()
    row = Incoming.objects.get(remote_id="2")
    assert (row.kind, row.text, queries.dead_letter_count()) == ("mention", "Hello ?", 0)
