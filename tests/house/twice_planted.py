"""Tasks whose work does not come about in a house by itself: it is planted, so that to do it twice would show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any
from uuid import UUID

import time_machine
from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from etalage.channels.actions import connect_channel, drain_incoming, erase_author, streaming
from etalage.channels.models import Channel, Erasure, Grant, Listening
from etalage.channels.queries import journal
from etalage.edge.clicks import click_store
from etalage.insights.actions.touches import drain_clicks
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Event, Job, LiveChange, State
from etalage.jobs.stopping import works_until
from etalage.kit import clock
from etalage.kit.letters import KeptLetters, address_digests
from etalage.networks.base import Account, Mechanism
from etalage.publishing.models import VisibilityLag
from tests.channels.guild import GuildConnector, item
from tests.channels.test_erasing import push
from tests.house.twice import Twice, a_click, nothing, publish_now
from tests.house.world import House

YEARS = timedelta(days=800)
_rang = Flag()


class RingingGuild(GuildConnector):
    """The guild with a stream, which rings once when it stands and then waits for its end."""

    def stream(self, _account: Account, heard: Any, ended: Any) -> None:
        heard()
        _rang.set()
        while not ended():
            Flag().wait(0.01)


class _AfterTheRing(Flag):
    """Asked for before each beat: true once a whole beat has passed since the bell rang."""

    def __init__(self) -> None:
        super().__init__()
        self._is_heard = False

    def is_set(self) -> bool:
        was, self._is_heard = self._is_heard, _rang.is_set()
        return was


@contextmanager
def _until_it_rang() -> Iterator[None]:
    _rang.clear()
    streaming._silent_until.clear()
    works_until(_AfterTheRing())
    try:
        yield
    finally:
        works_until(Flag())


def _joined(house: House) -> Channel:
    """A channel of the guild, whose refresh tokens serve once, connected in a browser as the owner does."""
    browser = house.client("owner")
    asked = {"address": house.guild.base_url, "language": "fr"}
    answer = browser.post(reverse("channels:connect_to", args=["guild"]), asked)
    browser.get(reverse("channels:callback"), house.guild.say_yes(answer.context["way_out"].url))
    Job.objects.all().delete()
    return Channel.objects.get(network="guild")


def _tokens_end(house: House) -> tuple[UUID]:
    channel = _joined(house)
    Grant.objects.filter(channels=channel).update(renew_at=clock.now())
    return (channel.pk,)


def _some_tokens_end(house: House) -> tuple[()]:
    _tokens_end(house)
    return ()


def _asked_of_the_guild(house: House) -> Any:
    return house.guild.reused, dict(house.guild.calls)


def _silent(house: House) -> tuple[()]:
    """Its turn to be read is far off, unless it rings."""
    later = clock.now() + timedelta(hours=1)
    Listening.objects.filter(pk=_joined(house).pk).update(due_at=later)
    return ()


def _long_ago(house: House) -> tuple[()]:
    """Somebody spoke, somebody was erased, something was handled and something could not be: all years ago."""
    channel = _joined(house)
    with time_machine.travel(clock.now() - YEARS, tick=False):
        house.new_letter()
        push(journal(), channel, item(1))
        drain_incoming(wait_s=0.0)
        house.new_author()
        erase_author(channel.pk, "p9", actor=house.owner)
    return ()


def _erased_but_for_the_journal(house: House) -> tuple[()]:
    """Whoever erased them died before the journal was searched, in which a word of theirs still stood."""
    channel = _joined(house)
    erase_author(channel.pk, "p1", actor=house.owner)
    erasure = Erasure.objects.get()
    erasure.author, erasure.is_searched = "p1", False
    erasure.save()
    push(journal(), channel, item(1, at=clock.now() - timedelta(hours=1)))
    return ()


def _old_files(house: House) -> tuple[()]:
    """A click that was taken over and a delivery that was handled, both long ago."""
    store = click_store(Path(settings.DATA) / "clicks.sqlite3")
    store.write([a_click(house, days=40)])
    store.close()
    drain_clicks()
    with time_machine.travel(clock.now() - YEARS, tick=False):
        push(journal(), _joined(house), item(1))
        drain_incoming(wait_s=0.0)
    return ()


def _served(house: House) -> tuple[()]:
    """A job that was done, an event that was heard and a change that was shown, long ago."""
    publish_now(house)
    Event.objects.update(created_at=clock.now() - YEARS)
    LiveChange.objects.update(created_at=clock.now() - YEARS)
    Job.objects.update(state=State.DONE, finished_at=clock.now() - YEARS)
    return ()


def _rows_of_the_queue(_house: House) -> Any:
    return [model._base_manager.count() for model in (Job, Event, LiveChange)]


def _other_abilities(house: House) -> tuple[()]:
    known = Channel.objects.filter(pk=house.channel.pk)
    before = {**house.channel.abilities, "text_limit": 1}
    known.update(abilities=before, abilities_at=clock.now() - timedelta(days=1))
    return ()


def _kept_letters(_house: House) -> tuple[list[str]]:
    """Two letters to somebody who was erased, one to somebody else."""
    keeping = KeptLetters()
    for address in ("gone@example.com", "gone@example.com", "here@example.com"):
        keeping.send_messages([EmailMessage("Your reservation", "Yes.", "shop@example.com", [address])])
    return (address_digests(["gone@example.com"]),)


def _files_of_letters(_house: House) -> Any:
    return sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"))


def _not_to_be_seen_yet(house: House) -> tuple[UUID, int]:
    """It was published where nothing shows within the hour; nothing is known of that yet."""
    account = house.practice.open_account(face=Mechanism.READ_BACK, lag=3600.0)
    usual = house.channel
    house.channel = connect_channel("practice", house.practice.base_url, account.token, actor=house.owner)
    try:
        publication = publish_now(house)
    finally:
        house.channel = usual
    run_until_idle()
    publication.refresh_from_db()
    assert publication.state == "published", publication.state
    VisibilityLag.objects.all().delete()
    Job.objects.all().delete()
    return publication.pk, 1


def _timed(_house: House) -> Any:
    rows = VisibilityLag.objects.values_list("channel", "samples")
    return [(channel, [name for name, _took in samples]) for channel, samples in rows]


PLANTED: dict[str, Twice] = {
    "etalage.channels.tasks.forget_old_incoming": Twice(_long_ago),
    "etalage.channels.tasks.hold_streams": Twice(_silent, within=_until_it_rang),
    "etalage.channels.tasks.renew_grant": Twice(_tokens_end, sees=_asked_of_the_guild),
    "etalage.channels.tasks.renew_grants": Twice(_some_tokens_end, sees=_asked_of_the_guild),
    "etalage.channels.tasks.search_journal": Twice(_erased_but_for_the_journal),
    "etalage.insights.tasks.clear_the_edge": Twice(_old_files),
    "etalage.jobs.tasks.prune_jobs": Twice(_served, sees=_rows_of_the_queue),
    "etalage.jobs.tasks.refresh_statistics": Twice(
        nothing, idle="it tells the planner how the tables have grown, and touches no row of ours"
    ),
    "etalage.orders.tasks.erase_letters": Twice(_kept_letters, sees=_files_of_letters),
    "etalage.publishing.tasks.refresh_abilities": Twice(_other_abilities),
    "etalage.publishing.tasks.time_showing": Twice(
        _not_to_be_seen_yet,
        counts={"publishing.VisibilityLag.samples": "one sample of a success, which grows with each look"},
        sees=_timed,
    ),
}
