"""What a look proves, for each way in which a network knows a post again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from etalage.channels.models import Channel
from etalage.jobs.models import Job
from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing import actions, queries
from etalage.publishing.actions import PostContent
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.reconcile import reconcile, sweep
from etalage.publishing.delivery.restored import hold_restored
from etalage.publishing.models import Publication
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Play

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]
MINUTE = timedelta(minutes=1)


def look(publication: Publication, ahead: Ahead, after: timedelta = MINUTE) -> Publication:
    """Look once, after some time; nothing is sent."""
    ahead(after)
    sweep(clock.now())
    for claim in machine.claim_unknown(clock.now(), 1):
        reconcile(claim)
    publication.refresh_from_db()
    return publication


@pytest.fixture
def overlapping(play: Play, scripted_channel: NewChannel, new_post: NewPost) -> Publication:
    """Our request hangs at a network that notes a key only after it made the post; the connection was reset."""
    publication = new_post(scripted_channel(Mechanism.IDEMPOTENCY_KEY), now=True).publications.get()
    play.script = ["lost"]
    one_round()
    return publication


def test_a_key_that_may_be_noted_late_is_not_sent_again_after_one_look(
    overlapping: Publication, play: Play, traveller: Ahead
) -> None:
    publication = look(overlapping, traveller)
    assert (publication.state, publication.reason) == ("unknown", "not_seen_yet")
    publication = look(publication, traveller)
    assert (publication.state, publication.reason, publication.in_doubt) == ("scheduled", "absent", False)
    assert rounds(traveller, publication).state == "published"
    assert play.count(publication.pk) == 1


def test_a_look_without_an_answer_proves_nothing_about_a_key(
    overlapping: Publication, play: Play, traveller: Ahead
) -> None:
    """Only when none of the looks is answered, minutes later, the key alone is relied upon."""
    play.looks = ["blind"] * 99
    for _number in range(pace().looks - 1):
        publication = look(overlapping, traveller, 3 * MINUTE)
        assert publication.state == "unknown"
    publication = look(overlapping, traveller, 3 * MINUTE)
    assert (publication.state, publication.reason, publication.in_doubt) == ("scheduled", "known_again", True)


@pytest.mark.parametrize("face", [Mechanism.IDEMPOTENCY_KEY, Mechanism.READ_BACK])
def test_nobody_is_asked_what_a_network_that_is_away_will_say_itself(
    face: Mechanism, play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(face), now=True).publications.get()
    play.script, play.looks = ["lost"], ["blind"] * 99
    one_round()
    traveller(timedelta(minutes=26))  # of the 30 that a key lives, five sixths are trusted
    for _number in range(2 * pace().looks):
        publication = look(publication, traveller, 40 * MINUTE)
        assert publication.state == "unknown"
    play.looks = []
    assert rounds(traveller, publication).state == "published"
    assert play.count(publication.pk) == 1


def test_what_could_not_be_asked_is_no_answer_that_makes_no_sense(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    """A network that was away for long, and then answers nonsense for a while: it had its looks only then."""
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    play.script = ["lost"]
    play.looks = ["blind"] * 2 * pace().looks + ["nonsense"] * pace().looks
    one_round()
    for _number in range(3 * pace().looks - 1):
        publication = look(publication, traveller, 40 * MINUTE)
        assert publication.state == "unknown"
    publication = look(publication, traveller, 40 * MINUTE)
    assert (publication.state, publication.reason) == ("needs_person", "nonsense_answer")


def test_once_its_time_is_over_a_person_is_asked_about_a_network_that_is_away(
    overlapping: Publication, play: Play, traveller: Ahead
) -> None:
    play.looks = ["blind"] * 99
    traveller(timedelta(hours=25))
    assert rounds(traveller, overlapping).state == "needs_person"
    assert play.entries == []


@pytest.mark.parametrize("stands_there", [False, True])
@pytest.mark.parametrize("face", [face for face in Mechanism if face is not Mechanism.NONE])
@pytest.mark.parametrize("when", ["unknown", "again"])
def test_what_is_withdrawn_while_nobody_knows_is_not_sent_again_and_taken_down_where_it_stands(
    when: str,
    face: Mechanism,
    stands_there: bool,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    post = new_post(scripted_channel(face), now=True)
    play.script = ["answer_lost" if stands_there else "lost"]
    one_round()
    publication = post.publications.get()
    assert publication.state == "unknown"
    if when == "again":  # still in doubt, and about to be repeated
        Publication.objects.update(state="scheduled", next_attempt_at=clock.now())
    assert "withdraw" in queries.safe_actions(publication)
    assert len(actions.withdraw_post(post.pk, actor=world.manager).asked) == 1
    publication = rounds(traveller, publication)
    expected = ("published", "withdraw") if stands_there else ("withdrawn", "")
    assert (publication.state, publication.change) == expected
    assert play.count(publication.pk) == stands_there
    if stands_there:
        assert Job.objects.filter(task__endswith="change_remote", args=[str(publication.pk)]).exists()


def test_what_was_refused_in_doubt_and_withdrawn_ends_as_withdrawn(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(Mechanism.CLIENT_KEY), now=True).publications.get()
    play.script = ["lost", "rejected"]
    play.looks = ["blind"]
    one_round()
    while not publication.refused_as:
        traveller(MINUTE)
        one_round()
        publication.refresh_from_db()
    actions.withdraw_publication(publication.pk, actor=world.manager)
    publication = rounds(traveller, publication)
    assert (publication.state, publication.change, play.entries) == ("withdrawn", "", [])


def test_a_look_that_is_under_way_decides_nothing_about_what_is_withdrawn_meanwhile(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World, traveller: Ahead
) -> None:
    post = new_post(scripted_channel(Mechanism.READ_BACK), now=True)
    play.script = ["lost"]
    one_round()
    look(post.publications.get(), traveller)
    traveller(MINUTE)
    (claim,) = machine.claim_unknown(clock.now(), 1)
    actions.withdraw_post(post.pk, actor=world.manager)
    reconcile(claim)  # it would have been absent for the second time, and go out again
    publication = post.publications.get()
    assert (publication.state, publication.change) == ("unknown", "withdraw")
    publication = rounds(traveller, publication)
    assert (publication.state, play.entries) == ("withdrawn", [])


def test_what_has_no_end_of_its_own_is_not_looked_for_for_ever(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World, traveller: Ahead
) -> None:
    """Withdrawn unscheduled after a restore, at a network that is gone for good."""
    post = new_post(scripted_channel(Mechanism.READ_BACK))
    post = actions.approve_post(post.pk, post.version, actor=world.manager)
    hold_restored(clock.now())
    actions.withdraw_post(post.pk, actor=world.manager)
    play.looks = ["blind"] * 999
    assert rounds(traveller, post.publications.get()).state == "needs_person"


def test_a_draft_that_may_be_out_is_never_replaced_by_a_fresh_one(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    """The network may have forgotten it since; another one would stand beside it."""
    channel = scripted_channel(Mechanism.TWO_PHASE)
    channel.abilities = {**channel.abilities, "parts_valid_for": 3600.0}
    channel.save()
    publication = new_post(channel, now=True, expires_at=clock.now() + timedelta(days=9)).publications.get()
    play.script, play.looks = ["answer_lost"], ["blind"] * 99
    one_round()
    Channel.objects.update(state="paused")
    traveller(timedelta(hours=3))
    Channel.objects.update(state="active")
    assert rounds(traveller, publication).state == "published"
    assert play.count(publication.pk) == 1


@pytest.mark.parametrize("face", [face for face in Mechanism if face is not Mechanism.NONE])
def test_what_goes_out_next_week_is_free_for_changes_once_it_surely_does_not_stand_there(
    face: Mechanism,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    post = new_post(scripted_channel(face))
    hour = clock.now() + timedelta(days=7)
    post = actions.schedule_post(post.pk, post.version, hour, actor=world.manager)
    hold_restored(clock.now())
    publication = look(post.publications.get(), traveller)
    publication = look(publication, traveller)
    assert (publication.state, publication.in_doubt) == ("scheduled", False)
    assert publication.next_attempt_at and abs(publication.next_attempt_at - hour) < timedelta(seconds=1)
    assert queries.safe_actions(publication) == {"withdraw"}
    words = PostContent(text={"en": "Other words"}, no_picture_reason="Only words today.")
    post.refresh_from_db()
    actions.edit_post(post.pk, post.version, words, actor=world.manager)
    actions.withdraw_post(post.pk, actor=world.manager)
    publication.refresh_from_db()
    assert publication.state == "withdrawn"
