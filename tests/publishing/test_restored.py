"""What a backup calls a draft or approved may have gone out since: it is looked for once somebody schedules it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from etalage.channels.actions import disconnect_channel
from etalage.jobs.models import Job
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.networks.base import Mechanism
from etalage.publishing import actions, links, queries
from etalage.publishing.actions import ChannelChoice, PostContent
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.restored import Held, hold_restored
from etalage.publishing.models import DeliveryState, Post, Publication, TrackedLink
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
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


# --- What people do with it before anybody looked -----------------------------------------------------------------


def test_its_channel_is_not_taken_out_and_the_draft_not_deleted(
    scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    """Chosen again, the channel would have a publication with other keys, and nobody would look for this one."""
    channel, other = scripted_channel(), scripted_channel(handle="other")
    post = new_post(channel, other)
    hold_restored(clock.now())
    with pytest.raises(Refusal) as refused:
        actions.set_channels(post.pk, [ChannelChoice(other.pk)], actor=world.manager)
    assert refused.value.code == "may_stand_there"
    with pytest.raises(Refusal) as refused:
        actions.delete_post(post.pk, actor=world.manager)
    assert refused.value.code == "may_stand_there"
    assert post.publications.count() == 2


@pytest.mark.parametrize("was_sent", [False, True])
@pytest.mark.parametrize("face", [*KNOWING, Mechanism.NONE])
def test_one_that_is_withdrawn_is_looked_for_first(
    face: Mechanism,
    was_sent: bool,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    post = made(new_post, scripted_channel(face), world, approved=True)
    with undone() as taken_at:
        if was_sent:
            actions.publish_now(post.pk, post.version, actor=world.manager)
            rounds(traveller, post.publications.get())
    hold_restored(taken_at)

    result = actions.withdraw_post(post.pk, actor=world.manager)
    assert (len(result.done), len(result.asked)) == (0, 1)
    publication = rounds(traveller, post.publications.get())

    if face is Mechanism.NONE:
        assert publication.state == "needs_person"
        assert "send_again" not in queries.safe_actions(publication)
        with pytest.raises(Refusal):
            actions.send_again(publication.pk, actor=world.manager)
        actions.drop(publication.pk, actor=world.manager)
    elif was_sent:  # it is taken down there, as it was asked
        assert (publication.state, publication.change) == ("published", "withdraw")
        assert Job.objects.filter(task__endswith="change_remote", args=[str(publication.pk)]).exists()
    else:
        assert (publication.state, publication.change) == ("withdrawn", "")
    assert play.count(publication.pk) == was_sent


@pytest.mark.parametrize("approved", [False, True])
def test_when_its_channel_is_given_up_a_person_is_asked(
    approved: bool, scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    channel = scripted_channel()
    publication = made(new_post, channel, world, approved=approved).publications.get()
    unmarked = made(new_post, channel, world, approved=True).publications.get()
    hold_restored(clock.now())
    Publication.objects.filter(pk=unmarked.pk).update(perhaps_out="")
    disconnect_channel(channel.pk, actor=world.manager)
    one_round()
    publication.refresh_from_db()
    unmarked.refresh_from_db()
    assert (publication.state, publication.reason) == ("needs_person", "channel_gone")
    assert unmarked.state == "withdrawn"


# --- What had ended -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["rejected", "expired"])
def test_what_had_ended_and_was_sent_anew_since_is_asked_about_before_it_is_sent_anew_again(
    state: str,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    old = new_post(scripted_channel(), now=True).publications.get()
    (claim,) = machine.claim_due(clock.now(), 1)
    assert machine.move(old.pk, claim.token, DeliveryState(state), reason="text_invalid")
    with undone() as taken_at:
        actions.try_again(old.pk, actor=world.manager)
        one_round()
    assert len(play.entries) == 1
    hold_restored(taken_at)
    explained = str(queries.publication_detail(old.pk).explanation.what_to_do)
    assert "backup" in explained and "Nothing stands there" not in explained

    new = actions.try_again(old.pk, actor=world.manager)
    new = rounds(traveller, new)

    assert (new.state, len(play.entries)) == ("needs_person", 1)
    actions.send_again(new.pk, actor=world.manager)  # it was deleted there, says a person
    assert rounds(traveller, new).state == "published"


@pytest.mark.parametrize("end", ["rejected", "expired"])
def test_what_ended_after_the_backup_and_was_sent_anew_is_asked_about_too(
    end: str,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    old = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    with undone() as taken_at:
        play.script = ["rejected"]
        one_round()
        actions.try_again(old.pk, actor=world.manager)
        one_round()
    hold_restored(taken_at)
    play.script = ["rejected"]
    traveller(timedelta(days=2) if end == "expired" else timedelta(0))
    old = rounds(traveller, old)
    assert (old.state, old.perhaps_out, len(play.entries)) == (end, "ask", 1)
    new = rounds(traveller, actions.try_again(old.pk, actor=world.manager))
    assert (new.state, len(play.entries)) == ("needs_person", 1)


def test_what_our_own_checks_refuse_after_a_restore_is_asked_about_too(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    hold_restored(clock.now())
    Post.objects.update(text={"en": "x" * 900})
    publication = rounds(traveller, publication)
    assert (publication.state, publication.perhaps_out) == ("rejected", "ask")


# --- Under which address it was sent ------------------------------------------------------------------------------


def test_it_is_looked_for_under_the_address_that_it_was_sent_with_since_and_not_an_earlier_one(
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
    settings: Settings,
) -> None:
    """The shop had moved between a send that was not accepted and the backup."""
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    play.script = ["not_accepted"]
    one_round()
    settings.PUBLIC_ADDRESS = "https://moved.example"
    with undone() as taken_at:
        assert rounds(traveller, publication).state == "published"
    hold_restored(taken_at)
    publication = rounds(traveller, publication)
    assert (publication.state, publication.reason, len(play.entries)) == ("published", "found", 1)


def test_where_it_may_stand_under_two_addresses_a_person_is_asked(
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
    settings: Settings,
) -> None:
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    play.script = ["lost"]
    one_round()
    settings.PUBLIC_ADDRESS = "https://moved.example"
    with undone() as taken_at:
        assert rounds(traveller, publication).state == "published"
    assert hold_restored(taken_at) == Held(0, 1, 0)
    assert (rounds(traveller, publication).state, len(play.entries)) == ("needs_person", 1)
