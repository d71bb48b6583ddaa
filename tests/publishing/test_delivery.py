"""What answers make of a publication: refusals, waits, pauses, quiet, and the end of its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from etalage.channels.actions import disconnect_channel, pause_channel, resume_channel
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing import actions
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.reconcile import reconcile, sweep
from etalage.publishing.delivery.send import send
from etalage.publishing.models import DeliveryState, Publication
from tests.conftest import World
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Killed, Play

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]
MINUTE = timedelta(minutes=1)


def events(name: str) -> int:
    return Event.objects.filter(name__endswith=f".{name}").count()


def test_a_published_post_is_announced_with_its_history(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    one_round()
    publication.refresh_from_db()
    steps = [step.to_state for step in publication.steps.all()]
    assert steps == ["approved", "scheduled", "claimed", "prepared", "sending", "published"]
    assert publication.attempt == 1 and publication.idempotency_key
    assert events("PublicationPublished") == 1


def test_a_refusal_is_final_and_says_why(play: Play, scripted_channel: NewChannel, new_post: NewPost) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    play.script = ["rejected"]
    one_round()
    publication.refresh_from_db()
    assert (publication.state, publication.reason, publication.detail) == (
        "rejected",
        "text_invalid",
        "too rude",
    )
    assert events("PublicationRejected") == 1


def test_a_refusal_in_words_that_no_database_takes_is_final_too(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    play.script = ["rejected_oddly"]
    one_round()
    publication.refresh_from_db()
    assert (publication.state, publication.detail[:11]) == ("rejected", "too ? rude!")


def test_a_refusal_after_a_doubt_waits_for_the_proof_that_nothing_stands_there(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(Mechanism.CLIENT_KEY), now=True).publications.get()
    play.script, play.looks = ["answer_lost", "rejected"], ["blind"]
    publication = rounds(traveller, publication)
    assert publication.state == "published"
    assert play.count(publication.pk) == 1


def test_what_the_network_did_not_accept_is_tried_again_after_a_wait(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    play.script = ["not_accepted"]
    one_round()
    publication.refresh_from_db()
    assert publication.state == "scheduled"
    assert publication.next_attempt_at is not None and publication.next_attempt_at > clock.now()
    one_round()  # its time has not come: the claim itself looks at `next_attempt_at`
    assert play.entries == []
    traveller(MINUTE)
    one_round()
    assert play.count(publication.pk) == 1


def test_a_network_that_asks_for_quiet_is_left_in_peace_for_the_whole_channel(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    channel = scripted_channel()
    first, second = new_post(channel, now=True), new_post(channel, now=True)
    play.script = ["rate_limited"]
    send(*machine.claim_due(clock.now(), 1))
    assert machine.claim_due(clock.now() + timedelta(seconds=80), 5) == []
    traveller(timedelta(seconds=100))
    one_round()
    assert play.count(first.publications.get().pk) == play.count(second.publications.get().pk) == 1


def test_a_dead_token_pauses_the_channel_and_its_posts_wait_for_it(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    channel = scripted_channel()
    publication = new_post(channel, now=True).publications.get()
    play.script = ["token_dead"]
    one_round()
    channel.refresh_from_db()
    publication.refresh_from_db()
    assert (channel.state, channel.pause_reason, publication.state) == ("paused", "auth_dead", "scheduled")
    assert events("ChannelPaused") == 1
    one_round()
    assert play.entries == []

    resume_channel(channel.pk, actor=world.manager)
    one_round()

    assert play.count(publication.pk) == 1


@pytest.mark.parametrize(
    ("mechanism", "refusal", "is_another"),
    [
        (Mechanism.IDEMPOTENCY_KEY, "rate_limited", False),
        (Mechanism.IDEMPOTENCY_KEY, "token_dead", False),
        (Mechanism.READ_BACK, "rate_limited", True),
        (Mechanism.READ_BACK, "token_dead", True),
        # What a proxy says is remembered under no key; and where it is wrong, the old key may still help.
        (Mechanism.READ_BACK, "not_accepted", False),
    ],
)
def test_a_network_that_repeats_its_first_answer_to_a_key_is_given_another_after_a_refusal(
    mechanism: Mechanism,
    refusal: str,
    is_another: bool,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Ahead,
) -> None:
    """Where a doubt rests on the key it stays the same for ever: an attempt that is late is known by it."""
    channel = scripted_channel(mechanism)
    publication = new_post(channel, now=True).publications.get()
    play.script = [refusal]
    one_round()
    publication.refresh_from_db()
    first = f"etalage-{publication.pk}"
    assert publication.idempotency_key == (f"{first}-1" if is_another else first)
    if refusal == "token_dead":
        resume_channel(channel.pk, actor=world.manager)
    publication = rounds(traveller, publication)
    assert publication.state == "published"
    assert [entry.delivery.idempotency_key for entry in play.entries] == [publication.idempotency_key]


@pytest.mark.parametrize("then", ["not_accepted", "token_dead"])
def test_a_refusal_after_a_lost_answer_changes_no_key(
    then: str,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
) -> None:
    """What was lost may stand there under it."""
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    (claim,) = machine.claim_due(clock.now(), 1)
    Publication.objects.update(in_doubt=True)
    play.script = [then]
    send(claim)
    publication.refresh_from_db()
    assert publication.idempotency_key == f"etalage-{publication.pk}" and publication.state == "scheduled"


def test_a_channel_paused_while_a_post_is_prepared_sends_nothing(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    channel = scripted_channel()
    publication = new_post(channel, now=True).publications.get()
    (claim,) = machine.claim_due(clock.now(), 1)
    pause_channel(channel.pk, actor=world.manager)
    send(claim)
    publication.refresh_from_db()
    assert (publication.state, play.entries) == ("scheduled", [])


def test_a_sale_that_has_ended_is_not_announced_late(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    post = new_post(scripted_channel(), now=True, expires_at=clock.now() + timedelta(hours=2))
    publication = post.publications.get()
    play.script = ["not_accepted"] * 100
    for _ in range(20):
        one_round()
        traveller(10 * MINUTE)
    play.script = []
    one_round()
    publication.refresh_from_db()
    assert publication.state == "expired"
    assert play.entries == []
    assert events("PublicationExpired") == 1


def test_what_was_due_while_the_program_was_off_for_two_days_does_not_go_out_late(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    traveller(timedelta(days=2))
    one_round()
    publication.refresh_from_db()
    assert (publication.state, play.entries) == ("expired", [])


def test_a_doubtful_post_whose_time_is_over_is_looked_for_and_told_truly(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    end = clock.now() + timedelta(minutes=30)
    there = new_post(scripted_channel(Mechanism.READ_BACK), now=True, expires_at=end).publications.get()
    play.script = ["killed_after"]
    with pytest.raises(Killed):
        send(*machine.claim_due(clock.now(), 1))
    traveller(timedelta(hours=1))
    assert rounds(traveller, there).state == "published"

    end = clock.now() + timedelta(minutes=30)
    absent = new_post(scripted_channel(Mechanism.READ_BACK), now=True, expires_at=end).publications.get()
    play.script = ["killed_before"]
    with pytest.raises(Killed):
        send(*machine.claim_due(clock.now(), 1))
    traveller(timedelta(hours=1))
    assert rounds(traveller, absent).state == "expired"


def test_an_old_idempotency_key_is_never_trusted_again(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    """All looks were blind, the retry was planned inside the key's memory, but came only after it."""
    publication = new_post(scripted_channel(Mechanism.IDEMPOTENCY_KEY), now=True).publications.get()
    play.script, play.looks = ["answer_lost"], ["blind"]
    one_round()
    traveller(MINUTE)
    sweep(clock.now())
    Publication.objects.update(looks=pace().looks - 1)
    for claim in machine.claim_unknown(clock.now(), 1):
        reconcile(claim)
    publication.refresh_from_db()
    assert (publication.state, publication.in_doubt) == ("scheduled", True)
    traveller(timedelta(minutes=40))  # the network has forgotten the key
    publication = rounds(traveller, publication)
    assert publication.state == "published"
    assert play.count(publication.pk) == 1


