"""What people on the real Bluesky do reaches the shop's own rows, through the journal, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from etalage.channels import actions
from etalage.channels.actions import connect_channel
from etalage.channels.models import Figure, Incoming, Listening
from etalage.edge.journal import Journal
from etalage.kit import clock
from tests.conftest import World
from tests.peers.bluesky import BlueskyNetwork, until
from tests.publishing.conftest import NewPost, rounds

pytestmark = [pytest.mark.peers, pytest.mark.django_db]
Ahead = Callable[[timedelta], None]


def test_a_reply_and_a_like_arrive_once_and_are_counted(
    bluesky: BlueskyNetwork, world: World, new_post: NewPost, traveller: Ahead, journal: Journal
) -> None:
    shop, mia = bluesky.join(), bluesky.join("mia")
    channel = connect_channel(
        "bluesky", shop.server, shop.app_password, actor=world.manager, handle=shop.handle
    )
    publication = rounds(traveller, new_post(channel, now=True).publications.get())
    view = until(lambda: shop.view(publication.remote_id))
    post = {"uri": view["uri"], "cid": view["cid"]}
    reply = mia.create(
        "app.bsky.feed.post", text="Encore en 38 ?", langs=["fr"], reply={"root": post, "parent": post}
    )
    like = mia.create("app.bsky.feed.like", subject=post)

    def arrived() -> bool:
        Listening.objects.update(due_at=clock.now(), measure_due_at=clock.now())
        actions.read_channel(channel.pk)
        actions.drain_incoming()
        return Incoming.objects.count() >= 2

    until(arrived)
    Listening.objects.update(cursor="")  # a cursor that was lost brings all of it once more
    arrived()
    rows = {row.kind: row for row in Incoming.objects.all()}
    assert {kind: row.remote_id for kind, row in rows.items()} == {
        "comment": reply["uri"],
        "like": like["uri"],
    }
    comment = rows["comment"]
    assert (comment.text, comment.language, comment.author_handle) == ("Encore en 38 ?", "fr", mia.handle)
    assert {row.on_remote_id for row in rows.values()} == {publication.remote_id}
    assert Incoming.objects.count() == 2 and journal.pending() == []

    def counted() -> bool:
        Listening.objects.update(measure_due_at=clock.now())
        actions.measure_channel(channel.pk)
        figures = Figure.objects.filter(channel=channel, remote_id=publication.remote_id)
        return {figure.name: figure.value for figure in figures.order_by("taken_at")}.items() >= {
            ("likes", 1), ("comments", 1), ("shares", 0),
        }  # fmt: skip

    assert until(counted)
