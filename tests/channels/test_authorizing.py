"""Saying yes at the network: only who began comes back, once, in time; nothing is asked of anybody else."""

from __future__ import annotations

import random
import secrets
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from etalage.accounts.models import AuditEntry
from etalage.channels.models import Asking, Channel, Grant
from etalage.kit import clock
from tests.channels.conftest import way_out
from tests.channels.guild import Guild

pytestmark = pytest.mark.django_db
BACK = "/channels/callback/"
SEED = random.SystemRandom().randrange(2**32)


def test_the_owner_says_yes_and_the_account_is_a_channel(signed_in: dict[str, Client], guild: Guild) -> None:
    manager = signed_in["manager"]
    page = manager.post("/channels/connect/guild/", {"address": guild.base_url, "language": "fr"})
    assert "127.0.0.1" in page.content.decode() and page["cache-control"].startswith("max-age=0")
    url = page.context["way_out"].url
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fchannels%2Fcallback%2F" in url
    answer = manager.get(BACK, guild.say_yes(url))
    channel = Channel.objects.get()
    assert answer["location"] == f"/channels/{channel.pk}/"
    assert (channel.name, channel.language, channel.network) == ("Guild shop", "fr", "guild")
    assert channel.grant and channel.grant.refresh_token and channel.grant.renew_at
    assert not Asking.objects.exists()
    assert AuditEntry.objects.filter(action="channel.connected").count() == 1


def test_what_is_remembered_meanwhile_is_no_secret_in_the_database(
    signed_in: dict[str, Client], guild: Guild
) -> None:
    manager = signed_in["manager"]
    url = way_out(manager, guild)
    state = guild.say_no(url)["state"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM channels_asking")
        kept = repr(cursor.fetchall())
    memory = str(Asking.objects.get().memory)
    assert "verifier" in memory and memory not in kept
    assert state not in kept and manager.session.session_key not in kept


def refused(client: Client, answer: dict[str, Any]) -> int:
    """Come back with an answer that must not do; the status."""
    got = client.get(BACK, answer)
    assert got.status_code >= 400 and "Not connected" in got.content.decode()
    return got.status_code


def test_who_said_no_connects_nothing_and_is_told_so(signed_in: dict[str, Client], guild: Guild) -> None:
    manager = signed_in["manager"]
    answer = manager.get(BACK, guild.say_no(way_out(manager, guild)))
    assert answer.status_code == 409 and "answered with no" in answer.content.decode()
    assert not Channel.objects.exists() and not guild.calls


def test_the_same_answer_does_not_serve_twice(signed_in: dict[str, Client], guild: Guild) -> None:
    manager = signed_in["manager"]
    answer = guild.say_yes(way_out(manager, guild))
    assert manager.get(BACK, answer).status_code == 302
    calls = guild.calls.total()
    assert refused(manager, answer) == 409
    assert guild.calls.total() == calls and Grant.objects.count() == 1


def test_another_browser_or_person_cannot_bring_the_answer(
    signed_in: dict[str, Client], guild: Guild, world: Any
) -> None:
    answer = guild.say_yes(way_out(signed_in["manager"], guild))
    other = Client()
    other.force_login(world.manager, backend="django.contrib.auth.backends.ModelBackend")
    assert refused(other, answer) == 403  # the same person in another browser
    assert refused(signed_in["owner"], answer) == 403
    assert signed_in["member"].get(BACK, answer).status_code == 403
    assert Client().get(BACK, answer).status_code == 302  # to the sign-in page
    assert not guild.calls and not Channel.objects.exists()
    assert signed_in["manager"].get(BACK, answer).status_code == 302  # who began is not harmed by them


def test_after_ten_minutes_it_is_too_late(signed_in: dict[str, Client], guild: Guild) -> None:
    manager = signed_in["manager"]
    answer = guild.say_yes(way_out(manager, guild))
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1)):
        assert refused(manager, answer) == 410
    assert refused(manager, answer) == 409  # and it is used up
    assert not guild.calls


def test_a_code_of_the_network_s_that_it_does_not_know_connects_nothing(
    signed_in: dict[str, Client], guild: Guild
) -> None:
    manager = signed_in["manager"]
    answer = guild.say_yes(way_out(manager, guild))
    assert refused(manager, {**answer, "code": "guessed"}) == 422
    assert guild.calls == {"/token": 1} and not Channel.objects.exists()


def test_no_answer_that_was_not_asked_for_is_taken_whatever_it_looks_like(
    signed_in: dict[str, Client], guild: Guild
) -> None:
    """Forged, cut, changed, doubled, missing, another's: 500 of them, and not one request to the network."""
    chance, manager, owner = random.Random(SEED), signed_in["manager"], signed_in["owner"]
    good = guild.say_yes(way_out(manager, guild))
    others = guild.say_yes(way_out(owner, guild))
    state = good["state"]
    for number in range(500):
        kind = number % 8
        place = chance.randrange(len(state))
        changed = chr(ord("a") + (ord(state[place]) + 1) % 26)
        wrong: dict[str, Any] = [
            {"state": secrets.token_urlsafe(32), "code": good["code"]},
            {"state": state[:place], "code": good["code"]},
            {"state": state[:place] + changed + state[place + 1 :] + "x", "code": good["code"]},
            {"state": [state, state], "code": good["code"]},
            {"code": good["code"]},
            {"state": "", "code": good["code"]},
            {"state": others["state"], "code": good["code"]},
            {"state": state.swapcase(), "code": good["code"]},
        ][kind]
        assert manager.get(BACK, wrong).status_code in {400, 403, 409}, f"seed {SEED}, {number}"
    assert not guild.calls and not Channel.objects.exists(), f"seed {SEED}"
    assert manager.get(BACK, good).status_code == 302


HOSTILE = [
    "http://127.0.0.1:1/",
    "http://localhost/",
    "https://localhost:8000",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://10.0.0.8",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://shop.example@127.0.0.1/",
    "@noor@127.0.0.1",
    "http://shop.example/",
    "ftp://shop.example/",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://a..b/",
    "https:///nothing",
    "https://exa mple.com/",
    "https://shop.example\\@10.0.0.1/",
    "https://%31%30.0.0.1/",
    "",
    "shop",
    "x" * 400 + ".example",
]


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_inside_the_walls_or_none_at_all_is_not_called(
    signed_in: dict[str, Client], guild: Guild, address: str
) -> None:
    answer = signed_in["manager"].post("/channels/connect/guild/", {"address": address, "language": "en"})
    assert answer.status_code == 422
    assert not guild.calls and not Asking.objects.exists()


@pytest.mark.parametrize(
    "address", ["social.example", "@shop@social.example", "https://social.example/@shop"]
)
def test_people_write_addresses_in_many_ways(
    signed_in: dict[str, Client], guild: Guild, address: str
) -> None:
    answer = signed_in["manager"].post("/channels/connect/guild/", {"address": address, "language": "en"})
    assert answer.status_code == 200 and Asking.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "réponse"), ("nl", "antwoord"), ("ar", "الشبكة"), ("en", "nobody asked for it")],
)
def test_the_refusal_is_said_in_the_reader_s_language(
    signed_in: dict[str, Client], world: Any, language: str, said: str
) -> None:
    world.manager.language = language
    world.manager.save()
    answer = signed_in["manager"].get(BACK, {"state": "nobody-s", "code": "x"})
    assert said in answer.content.decode()
