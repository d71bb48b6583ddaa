"""Nobody who was erased is left in any file, comes back, or takes others along: whatever is killed or comes late."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from etalage.accounts.erased import authors_in, ids_in, keys_in, read_list
from etalage.channels import actions, personal
from etalage.channels.forgotten import names_of_forgotten
from etalage.channels.items import key_of, polled
from etalage.channels.models import Channel, Erasure, Incoming
from etalage.edge.deliveries import Delivery, delivery_key
from etalage.edge.journal import Journal
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job
from etalage.keeping.erasures import erase_again, join_erasures, known_erasures
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.networks import registry
from etalage.networks.base import Received, ReceivedKind
from tests.channels.guild import GuildConnector, item
from tests.conftest import World

DID = "did:plc:noor"
NewShop = Callable[..., Channel]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, world: World) -> NewShop:
    """Makes an account of the shop on a server."""
    monkeypatch.setitem(registry.CONNECTORS, "guild", "tests.channels.guild:GuildConnector")

    def new(network: str = "guild", host: str = "one.example") -> Channel:
        base_url = f"https://{host}"
        number = str(Channel.objects.count())
        return Channel.objects.create(
            network=network, name=host, handle=host, remote_id=f"our-{number}", base_url=base_url
        )

    return new


def said(number: int | str, author: str = DID, **more: Any) -> Received:
    names = {"author_handle": "noor.example", "author_name": "Noor", "text": "my own words"}
    facts = {"kind": ReceivedKind.COMMENT, "remote_id": f"at://{author}/post/{number}", "at": clock.now()}
    return Received(**{**facts, "author_id": author, **names, **more})


def tell(journal: Journal, channel: Channel, *things: Received) -> None:
    journal.keep(polled(channel, things), min_free_bytes=0)


def push(journal: Journal, channel: Channel, *things: dict[str, Any], raw: bytes = b"") -> str:
    """A delivery that waits; its id."""
    body = raw or json.dumps({"items": things}).encode()
    row = Delivery(uuid7().hex, channel.network, key_of(channel), uuid7().hex, 1, "{}", body)
    journal.keep([row._replace(received_us=clock.to_micros(clock.now()))], min_free_bytes=0)
    return row.id


def everything(folder: Path) -> bytes:
    """All bytes of the journal, its log, and the list; and what the database holds."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += cursor.fetchall()
    files = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    return repr(found).encode() + b"".join(files)


ERASES_AND_DIES = """
import os, signal, sys
from pathlib import Path
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"], settings.DATA = sys.argv[1], Path(sys.argv[2])
django.setup()
from etalage.channels.actions import erasing
from etalage.channels.models import Channel
from etalage.networks import registry
registry.CONNECTORS["guild"] = "tests.channels.guild:GuildConnector"
erasing.search_journal = lambda: os.kill(os.getpid(), signal.SIGKILL)
erasing.erase_author(Channel.objects.get().pk, sys.argv[3], actor=None)
"""


@pytest.mark.django_db(transaction=True)
def test_what_was_killed_between_the_database_and_the_journal_is_finished_by_its_job(
    shop: NewShop, journal: Journal, folder: Path
) -> None:
    channel = shop()
    tell(journal, channel, said(1))
    actions.drain_incoming()
    (author,) = personal.authors_on(channel)
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-c", ERASES_AND_DIES, name, str(folder), DID]
    assert subprocess.run(command, timeout=120, check=False).returncode == -signal.SIGKILL
    assert personal.author_of(channel, author.thing) is None, "no page can erase them again"
    assert DID.encode() in everything(folder)
    assert DID not in repr(list(Job.objects.values())) + repr(list(Erasure.objects.values())), "only sealed"
    run_until_idle()
    kept = everything(folder)
    assert DID.encode() not in kept and b"my own words" not in kept
    assert str(Erasure.objects.get().author) == ""


class Slow(GuildConnector):
    """Reads a delivery once it is told to."""

    begun, may_go_on = threading.Event(), threading.Event()

    def parse(self, raw: bytes) -> list[Received]:
        found = super().parse(raw)
        self.begun.set()
        assert self.may_go_on.wait(60)
        return found


