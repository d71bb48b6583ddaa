"""What people on a real server with Mastodon's API do reaches the shop's own rows, through the journal, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from etalage.channels import actions as channels
from etalage.channels.models import Channel, Figure, Incoming, Listening
from etalage.edge.journal import Journal
from etalage.kit import clock
from etalage.publishing import actions
from etalage.publishing.delivery import changes
from tests.conftest import World
from tests.peers.mastodon import Person, SmallServer, connected, until
from tests.publishing.conftest import NewPost, rounds

pytestmark = [pytest.mark.peers, pytest.mark.django_db]
Ahead = Callable[[timedelta], None]


def heard(channel: Channel, *, again: bool = False) -> dict[str, Incoming]:
    """Read the network now, and take in what waits; the rows by kind. `again`: as after a cursor was lost."""
    facts = {"due_at": clock.now()} | ({"cursor": ""} if again else {})
    Listening.objects.update(**facts)
    channels.read_channel(channel.pk)
    channels.drain_incoming()
    return {row.kind: row for row in Incoming.objects.all()}


def counted(channel: Channel) -> dict[str, int | None]:
    """The newest figures of the only publication."""
    Listening.objects.update(measure_due_at=clock.now())
    channels.measure_channel(channel.pk)
    return {figure.name: figure.value for figure in Figure.objects.order_by("taken_at")}


def act_on(post_id: str, ada: Person, shop_id: str, shop: Person) -> dict[str, str]:
    """Somebody else does all that can be done; their words by what they are."""
    ada.call("POST", f"/api/v1/accounts/{shop_id}/follow")
    reply = {"status": "Encore en 38 ?", "language": "fr", "in_reply_to_id": post_id}
    mention = {"status": f"Going to @{shop.login} today"}
    said = {
        "comment": ada.call("POST", "/api/v1/statuses", reply),
        "mention": ada.call("POST", "/api/v1/statuses", mention),
    }
    ada.call("POST", f"/api/v1/statuses/{post_id}/favourite")
    ada.call("POST", f"/api/v1/statuses/{post_id}/reblog")
    return {kind: status["id"] for kind, status in said.items()}


def test_what_somebody_else_does_arrives_once_belongs_to_its_post_and_is_counted(
    snac: SmallServer,
    world: World,
    signed_in: dict[str, Client],
    new_post: NewPost,
    traveller: Ahead,
    journal: Journal,
) -> None:
    shop, ada = snac.join("lune"), snac.join("ada")
    channel = connected(signed_in["manager"], shop)
    post = new_post(channel, now=True)
    publication = rounds(traveller, post.publications.get())
    _next_second()
    post.refresh_from_db()
    actions.edit_published(post.pk, post.version, {"en": "The last boots"}, actor=world.manager)
    changes.carry_out(publication.pk)  # from now on this server calls it by another id

    said = act_on(publication.remote_id, ada, channel.remote_id, shop)
    until(lambda: len(heard(channel)) == 5)
    _next_second()
    ada.call("PUT", f"/api/v1/statuses/{said['comment']}", {"status": "Encore en 39 ?"})
    rows = heard(channel, again=True)

    assert Incoming.objects.count() == 5 and journal.pending() == []
    assert rows.keys() == {"follow", "comment", "mention", "like", "share"}
    comment = rows["comment"]
    assert comment.text.startswith("Encore en 3")
    assert comment.author_handle == f"{ada.login}@{snac.origin.partition('://')[2]}"
    assert {rows[kind].on_remote_id for kind in ("comment", "like", "share")} == {publication.remote_id}
    assert shop.login in rows["mention"].text and rows["mention"].on_remote_id == ""
    page = signed_in["manager"].get(f"/channels/{channel.pk}/").content.decode()
    assert comment.text in page and page.count(f'href="/posts/{post.pk}/"') == 3
    assert counted(channel) == {"likes": 1, "comments": 1, "shares": 1}


def _next_second() -> None:
    """Come into the next second of the server's clock, which is in its ids."""
    began = int(time.time())
    until(lambda: int(time.time()) > began)
