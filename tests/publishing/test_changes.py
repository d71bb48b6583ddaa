"""What becomes of a wish to change what stands on a network, and of changes before anything stands there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from etalage.channels.actions import disconnect_channel, pause_channel
from etalage.channels.models import Channel, Grant
from etalage.jobs import RetryAt
from etalage.jobs.errors import LeaseLost
from etalage.jobs.idle import run_until_idle
from etalage.jobs.lease import Lease, holding
from etalage.jobs.models import Event, Job
from etalage.kit import clock
from etalage.networks.base import ChannelRefused, Mechanism, Reason
from etalage.publishing import actions
from etalage.publishing.actions import PostContent
from etalage.publishing.delivery import changes, machine
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.send import send
from etalage.publishing.models import Post, Publication
from tests.conftest import World
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Play

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]


def published(post: Post) -> Publication:
    """The post's publication, sent; the post read again."""
    one_round()
    post.refresh_from_db()
    publication = post.publications.get()
    assert publication.state == "published"
    return publication


@pytest.mark.parametrize("rests", [False, True])
def test_a_wish_ends_when_its_channel_is_given_up(
    practice_channel: NewChannel, new_post: NewPost, world: World, rests: bool
) -> None:
    channel = practice_channel()
    post = new_post(channel, now=True)
    publication = published(post)
    actions.edit_published(post.pk, post.version, {"en": "Old boots are out"}, actor=world.manager)
    if rests:  # after an attempt, as long as the network asked
        changes_asked = Job.objects.filter(task=machine.CHANGE, key=str(publication.pk))
        assert changes_asked.update(started_at=clock.now(), run_after=clock.now() + timedelta(hours=20))
    disconnect_channel(channel.pk, actor=world.manager)
    run_until_idle()
    publication.refresh_from_db()
    assert (publication.state, publication.change, publication.change_reason) == (
        "published",
        "",
        "auth_dead",
    )
    assert publication.steps.last().reason == "edit_refused"


def test_words_that_change_while_an_edit_is_under_way_are_sent_too(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    post = new_post(practice_channel(), now=True)
    published(post)
    actions.edit_published(post.pk, post.version, {"en": "First"}, actor=world.manager)
    under_way = Publication.objects.select_related("post", "channel__grant").get(post=post)
    Post.objects.filter(pk=post.pk).update(text={"en": "Second"}, version=under_way.post.version + 1)
    with pytest.raises(RetryAt):
        changes._take_in(under_way, changes._asked(under_way))
    changes.carry_out(under_way.pk)
    under_way.refresh_from_db()
    (entry,) = [e for e in practice.ledger().publications if e["id"] == under_way.remote_id]
    assert (under_way.change, entry["text"].split("\n")[0]) == ("", "Second")


def test_a_wish_outlasts_a_network_that_is_away(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    post = new_post(practice_channel(), now=True)
    publication = published(post)
    actions.withdraw_publication(publication.pk, actor=world.manager)
    practice.order("platform_down", on="withdraw", seconds=1)
    with pytest.raises(RetryAt) as later:
        changes.carry_out(publication.pk)
    assert not later.value.counted
    practice.clear_orders()
    changes.carry_out(publication.pk)
    publication.refresh_from_db()
    assert publication.state == "withdrawn"


def test_a_picture_exchanged_after_its_upload_is_uploaded_anew(
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    red_png: bytes,
    world: World,
    traveller: Ahead,
) -> None:
    post = new_post(practice_channel())
    first = actions.add_picture(post.pk, red_png, {"en": "A red boot"}, actor=world.manager)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)
    practice.order("platform_down", on="publish", seconds=1)
    one_round()
    publication = post.publications.get()
    uploaded = publication.parts.get().remote_id
    assert publication.state == "scheduled"

    actions.remove_picture(first.pk, actor=world.manager)
    actions.add_picture(post.pk, red_png, {"en": "A red boot"}, actor=world.manager)
    publication = rounds(traveller, publication)
    assert publication.state == "published"
    assert publication.parts.get().remote_id != uploaded


@pytest.mark.parametrize(("waited", "anew"), [(timedelta(hours=19), False), (timedelta(days=2), True)])
def test_a_picture_that_the_network_may_have_dropped_meanwhile_is_uploaded_anew(
    waited: timedelta,
    anew: bool,
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    red_png: bytes,
    world: World,
    traveller: Ahead,
) -> None:
    channel = practice_channel()
    channel.abilities = {**channel.abilities, "parts_valid_for": 72_000.0}
    channel.save()
    post = new_post(channel, expires_at=clock.now() + timedelta(days=9))
    actions.add_picture(post.pk, red_png, {"en": "A red boot"}, actor=world.manager)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)
    practice.order("platform_down", on="publish", seconds=1)
    one_round()
    publication = post.publications.get()
    uploaded = publication.parts.get().remote_id

    traveller(waited)  # its channel was paused, say

    assert rounds(traveller, publication).state == "published"
    assert (publication.parts.get().remote_id != uploaded) is anew


def test_what_is_sent_again_days_later_is_not_late_because_its_words_were_mended(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World, traveller: Ahead
) -> None:
    channel = scripted_channel(Mechanism.NONE)
    post = new_post(channel, now=True)
    play.script = ["answer_lost"]
    one_round()
    Publication.objects.update(settle_until=0)
    one_round()
    traveller(timedelta(days=3))
    publication = post.publications.get()
    actions.send_again(publication.pk, actor=world.manager)
    pause_channel(channel.pk, actor=world.manager)
    post.refresh_from_db()
    mended = PostContent(text={"en": "Boots, again"}, no_picture_reason="Only words today.")
    actions.edit_post(post.pk, post.version, mended, actor=world.manager)
    one_round()
    publication.refresh_from_db()
    assert publication.state == "scheduled"
    assert publication.expires_at is not None and publication.expires_at > clock.now()


