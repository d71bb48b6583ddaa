"""Our delivery over the real Bluesky: what was accepted and not heard is found again, and never sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from etalage.channels.actions import connect_channel
from etalage.channels.models import Channel, Grant
from etalage.channels.queries import network_for
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.networks import inside
from etalage.networks.base import Rendition
from etalage.publishing import actions, links
from etalage.publishing.delivery import changes
from etalage.publishing.delivery.send import delivery_of
from etalage.publishing.models import Publication
from tests.conftest import World
from tests.peers.bad_line import BadLine, bad_line
from tests.peers.bluesky import BlueskyNetwork, Person
from tests.peers.killed_worker import killed_once_accepted
from tests.publishing.conftest import NewPost, rounds

pytestmark = pytest.mark.peers
Ahead = Callable[[timedelta], None]
CREATION = "com.atproto.repo.putRecord"


@pytest.fixture
def shop(bluesky: BlueskyNetwork) -> Person:
    return bluesky.join()


@pytest.fixture
def line(bluesky: BlueskyNetwork) -> Iterator[BadLine]:
    with bad_line(bluesky.server, CREATION) as line:
        inside.allow([line.address])
        yield line


@pytest.fixture
def channel(world: World, shop: Person, line: BadLine) -> Channel:
    """The shop's account, connected, then reached over the bad line."""
    channel = connect_channel(
        "bluesky", shop.server, shop.app_password, actor=world.manager, handle=shop.handle, language="en"
    )
    Channel.objects.filter(pk=channel.pk).update(base_url=line.address)
    channel.refresh_from_db()
    return channel


def standing(shop: Person, publication: Publication) -> list[str]:
    """Addresses of all posts on the shop's own server that carry the publication's tracked link."""
    marker = links.address_of(publication.link)
    return [post["uri"] for post in shop.posts() if marker in post["value"]["text"]]


@pytest.mark.django_db
def test_a_post_goes_out_and_is_taken_back(
    channel: Channel, shop: Person, new_post: NewPost, world: World, traveller: Ahead
) -> None:
    post = new_post(channel, now=True)
    publication = rounds(traveller, post.publications.get())

    assert publication.state == "published", (publication.reason, publication.detail)
    assert standing(shop, publication) == [publication.remote_id]
    assert publication.remote_url == f"https://bsky.app/profile/{shop.did}/post/{publication.client_key}"

    actions.withdraw_post(post.pk, actor=world.manager)
    changes.carry_out(publication.pk)
    publication.refresh_from_db()
    assert publication.state == "withdrawn"
    assert standing(shop, publication) == []


@pytest.mark.django_db
def test_an_answer_that_is_lost_makes_no_second_post(
    channel: Channel, shop: Person, line: BadLine, new_post: NewPost, traveller: Ahead
) -> None:
    post = new_post(channel, now=True)
    line.cuts = [lambda: None]

    publication = rounds(traveller, post.publications.get())

    assert line.cuts == []  # it was cut
    assert publication.state == "published", (publication.reason, publication.detail)
    assert standing(shop, publication) == [publication.remote_id]


@pytest.mark.django_db
def test_sending_again_without_the_key_would_have_made_a_second_post(
    channel: Channel, shop: Person, line: BadLine, new_post: NewPost, traveller: Ahead
) -> None:
    """The naive control: the same cut, then the same text under a fresh key."""
    publication = new_post(channel, now=True).publications.get()
    publisher, account = network_for(channel)
    marker = links.address_of(links.link_for_publication(publication))
    content = Rendition(f"New boots are in\n\n{marker}", "en", (), marker)
    line.cuts = [lambda: None]
    for _ in range(2):
        facts = replace(delivery_of(publication, 1), client_key=publisher.client_key(str(uuid7())))
        publisher.commit(account, content, facts)

    assert len(standing(shop, publication)) == 2


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_acceptance_and_record_leaves_one_post_that_is_found_again(
    channel: Channel, shop: Person, line: BadLine, new_post: NewPost, traveller: Ahead
) -> None:
    post = new_post(channel, now=True)
    killed_once_accepted(line, shop.server)

    publication = post.publications.get()
    assert publication.state == "sending"  # the intent is all that the worker left behind
    (uri,) = standing(shop, publication)

    publication = rounds(traveller, publication)

    assert (publication.state, publication.remote_id) == ("published", uri)
    assert standing(shop, publication) == [uri]
    assert line.heard == 1  # it was looked for, and nothing was sent again


@pytest.mark.django_db
@pytest.mark.parametrize("known", ["by the clock", "by the network's word"])
def test_an_access_that_ended_is_renewed_on_the_way_without_the_password(
    known: str, bluesky: BlueskyNetwork, channel: Channel, shop: Person, new_post: NewPost, traveller: Ahead
) -> None:
    ended = (
        clock.now() - timedelta(minutes=1) if known == "by the clock" else clock.now() + timedelta(hours=1)
    )
    assert channel.grant is not None
    Grant.objects.filter(pk=channel.grant.pk).update(
        access_token=bluesky.ended_access(shop), expires_at=ended, renewed_at=clock.now() - timedelta(hours=2)
    )
    publication = rounds(traveller, new_post(channel, now=True).publications.get())

    assert publication.state == "published", (publication.reason, publication.detail)
    assert standing(shop, publication) == [publication.remote_id]
    grant = Grant.objects.get(pk=channel.grant.pk)
    assert grant.expires_at is not None and grant.expires_at > clock.now()
    assert grant.refresh_token != channel.grant.refresh_token
