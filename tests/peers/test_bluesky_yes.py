"""A manager connects the shop's account by saying yes at the real Bluesky, in a real browser, from the shop's pages.

Once from a shop with a public https address, which introduces itself by its own page and key; once from a shop on the
person's own machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from etalage.channels import actions, grants
from etalage.channels.models import Channel, Grant, Incoming, Introduction, Listening
from etalage.channels.queries import account_of
from etalage.kit import clock
from etalage.networks.base import Page
from etalage.networks.bluesky.oauth import Session
from etalage.networks.registry import get
from tests.conftest import World
from tests.peers.bluesky import BlueskyNetwork, Person, until
from tests.peers.person import Browser, say_no, say_yes
from tests.peers.secure import secure_line
from tests.publishing.conftest import NewPost, rounds

pytestmark = [pytest.mark.peers, pytest.mark.django_db(transaction=True)]
Ahead = Callable[[timedelta], None]
HOST = "maison-lune.home.arpa"


@pytest.fixture
def shop(bluesky: BlueskyNetwork) -> Person:
    return bluesky.join()


@pytest.fixture
def public_shop(bluesky: BlueskyNetwork, live_server: Any, settings: Settings) -> Iterator[str]:
    """The shop's own pages under an https address that the network's server can read."""
    with secure_line(live_server.url, HOST, bluesky.authority) as address:
        settings.PUBLIC_ADDRESS, settings.ALLOWED_HOSTS = address, [HOST]
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        yield address


@pytest.fixture
def own_machine(live_server: Any, settings: Settings) -> str:
    """The shop on the machine in front of which the person sits."""
    settings.PUBLIC_ADDRESS = f"http://localhost:{urlsplit(live_server.url).port}"
    return settings.PUBLIC_ADDRESS


def asked(browser: Browser, address: str, shop: Person, world: World) -> None:
    """A manager who is signed in at the shop types the handle, and goes on to the network."""
    client = Client()
    client.force_login(world.manager, backend="django.contrib.auth.backends.ModelBackend")
    (cookie,) = [one for one in client.cookies.values() if one.key == "etalage"]

    def work(page: Any) -> None:
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
        page.goto(f"{address}/channels/connect/bluesky/")
        page.get_by_label("Handle").fill(f"@{shop.handle}")
        page.get_by_text("The account lives on another server").click()
        page.get_by_label("Address").fill(shop.server)
        page.get_by_role("button", name="Continue with Bluesky").click()
        page.get_by_role("link", name="Go on").click()

    browser.do(work)


def connected(browser: Browser, address: str, shop: Person, world: World) -> Channel:
    """The same to the end."""
    asked(browser, address, shop, world)

    def work(page: Any) -> str:
        say_yes(page, shop)
        page.wait_for_url(f"{address}/channels/*-*/")
        return str(page.inner_text("body"))

    assert "is connected" in browser.do(work)
    return Channel.objects.select_related("grant").get(network="bluesky")


def published(channel: Channel, shop: Person, new_post: NewPost, traveller: Ahead) -> str:
    """A post of the shop stands on its server; its address there."""
    publication = rounds(traveller, new_post(channel, now=True).publications.get())
    assert publication.state == "published", (publication.reason, publication.detail)
    assert [post["uri"] for post in shop.posts()] == [publication.remote_id]
    return publication.remote_id


def grant_of(channel: Channel) -> Grant:
    return Grant.objects.get(channels=channel)


def test_a_public_shop_connects_publishes_hears_and_renews(
    public_shop: str,
    browser: Browser,
    bluesky: BlueskyNetwork,
    shop: Person,
    world: World,
    new_post: NewPost,
    traveller: Ahead,
) -> None:
    channel = connected(browser, public_shop, shop, world)

    grant = grant_of(channel)
    assert (channel.remote_id, channel.handle, channel.base_url) == (shop.did, shop.handle, shop.server)
    assert "transition:generic" not in grant.scopes and "repo:app.bsky.feed.post" in grant.scopes
    session = Session.read(str(grant.memory))
    assert session and session.client_id == f"{public_shop}/channels/client/bluesky.json"
    assert session.client_key == str(Introduction.objects.get().key)

    uri = published(channel, shop, new_post, traveller)
    mia = bluesky.join("mia")
    view = until(lambda: shop.view(uri))
    post = {"uri": view["uri"], "cid": view["cid"]}
    mia.create("app.bsky.feed.post", text="Encore en 38 ?", reply={"root": post, "parent": post})

    def arrived() -> bool:
        Listening.objects.update(due_at=clock.now())
        actions.read_channel(channel.pk)
        actions.drain_incoming()
        return Incoming.objects.exists()

    assert until(arrived)

    renewed = grants.renew(grant)
    assert renewed.renewed, renewed.grant.problem
    assert renewed.grant.refresh_token != grant.refresh_token and renewed.grant.memory == grant.memory
    assert isinstance(get("bluesky").fetch(account_of(Channel.objects.get()), ""), Page)


def test_nothing_of_it_is_a_secret_in_the_database(
    public_shop: str, browser: Browser, shop: Person, world: World
) -> None:
    channel = connected(browser, public_shop, shop, world)
    grant = grant_of(channel)
    session = Session.read(str(grant.memory))
    assert session is not None
    secrets = [grant.access_token, grant.refresh_token, session.key, session.client_key]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            kept = repr(cursor.fetchall())
            assert not [secret for secret in secrets if str(secret) in kept], table
    shown = repr((account_of(channel), session, grant, renewal := grants.renew(grant)))
    assert renewal.renewed and not [secret for secret in secrets if str(secret) in shown]


def test_a_shop_on_the_person_s_own_machine_is_known_by_its_number_and_comes_back_by_its_name(
    own_machine: str, browser: Browser, shop: Person, world: World, new_post: NewPost, traveller: Ahead
) -> None:
    channel = connected(browser, own_machine, shop, world)
    session = Session.read(str(grant_of(channel).memory))
    assert session and session.client_id.startswith("http://localhost?") and not session.client_key
    assert not Introduction.objects.exists()
    published(channel, shop, new_post, traveller)


def test_who_says_no_connects_nothing(own_machine: str, browser: Browser, shop: Person, world: World) -> None:
    asked(browser, own_machine, shop, world)

    def work(page: Any) -> str:
        say_no(page, shop)
        page.wait_for_url(f"{own_machine}/channels/callback/*")
        return str(page.inner_text("body"))

    assert "answered with no" in browser.do(work)
    assert not Channel.objects.exists()


def test_renewing_in_two_workers_at_once_uses_the_token_once(
    own_machine: str, browser: Browser, shop: Person, world: World
) -> None:
    channel = connected(browser, own_machine, shop, world)

    def work(_number: int) -> bool:
        try:
            return grants.renew(grant_of(channel)).renewed
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as crew:
        assert any(crew.map(work, range(8)))
    last = grant_of(channel)
    assert last.refused_at is None
    assert isinstance(get("bluesky").fetch(account_of(Channel.objects.get()), ""), Page)
    assert grants.renew(last).renewed  # the session lives: no token was used twice


def test_a_refresh_token_that_is_spent_means_connect_again(
    own_machine: str, browser: Browser, shop: Person, world: World
) -> None:
    channel = connected(browser, own_machine, shop, world)
    before = grant_of(channel)
    assert grants.renew(before).renewed
    Grant.objects.update(refresh_token=before.refresh_token)  # as a backup from before would hold it
    Grant.objects.update(renew_at=clock.now())
    actions.renew_grant(channel.pk)
    channel.refresh_from_db()
    assert (channel.state, channel.pause_reason) == ("paused", "auth_dead")

    again = connected(browser, own_machine, shop, world)
    assert (again.pk, again.state) == (channel.pk, "active")
    assert isinstance(get("bluesky").fetch(account_of(again), ""), Page)