def test_posts_of_a_crowded_channel_do_not_hold_up_the_others(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    crowded, quiet = scripted_channel(handle="crowded"), scripted_channel(handle="quiet")
    for _ in range(6):
        new_post(crowded, now=True)
    late = new_post(quiet, now=True).publications.get()
    claims = machine.claim_due(clock.now(), 2)
    assert late.pk in {claim.publication_id for claim in claims}


def test_disconnecting_a_channel_ends_what_waited_for_it(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    channel = scripted_channel(Mechanism.READ_BACK)
    doubtful = new_post(channel, now=True).publications.get()
    play.script = ["answer_lost"]
    one_round()
    waiting = new_post(channel, now=True).publications.get()
    disconnect_channel(channel.pk, actor=world.manager)
    one_round()
    waiting.refresh_from_db()
    doubtful.refresh_from_db()
    assert (waiting.state, doubtful.state) == ("withdrawn", "needs_person")
    assert Publication.objects.filter(state=DeliveryState.SCHEDULED).count() == 0


def test_a_text_that_became_too_long_is_refused_before_the_wire(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    channel = practice_channel()
    publication = new_post(channel, now=True).publications.get()
    channel.abilities = {**channel.abilities, "text_limit": 10}
    channel.save()
    attempts = len(practice.ledger().attempts)
    one_round()
    publication.refresh_from_db()
    assert (publication.state, publication.detail) == ("rejected", "too_long")
    assert len(practice.ledger().attempts) == attempts


def test_an_upload_that_was_lost_is_repeated_without_any_doubt(
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    red_png: bytes,
    world: World,
    traveller: Ahead,
) -> None:
    post = new_post(practice_channel(Mechanism.NONE))
    actions.add_picture(post.pk, red_png, {"en": "A red boot"}, actor=world.member)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)
    practice.order("accepted_cut", on="media")
    publication = rounds(traveller, post.publications.get())
    assert publication.state == "published"
    assert publication.attempt == 1


def test_an_edited_and_a_withdrawn_post_changes_on_the_network(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    post = new_post(practice_channel(), now=True)
    one_round()
    post.refresh_from_db()
    changed = actions.edit_published(post.pk, post.version, {"en": "Old boots are out"}, actor=world.manager)
    run_until_idle()
    publication = post.publications.get()
    assert [row.pk for row in changed.asked] == [publication.pk]
    (entry,) = [e for e in practice.ledger().publications if e["id"] == publication.remote_id]
    assert entry["text"].startswith("Old boots are out")

    result = actions.withdraw_post(post.pk, actor=world.manager)
    run_until_idle()

    publication.refresh_from_db()
    assert [row.pk for row in result.asked] == [publication.pk]
    assert (publication.state, publication.change) == ("withdrawn", "")
    (entry,) = [e for e in practice.ledger().publications if e["id"] == publication.remote_id]
    assert entry["removed_at"]