@pytest.mark.django_db(transaction=True)
def test_what_somebody_else_held_in_memory_during_the_erasure_is_not_kept(
    shop: NewShop, journal: Journal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = shop()
    tell(journal, channel, said(1))
    actions.drain_incoming()
    push(journal, channel, item(2, author_id=DID, text="my own words"), item(3, author_id="liam"))
    monkeypatch.setitem(registry.CONNECTORS, "guild", f"{__name__}:Slow")
    registry.get.cache_clear()
    Slow.begun.clear()
    Slow.may_go_on.clear()

    def drain() -> None:
        try:
            actions.drain_incoming()
        finally:
            connection.close()

    taker = threading.Thread(target=drain)
    taker.start()
    try:
        assert Slow.begun.wait(60)
        monkeypatch.setattr("etalage.channels.actions.erasing.WAIT_S", 0.1)
        monkeypatch.setattr("etalage.channels.actions.erasing.search_journal", lambda: None)  # it is slower
        assert actions.erase_author(channel.pk, DID, actor=None) == 1
    finally:
        Slow.may_go_on.set()
        taker.join(60)
        registry.get.cache_clear()
    assert list(Incoming.objects.filter(erased_at=None).values_list("author_id", flat=True)) == ["liam"]
    assert journal.pending() == [] and journal.dead() == []
    monkeypatch.undo()


in_database = pytest.mark.django_db


@in_database
def test_an_id_that_is_known_everywhere_is_erased_on_every_server(
    shop: NewShop, journal: Journal, folder: Path
) -> None:
    """A person on this network keeps their id, whichever server the shop's accounts live on."""
    one, other = shop("bluesky", "one.example"), shop("bluesky", "two.example")
    for channel in (one, other):
        tell(journal, channel, said(1), said(2, "did:plc:liam"))
    actions.drain_incoming()
    (found,) = personal.authors_on(one, DID)
    author = personal.author_of(one, found.thing)
    assert author and author.count == 2 and len(personal.export_author(one, DID)) == 2
    assert actions.erase_author(one.pk, DID, actor=None) == 2
    assert DID.encode() not in everything(folder)
    assert Incoming.objects.filter(author_id="did:plc:liam").count() == 2
    third = shop("bluesky", "three.example")  # connected afterwards, and told of what was before
    tell(journal, third, said(1, at=clock.now() - timedelta(hours=1)))
    actions.drain_incoming()
    assert not Incoming.objects.filter(channel=third).exists() and DID.encode() not in everything(folder)


@in_database
def test_the_same_id_on_another_server_is_another_person(shop: NewShop, journal: Journal) -> None:
    one, other = shop("mastodon", "one.example"), shop("mastodon", "two.example")
    for channel in (one, other):
        tell(journal, channel, said(1, "42"))
    actions.drain_incoming()
    assert actions.erase_author(one.pk, "42", actor=None) == 1
    assert Incoming.objects.get(author_id="42").channel == other


@in_database
def test_what_the_journal_keeps_for_ever_answers_no_guess(
    shop: NewShop, journal: Journal, folder: Path, settings: Settings
) -> None:
    channel = shop()
    follow = said(0, "42", kind=ReceivedKind.FOLLOW, remote_id="42")
    tell(journal, channel, follow)
    actions.drain_incoming()
    actions.erase_author(channel.pk, "42", actor=None)
    kept = everything(folder)
    for guess in (b"42", b"item:follow:42", b"follow:42"):
        assert hashlib.sha256(guess).hexdigest().encode() not in kept, guess
    assert delivery_key(None, b"item:follow:42").encode() not in kept
    settings.SECRET_KEYS = ["a fresh key " + "z" * 40, *settings.SECRET_KEYS]
    assert journal.keep(polled(channel, [follow]), min_free_bytes=0) == 0, "it is known all the same"


@in_database
def test_answers_to_them_do_not_say_whom_they_answer(shop: NewShop, journal: Journal, folder: Path) -> None:
    channel = shop("bluesky")
    known = f"at://{DID}/post/1"
    answers = [
        said(number, "did:plc:liam", text="I agree", in_reply_to=to)
        for number, to in enumerate((known, f"at://{DID}/post/seen-by-nobody", "at://did:plc:eva/post/1"))
    ]
    tell(journal, channel, said(1), *answers)
    actions.drain_incoming()
    actions.erase_author(channel.pk, DID, actor=None)
    assert DID.encode() not in everything(folder)
    rows = Incoming.objects.filter(author_id="did:plc:liam").order_by("remote_id")
    assert list(rows.values_list("in_reply_to", flat=True)) == ["", "", "at://did:plc:eva/post/1"]
    again = [one._replace(delivery_id=uuid7().hex) for one in polled(channel, answers)]
    journal.keep(again, min_free_bytes=0)
    actions.drain_incoming()
    assert DID.encode() not in everything(folder), "nor does a late copy"
    late = said(9, "did:plc:liam", in_reply_to=known, at=clock.now() + timedelta(hours=1))
    tell(journal, channel, late)
    actions.drain_incoming()
    assert DID.encode() not in everything(folder), "nor does who answers them now"


@in_database
def test_an_id_that_is_a_small_number_takes_nobody_else_along(
    shop: NewShop, journal: Journal, folder: Path
) -> None:
    channel = shop()
    tell(journal, channel, said("a", "1"))
    actions.drain_incoming()
    failed = push(journal, channel, item(1, author_id="2", text="others", on_remote_id="1"))
    unread = push(journal, channel, raw=b'{"favourites": 1, "text": "others too"')
    both = push(journal, channel, item(2, author_id="1"), item(3, author_id="3", text="beside"))
    theirs = push(journal, channel, raw=b'{"account": {"id": "1"}, "text": "broken and theirs"')
    for one in journal.begin(journal.pending()):
        journal.mark_failed(one, "fault")
    actions.erase_author(channel.pk, "1", actor=None)
    assert {one.id for one in journal.dead()} == {failed, unread, both}
    assert b"broken and theirs" not in everything(folder) and theirs not in {one.id for one in journal.dead()}
    journal.replay_dead()
    actions.drain_incoming()
    texts = Incoming.objects.filter(erased_at=None).values_list("author_id", "text", "in_reply_to")
    assert sorted(texts) == [("2", "others", ""), ("3", "beside", "")]


@in_database
def test_an_erased_follow_is_not_taken_for_a_like_of_the_same_number(shop: NewShop, journal: Journal) -> None:
    channel = shop()
    tell(journal, channel, said(0, "42", kind=ReceivedKind.FOLLOW, remote_id="42"))
    actions.drain_incoming()
    actions.erase_author(channel.pk, "42", actor=None)
    tell(journal, channel, said(0, "7", kind=ReceivedKind.LIKE, remote_id="42"))
    push(journal, channel, item(42, "follow", author_id="42", at=clock.now() + timedelta(hours=1)))
    actions.drain_incoming()
    assert list(Incoming.objects.filter(erased_at=None).values_list("kind", "author_id")) == [("like", "7")]


@in_database
@pytest.mark.parametrize("is_back", [True, False], ids=["who is back", "who came after the backup"])
def test_the_list_names_nobody_and_is_enough_to_erase_them_again(
    shop: NewShop, journal: Journal, folder: Path, is_back: bool
) -> None:
    """As after a restore that lost the database's own key: the rows are back or not, and all else is told once more."""
    channel = shop()
    tell(journal, channel, said(1))
    actions.drain_incoming()
    before = Incoming.objects.values().get()
    actions.erase_author(channel.pk, DID, actor=None)
    join_erasures(folder / "beside.txt")
    lines = read_list(folder / "beside.txt")
    assert (len(ids_in(lines)), len(authors_in(lines)), len(keys_in(lines))) == (1, 1, 1)
    assert DID not in "".join(lines)
    for model in ("forgetting", "erasure", "incoming"):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM channels_{model}")
    names_of_forgotten(["a new key is made"])
    if is_back:
        Incoming.objects.create(**before)
    assert erase_again(lines) == int(is_back) and erase_again(lines) == 0
    late = [said(2, at=clock.now() - timedelta(hours=1))]
    if is_back:
        late.append(said(1, text="my own words, changed"))
    journal.keep([one._replace(delivery_id=uuid7().hex) for one in polled(channel, late)], min_free_bytes=0)
    told = said(3, at=clock.now() + timedelta(hours=1), text="here again")
    # Fetched anew by the place that the backup knew: by our clock it comes now, by theirs it was before.
    tell(journal, channel, said(4, at=clock.now() - timedelta(hours=1)), told)
    actions.drain_incoming()
    assert list(Incoming.objects.filter(erased_at=None).values_list("text", flat=True)) == ["here again"]
    assert known_erasures() >= lines


@in_database
@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about a limit of SQLite")
def test_a_list_of_any_length_is_gone_through(shop: NewShop, journal: Journal, folder: Path) -> None:
    """SQLite as its makers build it takes so many values in a statement."""
    connection.ensure_connection()
    kind = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    before = connection.connection.setlimit(kind, 32_766)
    try:
        ids = {uuid7() for _one in range(40_000)}
        with pytest.raises(OperationalError, match="too many"):  # the naive way
            list(Incoming.objects.filter(pk__in=ids))
        assert erase_again({str(one) for one in ids}) == 0
    finally:
        connection.connection.setlimit(kind, before)


def test_a_torn_line_of_the_list_spoils_no_other(folder: Path) -> None:
    from etalage.accounts.erased import LIST, note_erased

    ids = [uuid7() for _one in range(2)]
    note_erased(ids[:1])
    with (folder / LIST).open("a") as file:
        file.write(f"key:{'x' * 20}")  # the power was cut
    note_erased(ids[1:])
    assert ids_in(read_list(folder / LIST)) == set(ids) and not keys_in(read_list(folder / LIST))


NAME = "Canary-Zephyrine-Vandenbroucke"


@pytest.mark.parametrize("pragmas", ["ours", "naive"])
def test_a_deleted_name_is_in_no_byte_of_the_database_after_a_checkpoint(
    tmp_path: Path, pragmas: str
) -> None:
    from etalage.environment import SQLITE_PRAGMAS

    path = tmp_path / "shop.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete=OFF")  # some builds have it on of themselves
        for pragma in SQLITE_PRAGMAS.split(";") if pragmas == "ours" else ["PRAGMA journal_mode=WAL"]:
            database.execute(pragma)
        database.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT)")
        rows = [
            (number, f"{NAME if number % 10 == 0 else 'Somebody'} {number}" + "." * 50)
            for number in range(900)
        ]
        database.executemany("INSERT INTO person VALUES (?, ?)", rows)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert NAME.encode() in path.read_bytes()
        database.execute("DELETE FROM person WHERE name LIKE ?", [f"{NAME}%"])
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert (NAME.encode() in path.read_bytes()) == (pragmas == "naive")
