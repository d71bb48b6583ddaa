"""Who spoke to a channel: found, seen, exported, and forgotten so that nothing brings them back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from etalage.accounts.models import AuditEntry
from etalage.channels import actions, personal
from etalage.channels.items import polled
from etalage.channels.models import Channel, Incoming
from etalage.edge.journal import Journal
from etalage.kit import clock
from etalage.networks.base import Received, ReceivedKind
from tests.channels.conftest import NewChannel
from tests.conftest import World

pytestmark = pytest.mark.django_db
DID = "did:plc:noor"


def thing(number: int, author: str = DID, **more: str) -> Received:
    """A thing whose id says whose it is, as those of some networks do."""
    names = {"author_handle": "noor.example", "author_name": "Noor", "text": "my own words", "language": "en"}
    at, kind = clock.now() + timedelta(seconds=number), ReceivedKind.COMMENT
    return Received(kind, f"at://{author}/post/{number}", author_id=author, at=at, **{**names, **more})


def gone(number: int) -> Received:
    """They took it away at the network."""
    at = clock.now() + timedelta(hours=1)
    return replace(thing(number), kind=ReceivedKind.REMOVED, author_id="", at=at)


def told(journal: Journal, channel: Channel, *things: Received) -> None:
    """Its network tells these things, and they are taken in."""
    journal.keep(polled(channel, things), min_free_bytes=0)
    actions.drain_incoming()


@pytest.fixture
def channel(new_channel: NewChannel) -> Channel:
    return new_channel(name="Maison Lune")


def test_somebody_is_found_by_name_or_handle_and_all_is_shown(
    signed_in: dict[str, Client], channel: Channel, journal: Journal
) -> None:
    told(journal, channel, thing(1), thing(2, text="<b>more</b>"))
    told(journal, channel, thing(3, "did:plc:liam", author_name="ليام", author_handle="liam.example"))
    manager, page = signed_in["manager"], f"/channels/{channel.pk}/people/"
    everybody = manager.get(page).content.decode()
    assert everybody.index("ليام") < everybody.index("Noor") and "2 messages and reactions" in everybody
    for search in ("noo", "@NOOR.ex", DID):
        found = manager.get(page, {"q": search}).content.decode()
        assert "Noor" in found and "ليام" not in found, search
    assert "Nobody found" in manager.get(page, {"q": "nobody' OR 1=1 --"}).content.decode()
    (author,) = personal.authors_on(channel, "noor")
    seen = manager.get(f"{page}{author.thing}/").content.decode()
    assert "my own words" in seen and "&lt;b&gt;more" in seen and "<b>more" not in seen
    assert f"{page}{author.thing}/erase/" in seen
    assert f"/people/{author.thing}/" in manager.get(f"/channels/{channel.pk}/").content.decode()


def test_the_list_asks_the_database_the_same_number_of_times_for_many_people(
    signed_in: dict[str, Client], channel: Channel, journal: Journal
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            signed_in["manager"].get(f"/channels/{channel.pk}/people/")
        return len(seen)

    told(journal, channel, thing(1))
    count()
    few = count()
    told(journal, channel, *[thing(number, f"did:plc:{number}") for number in range(2, 30)])
    assert count() == few


def test_a_copy_of_all_that_is_kept_is_given(
    signed_in: dict[str, Client], channel: Channel, journal: Journal, new_channel: NewChannel
) -> None:
    other = new_channel()  # on the same server: the same person
    told(journal, channel, thing(1), thing(2, "did:plc:liam", text="others"))
    told(journal, other, thing(3))
    (author,) = personal.authors_on(channel, DID)
    answer = signed_in["manager"].post(f"/channels/{channel.pk}/people/{author.thing}/export/")
    kept = json.loads(answer.content)["kept"]
    assert {row["author"]["id"] for row in kept} == {DID} and len(kept) == 2
    assert {row["channel"] for row in kept} == {channel.handle, other.handle}
    assert "others" not in answer.content.decode() and "no-store" in answer["Cache-Control"]
    assert AuditEntry.objects.get(action="channel.author_exported").details == {"count": 2}


def test_a_manager_erases_somebody_after_being_asked(
    signed_in: dict[str, Client], channel: Channel, journal: Journal, folder: Path
) -> None:
    told(journal, channel, thing(1), thing(2), thing(3, "did:plc:liam", author_name="Liam"))
    (author,) = personal.authors_on(channel, DID)
    page = f"/channels/{channel.pk}/people/{author.thing}/"
    asked = signed_in["manager"].get(f"{page}erase/").content.decode()
    assert "2 messages and reactions" in asked and Incoming.objects.filter(author_id=DID).count() == 2
    assert signed_in["member"].post(f"{page}erase/").status_code == 403
    assert Incoming.objects.filter(author_id=DID).count() == 2
    assert signed_in["manager"].post(f"{page}erase/").status_code == 302
    assert signed_in["manager"].get(page).status_code == 404
    assert AuditEntry.objects.get(action="channel.author_erased").details == {"count": 2}
    assert "Noor" not in signed_in["manager"].get(f"/channels/{channel.pk}/people/").content.decode()
    assert Incoming.objects.count() == 3, "how many spoke is not forgotten"


def test_nothing_that_stays_tells_who_it_was_not_even_the_ids_of_their_things(
    channel: Channel, journal: Journal, folder: Path, world: World
) -> None:
    told(journal, channel, thing(1), thing(2))
    told(journal, channel, gone(2))
    assert Incoming.objects.count() == 3
    actions.erase_author(channel.pk, DID, actor=world.manager)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM channels_incoming")
        kept = repr(cursor.fetchall())
    assert DID not in kept and "noor" not in kept.lower() and "erased:" in kept
    assert DID.encode() not in (folder / "journal.sqlite3").read_bytes()


def test_a_late_copy_brings_nobody_back_and_a_new_word_does(
    channel: Channel, journal: Journal, world: World
) -> None:
    told(journal, channel, thing(1))
    actions.erase_author(channel.pk, DID, actor=world.manager)
    ids = set(Incoming.objects.values_list("pk", flat=True))
    late = polled(channel, [thing(1, text="the same, changed there since")])
    journal.keep([late[0]._replace(delivery_id="another delivery")], min_free_bytes=0)
    told(journal, channel, gone(1))
    assert set(Incoming.objects.values_list("pk", flat=True)) == ids
    told(journal, channel, thing(2, text="here again"))
    assert Incoming.objects.filter(text="here again").count() == 1


def test_what_people_wrote_to_a_channel_that_was_given_up_is_still_found(
    signed_in: dict[str, Client], channel: Channel, journal: Journal, world: World
) -> None:
    told(journal, channel, thing(1))
    page = f"/channels/{channel.pk}/people/"
    assert page not in signed_in["manager"].get("/channels/").content.decode()
    actions.disconnect_channel(channel.pk, actor=world.manager)
    assert page in signed_in["manager"].get("/channels/").content.decode()
    assert page not in signed_in["member"].get("/channels/").content.decode()
    assert "Noor" in signed_in["manager"].get(page).content.decode()
