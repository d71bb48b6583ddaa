"""What a backup calls a draft or approved may have gone out since: it is looked for once somebody schedules it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing import actions, links
from etalage.publishing.actions import PostContent
from etalage.publishing.delivery.restored import Held, hold_restored
from etalage.publishing.models import Post, TrackedLink
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost, rounds
from tests.publishing.scripted import Play

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]
KNOWING = [face for face in Mechanism if face is not Mechanism.NONE]


@contextmanager
def undone() -> Iterator[datetime]:
    """What is done inside is not in the database afterwards, as after a backup is put back; the network keeps it."""
    backup = transaction.savepoint()
    yield clock.now()
    transaction.savepoint_rollback(backup)


def made(new_post: NewPost, channel: object, world: World, *, approved: bool) -> Post:
    post = new_post(channel)
    return actions.approve_post(post.pk, post.version, actor=world.manager) if approved else post


@pytest.mark.parametrize("approved", [False, True])
@pytest.mark.parametrize("face", KNOWING)
def test_what_was_scheduled_and_sent_since_the_backup_is_found_and_not_sent_again(
    face: Mechanism,
    approved: bool,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    post = made(new_post, scripted_channel(face), world, approved=approved)
    with undone() as taken_at:
        actions.publish_now(post.pk, post.version, actor=world.manager)
        sent = rounds(traveller, post.publications.get())
        assert sent.state == "published"
    assert hold_restored(taken_at) == hold_restored(taken_at) == Held(0, 0, 1)

    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)
    publication = rounds(traveller, post.publications.get())
    assert (publication.state, publication.reason) == ("published", "found")
    assert (publication.remote_id, play.count(publication.pk)) == (sent.remote_id, 1)


@pytest.mark.parametrize("face", KNOWING)
def test_what_did_not_go_out_is_still_open_to_changes_and_goes_out_once(
    face: Mechanism,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    post = made(new_post, scripted_channel(face), world, approved=True)
    hold_restored(clock.now())
    post.refresh_from_db()
    words = PostContent(text={"en": "Other words"}, no_picture_reason="Only words today.")
    post = actions.edit_post(post.pk, post.version, words, actor=world.manager)
    post = actions.send_back(post.pk, post.version, actor=world.manager)
    hour = clock.now() + timedelta(hours=2)
    actions.schedule_post(post.pk, post.version, hour, actor=world.manager)
    publication = post.publications.get()
    assert (publication.state, publication.reason) == ("unknown", "restored")
    publication = rounds(traveller, publication)
    assert publication.state == "published"
    assert [entry.text.startswith("Other words") for entry in play.entries] == [True]
    assert play.entries[0].at >= hour
    # Doubt has an end: scheduled anew, another one is not looked for.
    assert not publication.perhaps_out


@pytest.mark.parametrize(
    ("face", "can_look"),
    [(Mechanism.NONE, True), (Mechanism.READ_BACK, False), (Mechanism.CLIENT_KEY, False)],
)
def test_where_no_look_can_tell_a_person_is_asked_and_nothing_is_sent(
    face: Mechanism,
    can_look: bool,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    post = made(new_post, scripted_channel(face), world, approved=True)
    with undone() as taken_at:
        actions.publish_now(post.pk, post.version, actor=world.manager)
        rounds(traveller, post.publications.get())
    hold_restored(taken_at)
    hold_restored(taken_at, can_look=can_look)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)
    publication = rounds(traveller, post.publications.get())
    assert (publication.state, play.count(publication.pk)) == ("needs_person", 1)
    actions.it_is_there(publication.pk, actor=world.manager)
    publication.refresh_from_db()
    assert publication.state == "published"


def test_a_link_has_the_code_that_follows_from_its_publication(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel()).publications.get()
    with undone():
        code = links.link_for_publication(publication).code
    TrackedLink.objects.create(code=code, target="/shop/")  # by chance somebody else's
    second = links.link_for_publication(publication).code
    assert code == links.code_for(publication) != second == links.code_for(publication, 1)
