"""From the journal into the database: the same rows in any order, and one bad delivery blocks no other."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import DatabaseError, InternalError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etalage.accounts.models import AuditEntry
from etalage.channels import actions, queries
from etalage.channels.actions import incoming as room
from etalage.channels.items import key_of, polled
from etalage.channels.models import Channel, Incoming
from etalage.edge.deliveries import Delivery, delivery_key
from etalage.edge.journal import Journal
from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.networks.base import Abilities, Mechanism, Received, ReceivedKind
from tests.channels.guild import Guild, item
from tests.conftest import World
from tests.edge.world import hand_out_again

pytestmark = pytest.mark.django_db
# Yesterday's, because what was said more than a year ago is not kept.
NOON = clock.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
PLAIN = Abilities(text_limit=100, mechanism=Mechanism.NONE, settle=timedelta(seconds=1))


@pytest.fixture
def channel(world: World, guild: Guild) -> Channel:
    """The guild's account, known already."""
    return Channel.objects.create(
        network="guild", name="Shop", handle="shop", remote_id="7", base_url="https://guild.example",
        abilities=PLAIN.to_json(),
    )  # fmt: skip


def push(journal: Journal, channel: Channel, *items: dict[str, Any], raw: bytes | None = None) -> str:
    """Put a delivery into the journal, as the edge does; its id."""
    body = json.dumps({"items": items}).encode() if raw is None else raw
    delivery = Delivery(
        uuid7().hex, channel.network, key_of(channel), delivery_key(None, body + uuid7().bytes), 1, "{}", body
    )
    journal.keep([delivery], min_free_bytes=0)
    return delivery.id


def received(number: int, **more: Any) -> Received:
    given = {"kind": ReceivedKind.COMMENT, "author_id": "p1", "author_handle": "noor", "author_name": "Noor"}
    return Received(**{"remote_id": str(number), "at": clock.now(), "text": "Hello", **given, **more})


def announced() -> int:
    return Event.objects.filter(name__endswith="ReceivedFromNetwork").count()


def test_all_of_what_was_said_is_kept(channel: Channel, journal: Journal) -> None:
    said = item(
        1, "review", at=NOON - timedelta(days=2), text="<b>Bon</b> ‏مرحبا", language="fr", in_reply_to="9",
        url="https://guild.example/1",
    )  # fmt: skip
    push(journal, channel, said)
    assert actions.drain_incoming() == 1
    row = Incoming.objects.get()
    for name, value in said.items():
        kept = clock.to_micros(row.at) if name == "at" else getattr(row, name)
        assert kept == value, name
    assert announced() == 1 and journal.pending() == []


def test_every_handling_twice_has_the_effect_of_once(channel: Channel, journal: Journal) -> None:
    """A crash between the database and the journal hands all of it out again."""
    ids = [push(journal, channel, item(1), item(2)), push(journal, channel, item(2), item(3))]
    actions.drain_incoming()
    before = list(Incoming.objects.order_by("pk").values())
    hand_out_again(journal._path, *ids)
    assert actions.drain_incoming() == 2
    assert list(Incoming.objects.order_by("pk").values()) == before
    assert announced() == 3


