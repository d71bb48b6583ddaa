"""What came in, on the channel's page; what could not be taken in, on a page of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from etalage.accounts.models import AuditEntry
from etalage.channels import actions
from etalage.channels.models import Incoming, Listening
from etalage.edge.deliveries import Delivery
from etalage.edge.journal import Journal
from etalage.kit import clock
from etalage.kit.ids import uuid7
from tests.channels.conftest import NewChannel

pytestmark = pytest.mark.django_db


def letter(journal: Journal, reason: str = "unreadable", key: str = "0" * 32) -> str:
    body = b'{"items": "the words of somebody"}'
    delivery = Delivery(uuid7().hex, "practice", key, uuid7().hex, 1, "{}", body)
    journal.keep([delivery], min_free_bytes=0)
    (waiting,) = (one for one in journal.pending() if one.id == delivery.id)
    journal.mark_failed(waiting, reason)
    return delivery.id


def test_the_page_shows_who_said_what_when_and_escapes_all_of_it(
    signed_in: dict[str, Client], new_channel: NewChannel
) -> None:
    channel = new_channel()
    said = {"text": "<script>alert(1)</script>", "author_name": "<i>N</i>", "author_handle": '"noor'}
    Incoming.objects.create(channel=channel, kind="comment", remote_id="1", at=clock.now(), **said)
    arabic = {"text": "هل ما زال متوفرا؟", "language": "ar", "author_name": "نور"}
    Incoming.objects.create(channel=channel, kind="review", remote_id="2", at=clock.now(), **arabic)
    hidden = {"text": "taken away", "removed_at": clock.now()}
    Incoming.objects.create(channel=channel, kind="comment", remote_id="3", at=clock.now(), **hidden)
    page = signed_in["manager"].get(f"/channels/{channel.pk}/").content.decode()
    assert "&lt;script&gt;" in page and "<script>alert" not in page and "<i>N</i>" not in page
    assert '<p dir="auto" lang="ar">هل ما زال متوفرا؟</p>' in page and "taken away" not in page
    part = signed_in["manager"].get(f"/channels/{channel.pk}/", headers={"HX-Request": "true"})
    assert "متوفرا" in part.content.decode() and "<html" not in part.content.decode()


def test_the_card_says_when_the_channel_was_read_and_what_is_in_the_way(
    signed_in: dict[str, Client], new_channel: NewChannel
) -> None:
    channel = new_channel()
    assert "Not read yet." in signed_in["member"].get("/channels/").content.decode()
    rows = Listening.objects.filter(channel=channel)
    rows.update(read_at=clock.now() - timedelta(minutes=5), problem="permission_missing")
    page = signed_in["member"].get("/channels/").content.decode()
    assert "Last read" in page and "A permission is missing" in page
    rows.update(problem="no_room")
    assert "The disk is nearly full" in signed_in["member"].get("/channels/").content.decode()


def test_a_failed_delivery_says_why_and_none_of_its_words(
    signed_in: dict[str, Client], new_channel: NewChannel, journal: Journal
) -> None:
    channel = new_channel(name="Maison <Lune>")
    letter(journal, "too_long", channel.pk.hex)
    letter(journal, "fault:<ZeroDivisionError>", "' OR 1=1 --")
    page = signed_in["manager"].get("/channels/not-taken-in/").content.decode()
    assert "Maison &lt;Lune&gt;" in page and "longer than any we know" in page and "own" in page
    assert "words of somebody" not in page and "ZeroDivision" not in page
    assert signed_in["member"].get("/channels/not-taken-in/").status_code == 403
    assert '<span class="badge warn">2</span>' in signed_in["manager"].get("/channels/").content.decode()


def test_it_is_tried_again_or_given_up(
    signed_in: dict[str, Client], new_channel: NewChannel, journal: Journal, folder: Path
) -> None:
    manager = signed_in["manager"]
    first, second, third = (letter(journal) for _ in range(3))
    assert manager.post(f"/channels/not-taken-in/{first}/replay/").status_code == 302
    assert [one.id for one in journal.pending()] == [first]
    assert "forgotten here" in manager.get(f"/channels/not-taken-in/{second}/drop/").content.decode()
    assert len(journal.dead()) == 2
    manager.post(f"/channels/not-taken-in/{second}/drop/")
    assert [one.id for one in journal.dead()] == [third]
    for gone in (first, second, "nobody"):
        for deed in ("replay", "drop"):
            assert manager.post(f"/channels/not-taken-in/{gone}/{deed}/").status_code == 302
        assert "no longer among" in manager.get(f"/channels/not-taken-in/{gone}/drop/").content.decode()
    assert len(journal.pending()) == 1
    manager.post("/channels/not-taken-in/replay/")
    assert {one.id for one in journal.pending()} == {first, third} and journal.dead() == []
    found = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert [one for one in found if "incoming" in one] == [
        "channel.incoming_replayed",
        "channel.incoming_dropped",
        "channel.incoming_replayed",
    ]
    assert actions.drain_incoming() == 0  # it is as unreadable as before


def test_whoever_manages_is_led_to_what_was_not_taken_in(
    signed_in: dict[str, Client], new_channel: NewChannel, journal: Journal
) -> None:
    manager, page = signed_in["manager"], "/channels/not-taken-in/"
    assert "All is well" in manager.get(page).content.decode()
    for address in ("/", reverse("jobs:list")):
        assert page not in manager.get(address).content.decode()
    letter(journal, "too_long", new_channel().pk.hex)
    assert page in manager.get("/").content.decode()
    assert "1 message was not taken in" in manager.get("/").content.decode()
    assert page in manager.get(reverse("jobs:list")).content.decode()
    assert page not in signed_in["member"].get("/").content.decode()