def test_a_late_answer_about_what_a_person_saw_there_is_no_second_copy(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    post = new_post(scripted_channel(Mechanism.NONE), now=True)
    play.script = ["answer_lost"]
    (claim,) = machine.claim_due(clock.now(), 1)
    send(claim)
    Publication.objects.update(settle_until=0)
    one_round()
    publication = post.publications.get()
    actions.it_is_there(publication.pk, actor=world.manager)

    machine.accept(Claim(publication.pk, claim.token), "77", "")
    publication.refresh_from_db()
    assert (publication.state, publication.remote_id) == ("published", "77")
    assert not Event.objects.filter(name__endswith=".PublicationDoubled").exists()
    machine.accept(Claim(publication.pk, claim.token), "78", "")
    assert Event.objects.filter(name__endswith=".PublicationDoubled").count() == 1


def test_a_dead_access_that_is_renewed_does_not_lose_the_wish(
    practice_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    """It may be renewed: the channel is not paused, so nobody would ever resume it."""
    channel = practice_channel()
    publication = published(new_post(channel, now=True))
    actions.withdraw_publication(publication.pk, actor=world.manager)
    grant = Grant.objects.get(channels=channel)
    before, grant.version = grant.version, grant.version + 1
    under_way = Publication.objects.select_related("post", "channel__grant").get(pk=publication.pk)
    grant.save()  # renewed while the network was asked
    assert under_way.channel.grant and under_way.channel.grant.version == before

    with pytest.raises(RetryAt) as later:
        changes._take_in(under_way, ChannelRefused(Reason.AUTH_DEAD))

    assert not later.value.counted
    assert Channel.objects.get().state == "active"  # what was said of an older access pauses nobody
    publication.refresh_from_db()
    assert publication.change == "withdraw"


def test_a_refused_access_pauses_its_channel_and_the_wish_waits(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    publication = published(new_post(practice_channel(), now=True))
    actions.withdraw_publication(publication.pk, actor=world.manager)
    practice.order("permission_missing", on="withdraw")
    changes.carry_out(publication.pk)
    channel = Channel.objects.get()
    assert (channel.state, channel.pause_reason) == ("paused", "permission_missing")
    publication.refresh_from_db()
    assert (publication.change, publication.change_reason) == ("withdraw", "permission_missing")


def test_an_edit_leaves_what_is_being_withdrawn_alone(
    practice_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    first, second = practice_channel(), practice_channel()
    post = new_post(first, second, now=True)
    one_round()
    goes = post.publications.get(channel=first)
    actions.withdraw_publication(goes.pk, actor=world.manager)
    post.refresh_from_db()
    changed = actions.edit_published(post.pk, post.version, {"en": "Old boots are out"}, actor=world.manager)
    assert [row.channel for row in changed.asked] == [second]
    run_until_idle()
    goes.refresh_from_db()
    assert goes.state == "withdrawn"


def test_older_words_that_came_last_are_replaced_by_the_newest(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    """A worker stood still before its request, while another sent these words and newer ones."""
    post = new_post(practice_channel(), now=True)
    publication = published(post)
    actions.edit_published(post.pk, post.version, {"en": "First"}, actor=world.manager)
    still = Publication.objects.select_related("post", "channel__grant").get(post=post)
    run_until_idle()
    post.refresh_from_db()
    actions.edit_published(post.pk, post.version, {"en": "Second"}, actor=world.manager)
    run_until_idle()

    with pytest.raises(RetryAt):  # which nobody hears: its job is another's, and done
        changes._take_in(still, changes._asked(still))
    run_until_idle()

    publication.refresh_from_db()
    (entry,) = [e for e in practice.ledger().publications if e["id"] == publication.remote_id]
    assert (publication.change, entry["text"].split("\n")[0]) == ("", "Second")


def test_a_picture_that_is_gone_ends_the_edit_with_its_reason_and_one_unread_is_tried_again(
    practice_channel: NewChannel,
    new_post: NewPost,
    world: World,
    red_png: bytes,
    settings: Settings,
) -> None:
    post = new_post(practice_channel(), no_picture_reason="")
    picture = actions.add_picture(post.pk, red_png, {"en": "A red boot"}, actor=world.member)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)
    publication = published(post)
    actions.edit_published(post.pk, post.version, {"en": "Old boots are out"}, actor=world.manager)

    folder = settings.MEDIA_ROOT
    settings.MEDIA_ROOT = f"{folder}-away"  # a disk that is not mounted
    with pytest.raises(RetryAt) as later:
        changes.carry_out(publication.pk)
    assert not later.value.counted
    publication.refresh_from_db()
    assert (publication.change, publication.change_reason) == ("edit", "picture_unread")

    settings.MEDIA_ROOT = folder
    Path(picture.file.path).unlink()
    changes.carry_out(publication.pk)
    publication.refresh_from_db()
    assert (publication.state, publication.change, publication.change_reason) == (
        "published",
        "",
        "media_invalid",
    )


def test_who_lost_the_job_asks_nothing_of_the_network(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    post = new_post(practice_channel(), now=True)
    publication = published(post)
    actions.withdraw_publication(publication.pk, actor=world.manager)
    lost = Lease(job_id=uuid4(), token=1, length=60.0, time_limit=60.0)
    with holding(lost), pytest.raises(LeaseLost):
        changes.carry_out(publication.pk)
    (entry,) = [e for e in practice.ledger().publications if e["id"] == publication.remote_id]
    assert entry["removed_at"] is None