kinds = st.sampled_from([kind.value for kind in ReceivedKind])
things = st.builds(
    lambda number, kind, minute, text, author: item(
        number, kind, at=NOON - timedelta(minutes=minute), text=text, author_id=author
    ),
    st.integers(1, 3),
    kinds,
    st.integers(0, 3),
    st.sampled_from(["", "Hello", "مرحبا", "Hello again"]),
    st.sampled_from(["p1", "p2", "7", ""]),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(things, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_any_order_and_number_of_the_same_things_gives_the_same_rows(
    channel: Channel, folder: Any, settings: Any, things: list[dict[str, Any]], chance: random.Random
) -> None:
    def rows_after(told: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        settings.DATA = folder / uuid7().hex
        settings.DATA.mkdir()
        journal = Journal(settings.DATA / "journal.sqlite3")
        with transaction.atomic():
            at = 0
            while at < len(told):  # some alone, some together, some fetched
                size = chance.randint(1, 3)
                some, at = told[at : at + size], at + size
                if chance.random() < 0.3:
                    rows = [
                        Received(
                            **{**one, "kind": ReceivedKind(one["kind"]), "at": clock.from_micros(one["at"])}
                        )
                        for one in some
                    ]
                    # The journal keeps one row for each thing fetched: other tellings of it come by push.
                    distinct = {(one.kind, one.remote_id): one for one in rows}
                    journal.keep(polled(channel, list(distinct.values())), min_free_bytes=0)
                push(journal, channel, *some)
                if chance.random() < 0.5:
                    actions.drain_incoming()
            actions.drain_incoming()
            names = ("kind", "remote_id", *room.FIELDS, "removed_at", "erased_at")
            rows_now = sorted(Incoming.objects.values_list(*names), key=repr)
            transaction.set_rollback(True)
        return rows_now

    with time_machine.travel(NOON, tick=False):
        first = rows_after(things)
        again = [*things, *chance.choices(things, k=3)]
        chance.shuffle(again)
        assert rows_after(again) == first


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_of_several_tellings_the_last_one_counts_whichever_came_first(
    channel: Channel, journal: Journal, order: tuple[int, ...]
) -> None:
    now = clock.now()
    tellings = [
        item(1, at=now - timedelta(minutes=9), text="In blu?"),
        item(1, at=now, text="In blue?"),
        item(1, at=now, text="In blue"),  # the same moment: always the same one
    ]
    for number in order:
        push(journal, channel, tellings[number])
        actions.drain_incoming()
    assert Incoming.objects.get().text == "In blue?"


def test_what_was_taken_away_is_marked_in_whatever_order_it_came(channel: Channel, journal: Journal) -> None:
    now = clock.now()
    push(journal, channel, item(1, "removed", at=now))
    push(journal, channel, item(1, at=now - timedelta(minutes=5)))
    push(journal, channel, item(2, at=now - timedelta(minutes=5)))
    push(journal, channel, item(2, "removed", at=now))
    push(journal, channel, item(3, "like", at=now - timedelta(minutes=9)))
    push(journal, channel, item(3, "removed", at=now - timedelta(minutes=8)))
    push(journal, channel, item(3, "like", at=now - timedelta(minutes=7)))  # liked again
    actions.drain_incoming()
    gone = Incoming.objects.exclude(kind="removed").order_by("remote_id")
    assert [row.removed_at is not None for row in gone] == [True, True, False]
    assert [heard.incoming.remote_id for heard in queries.last_heard(channel)] == ["3"]
    assert not Incoming.objects.filter(kind="removed").exclude(author_id="").exists()


def test_our_own_doings_and_those_of_long_ago_are_no_news(channel: Channel, journal: Journal) -> None:
    push(journal, channel, item(1, author_id=channel.remote_id))
    push(journal, channel, item(2, at=clock.now() - actions.KEEP_INCOMING - timedelta(days=1)))
    assert actions.drain_incoming() == 2
    assert not Incoming.objects.exists() and announced() == 0


BAD = {
    "no json": (b"<html>", "unreadable"),
    "cut": (b'{"items": [{"kind": "comm', "unreadable"),
    "a list": (b"[]", "unreadable"),
    "an unknown kind": (json.dumps({"items": [item(1, "wink")]}).encode(), "unreadable"),
    "no moment": (b'{"items": [{"kind": "like", "remote_id": "1"}]}', "unreadable"),
    "no id": (json.dumps({"items": [item(1, remote_id="")]}).encode(), "unreadable"),
    "a moment out of time": (json.dumps({"items": [{**item(1), "at": 10**30}]}).encode(), "unreadable"),
    "an endless id": (json.dumps({"items": [item(1, remote_id="x" * 501)]}).encode(), "too_long"),
    "nested without end": (b'{"items":' + b"[" * 100_000, "unreadable"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_delivery_blocks_no_other_is_tried_again_and_is_then_for_people(
    channel: Channel, journal: Journal, bad: str
) -> None:
    raw, reason = BAD[bad]
    push(journal, channel, item(1))
    letter = push(journal, channel, raw=raw)
    push(journal, channel, item(2))
    with time_machine.travel(clock.now(), tick=False) as travel:
        actions.drain_incoming()
        assert Incoming.objects.count() == 2, "what came before and after it is there"
        tries = 1
        while not journal.dead():
            actions.drain_incoming()
            assert tries < room.MOST_TRIES
            travel.shift(10 * 4 ** (tries - 1) + 1)
            actions.drain_incoming()
            tries += 1
    (dead,) = journal.dead()
    assert (dead.id, dead.reason, dead.attempts) == (letter, reason, room.MOST_TRIES)
    assert [one.why for one in queries.dead_letters()] and journal.pending() == []


def test_what_the_database_refuses_is_found_among_many_by_halving(channel: Channel, journal: Journal) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REFUSES[connection.vendor])
    letters = [push(journal, channel, item(number)) for number in range(64)]
    with CaptureQueriesContext(connection) as asked:
        assert actions.drain_incoming() == 63
    assert 6 < inserts(asked) <= 2 * 6 + 1, "not one by one"
    assert Incoming.objects.count() == 63
    with time_machine.travel(clock.now() + timedelta(seconds=11)):
        (waits,) = journal.pending()
    assert (waits.id, waits.reason) == (letters[41], "fault:IntegrityError")


def inserts(asked: CaptureQueriesContext) -> int:
    """Statements that write what came in; such that write many rows at once count as one."""
    return sum('INTO "channels_incoming"' in query["sql"] for query in asked)


REFUSES = {
    "sqlite": "CREATE TRIGGER refuses BEFORE INSERT ON channels_incoming WHEN NEW.remote_id = '41'"
    " BEGIN SELECT RAISE(ABORT, 'no'); END",
    "postgresql": "ALTER TABLE channels_incoming ADD CONSTRAINT refuses CHECK (remote_id <> '41')",
}


def test_a_channel_s_order_stays_and_channels_are_taken_in_together(
    channel: Channel, journal: Journal
) -> None:
    other = Channel.objects.create(network="guild", name="B", handle="b", remote_id="8", base_url="https://b")
    for number in range(40):
        push(journal, (channel, other)[number % 2], item(number))
    with CaptureQueriesContext(connection) as asked:
        assert actions.drain_incoming() == 40
    assert inserts(asked) == 2
    for of, first in ((channel, 0), (other, 1)):
        came = Incoming.objects.filter(channel=of).order_by("pk").values_list("remote_id", flat=True)
        assert list(came) == [str(number) for number in range(first, 40, 2)]


def test_rows_that_exceed_a_limit_are_no_database_that_is_away() -> None:
    def raised(cause: Exception, kind: type[DatabaseError] = OperationalError) -> DatabaseError:
        error = kind()
        error.__cause__ = cause
        return error

    assert room._is_away(raised(psycopg.errors.AdminShutdown()))
    assert room._is_away(OperationalError("database is locked"))
    assert room._is_away(raised(psycopg.errors.ReadOnlySqlTransaction(), InternalError))
    assert not room._is_away(raised(psycopg.errors.ProgramLimitExceeded()))
    assert not room._is_away(raised(psycopg.errors.InFailedSqlTransaction(), InternalError))
    assert not room._is_away(ValueError())


def test_a_fault_of_ours_is_noted_and_a_database_that_is_away_is_nobody_s(
    channel: Channel, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(journal, channel, item(1))
    keep = room._keep

    def broken(*_given: object) -> None:
        raise ZeroDivisionError("noor@example.com")

    monkeypatch.setattr(room, "_keep", broken)
    actions.drain_incoming()
    monkeypatch.setattr(room, "_keep", _raises(OperationalError))
    with time_machine.travel(clock.now() + timedelta(seconds=11)):
        (waiting,) = journal.pending()
        assert (waiting.reason, waiting.attempts) == ("fault:ZeroDivisionError", 1)  # and none of its words
        with pytest.raises(OperationalError):
            actions.drain_incoming()
        assert journal.pending()[0].attempts == 1
        monkeypatch.setattr(room, "_keep", keep)
        assert actions.drain_incoming() == 1 and Incoming.objects.count() == 1


def _raises(error: type[Exception]) -> Callable[..., None]:
    def fail(*_given: object) -> None:
        raise error

    return fail


def test_strange_signs_are_kept_as_far_as_a_database_can(channel: Channel, journal: Journal) -> None:
    push(
        journal,
        channel,
        raw=json.dumps({"items": [item(1, text="a\0b\ud800c\u202e", url="javascript:x")]}).encode(),
    )
    actions.drain_incoming()
    row = Incoming.objects.get()
    assert (row.text, row.url) == ("ab?c\u202e", "")


def test_a_channel_that_nobody_knows_fails_with_its_reason(channel: Channel, journal: Journal) -> None:
    gone = Channel(network="guild", remote_id="9")
    push(journal, gone, item(1))
    for key in ("not-a-channel", ""):
        journal.keep([Delivery(uuid7().hex, "guild", key, uuid7().hex, 1, "{}", b"{}")], min_free_bytes=0)
    push(journal, channel, item(2))
    actions.drain_incoming()
    assert Incoming.objects.count() == 1
    with time_machine.travel(clock.now() + timedelta(seconds=11)):
        assert [one.reason for one in journal.pending()] == ["channel_gone"] * 3


def test_somebody_who_asks_is_forgotten_here_and_in_the_journal(
    channel: Channel, journal: Journal, world: World, folder: Any
) -> None:
    push(journal, channel, item(1, author_id="https://guild.example/p1", text="my words"))
    push(journal, channel, item(2, author_id="p11", text="others"))
    actions.drain_incoming()
    push(journal, channel, item(3, author_id="https://guild.example/p1", text="more of mine"))
    late = push(journal, channel, raw=b'{"items": "https://guild.example/p1"')  # broken, and of theirs
    count = actions.erase_author(channel.pk, "https://guild.example/p1", actor=world.manager)
    assert count == 2
    assert sorted(Incoming.objects.values_list("text", "author_id")) == [
        ("", ""),
        ("", ""),
        ("others", "p11"),
    ]
    assert late not in [one.id for one in journal.dead()], "nothing is left to be tried again"
    hand_out_again(journal._path, late)
    journal.replay_dead()
    push(journal, channel, item(1, author_id="https://guild.example/p1", text="my words"))  # a late copy
    actions.drain_incoming()
    assert not Incoming.objects.filter(text="my words").exists()
    assert AuditEntry.objects.get(action="channel.author_erased").details == {"count": 2}
    assert actions.erase_author(channel.pk, "https://guild.example/p1", actor=None) == 0
    kept = (folder / "journal.sqlite3").read_bytes()
    assert b"others" in kept and b"more of mine" not in kept


def test_nothing_is_kept_for_ever(channel: Channel, journal: Journal) -> None:
    push(journal, channel, item(1))
    actions.drain_incoming()
    push(journal, channel, item(2))
    journal.mark_failed(*journal.pending(), "fault:Error")
    with time_machine.travel(clock.now() + timedelta(days=89)):
        assert actions.forget_old_incoming() == 0
        assert len(journal.dead()) == 1
    with time_machine.travel(clock.now() + timedelta(days=366)):
        assert actions.forget_old_incoming() == 1
        assert not Incoming.objects.exists() and journal.dead() == []
