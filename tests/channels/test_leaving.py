"""A channel that is given up: the network delivers no more, forgets the tokens, and then so does the shop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import pytest
import time_machine
from django.db import connection
from django.test import Client
from pytest_django import Settings

from etalage.channels import actions
from etalage.channels.models import Channel, Grant, Listening
from etalage.channels.queries import channel_card, find_channel
from etalage.channels.tasks import destroy_left_grants, subscribe_again
from etalage.jobs import RetryAt
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, State
from etalage.kit import clock
from etalage.kit.secrets import Cipher, UnreadableSecret, new_key
from tests.channels.conftest import NewChannel, way_out
from tests.channels.guild import Guild
from tests.conftest import World
from tests.practice_network import PracticeNetwork

pytestmark = pytest.mark.django_db
Join = Callable[[], Channel]
LEAVE = "etalage.channels.tasks.leave"


@dataclass
class Door:
    """The shop's door as a network sees it: the paths that it delivered to."""

    address: str = ""
    came: Queue[str] = field(default_factory=Queue)

    def next(self) -> str:
        return self.came.get(timeout=20)


@pytest.fixture
def doors() -> Iterator[tuple[Door, Door]]:
    """Two addresses of the shop: before it moved, and after."""
    made, servers = (Door(), Door()), []
    for door in made:

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self, door: Door = door) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                door.came.put(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        door.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        servers.append((server, thread))
    yield made
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def leave(channel: Channel, grant: Grant) -> None:
    actions.leave_network(channel.pk, grant.pk)


def waits() -> bool:
    return Job.objects.filter(task=LEAVE, state=State.WAITING).exists()


def test_the_network_forgets_the_token_and_then_so_do_we(join: Join, guild: Guild, world: World) -> None:
    channel = join()
    token = str(Grant.objects.get().access_token)
    assert token in guild.access
    actions.disconnect_channel(channel.pk, actor=world.manager)
    assert find_channel(channel.pk).grant is None and waits()
    run_until_idle()
    assert token not in guild.access and guild.calls["/revoke"] == 1
    assert not Grant.objects.exists()


def test_a_network_that_is_away_is_asked_again_and_after_a_day_the_token_is_destroyed_anyway(
    join: Join, guild: Guild, world: World
) -> None:
    channel, grant, now = join(), Grant.objects.get(), clock.now()
    actions.disconnect_channel(channel.pk, actor=world.manager)
    guild.is_down = True
    with pytest.raises(RetryAt) as asked_again:
        leave(channel, grant)
    assert now < asked_again.value.when < now + timedelta(minutes=2) and not asked_again.value.counted
    with time_machine.travel(now + timedelta(hours=10)), pytest.raises(RetryAt) as later:
        leave(channel, grant)
    assert later.value.when >= now + timedelta(hours=11) and Grant.objects.exists()
    with time_machine.travel(now + timedelta(hours=25)):
        leave(channel, grant)
    assert not Grant.objects.exists()


def test_where_the_job_died_the_token_is_destroyed_all_the_same(
    join: Join, guild: Guild, world: World
) -> None:
    channel = join()
    destroy_left_grants.call()
    actions.disconnect_channel(channel.pk, actor=world.manager)
    Job.objects.all().delete()
    destroy_left_grants.call()
    assert Grant.objects.exists()  # its network may still be asked
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        destroy_left_grants.call()
    assert not Grant.objects.exists()


def test_a_channel_that_is_connected_again_meanwhile_keeps_its_new_token(
    join: Join, guild: Guild, world: World, signed_in: dict[str, Client]
) -> None:
    channel, old = join(), Grant.objects.get()
    actions.disconnect_channel(channel.pk, actor=world.manager)
    url = way_out(signed_in["manager"], guild)
    signed_in["manager"].get("/channels/callback/", guild.say_yes(url))
    leave(channel, old)
    (new,) = Grant.objects.all()
    assert new.pk != old.pk and guild.access == {str(new.access_token)}
    assert find_channel(channel.pk).grant == new


def test_the_tokens_that_others_took_the_place_of_are_given_back(join: Join, guild: Guild) -> None:
    """Connected once more although all was well: at some networks a token has no end of its own."""
    channel = join()
    before = str(Grant.objects.get().access_token)
    assert join() == channel
    assert before in guild.access
    run_until_idle()
    (now_used,) = Grant.objects.all()
    assert guild.access == {str(now_used.access_token)} and now_used == find_channel(channel.pk).grant


def test_where_no_key_opens_the_old_tokens_connecting_once_more_mends_it(join: Join, guild: Guild) -> None:
    """The key that sealed them is lost: what nobody can open cannot be given back, and stands in nobody's way."""
    channel = join()
    sealed = Cipher([new_key()]).encrypt("by a lost key")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE channels_grant SET access_token = %s", [sealed])
    with pytest.raises(UnreadableSecret):
        Grant.objects.get()
    assert join() == channel
    assert Grant.objects.get() == find_channel(channel.pk).grant
    assert str(Grant.objects.get().access_token) in guild.access


def test_the_same_token_given_again_is_not_revoked(join: Join, guild: Guild, world: World) -> None:
    channel, old = join(), Grant.objects.get()
    actions.disconnect_channel(channel.pk, actor=world.manager)
    token = str(old.access_token)
    actions.connect_channel("guild", guild.base_url, token, actor=world.manager)
    leave(channel, old)
    assert token in guild.access and guild.calls["/revoke"] == 0 and Grant.objects.count() == 1


def test_a_token_that_serves_another_channel_stays(join: Join, guild: Guild, world: World) -> None:
    channel, grant = join(), Grant.objects.get()
    facts = {"network": "guild", "base_url": guild.base_url, "remote_id": "8", "name": "Second"}
    second = Channel.objects.create(grant=grant, handle="second", **facts)
    actions.disconnect_channel(channel.pk, actor=world.manager)
    run_until_idle()
    assert guild.calls["/revoke"] == 0 and Grant.objects.exists()
    actions.disconnect_channel(second.pk, actor=world.manager)
    run_until_idle()
    assert guild.calls["/revoke"] == 1 and not Grant.objects.exists()


def test_a_network_delivers_no_more_to_a_channel_that_was_given_up(
    new_channel: NewChannel,
    practice: PracticeNetwork,
    world: World,
    settings: Settings,
    doors: tuple[Door, Door],
) -> None:
    door, other = doors
    settings.PUBLIC_ADDRESS = door.address
    channel, witness = new_channel(), new_channel()
    run_until_idle()
    practice.let_somebody("mention", channel.handle, text="before")
    assert door.next() == f"/hooks/practice/{channel.pk.hex}"
    actions.disconnect_channel(channel.pk, actor=world.manager)
    run_until_idle()
    practice.let_somebody("mention", channel.handle, text="after")
    practice.let_somebody("mention", witness.handle, text="after that")  # the network delivers in turn
    assert door.next() == f"/hooks/practice/{witness.pk.hex}" and door.came.empty()
    assert other.came.empty()


def test_networks_deliver_to_the_new_address_once_the_shop_has_moved(
    new_channel: NewChannel, practice: PracticeNetwork, settings: Settings, doors: tuple[Door, Door]
) -> None:
    before, after = doors
    settings.PUBLIC_ADDRESS = before.address
    channel = new_channel()
    run_until_idle()
    secret = str(Listening.objects.get().secret)
    subscribe_again.call()
    assert not Job.objects.filter(state=State.WAITING, task__endswith=".subscribe").exists()
    settings.PUBLIC_ADDRESS = after.address
    channel = find_channel(channel.pk)
    assert not channel_card(channel).ear.is_told, "nobody tells us at the address that we have now"
    subscribe_again.call()
    run_until_idle()
    listening = Listening.objects.get()
    assert listening.push_address == f"{after.address}/hooks/practice/{channel.pk.hex}"
    assert str(listening.secret) != secret
    practice.let_somebody("mention", channel.handle, text="to the new door")
    assert after.next() == f"/hooks/practice/{channel.pk.hex}" and before.came.empty()
    assert channel_card(find_channel(channel.pk)).ear.is_told


def test_a_network_that_refuses_the_new_address_is_read_by_asking(
    new_channel: NewChannel, settings: Settings, doors: tuple[Door, Door]
) -> None:
    settings.PUBLIC_ADDRESS = doors[0].address
    channel = new_channel()
    run_until_idle()
    settings.PUBLIC_ADDRESS = "https://shop.example"  # the practice network delivers to its own machine alone
    subscribe_again.call()
    subscribe_again.call()
    assert Job.objects.filter(task__endswith=".subscribe", state=State.WAITING).count() == 1
    assert not channel_card(find_channel(channel.pk)).ear.is_told


def test_the_secrets_of_a_grant_are_nowhere_in_the_database(join: Join) -> None:
    channel = join()
    Grant.objects.filter(channels=channel).update(memory="a secret of the application")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM channels_grant")
        assert "a secret of the application" not in repr(cursor.fetchall())
    assert "a secret" not in repr(actions.leaving.tokens_of(Grant.objects.get()))
