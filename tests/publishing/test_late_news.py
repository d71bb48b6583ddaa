"""A worker that was frozen on the wire wakes up and knows: whatever became of the publication, it stands there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.networks.base import Mechanism
from etalage.publishing import actions, queries
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.reconcile import reconcile, sweep
from etalage.publishing.delivery.send import send
from etalage.publishing.models import DeliveryState, Publication, SecondCopy
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Killed, Play

Ahead = Callable[[timedelta], None]
LATER = timedelta(minutes=11)  # longer than a lease
MINUTE = timedelta(minutes=1)


def claimed() -> Claim:
    (claim,) = machine.claim_due(clock.now(), 1)
    return claim


def frozen(play: Play) -> Claim:
    """The claim of a worker that wrote its intent down and then stood still, before the first byte."""
    claim = claimed()
    play.script.insert(0, "killed_before")
    with contextlib.suppress(Killed):
        send(claim)
    return claim


def waking(late: Claim) -> Callable[[], None]:
    """It wakes up now, and its request is accepted."""

    def wake() -> None:
        machine.accept(late, "post-of-the-late", "", attempt=1)

    return wake


@pytest.fixture
def absent(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> tuple[Publication, Claim]:
    """A publication that surely does not stand there and is due again, and the frozen worker's claim."""
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    claim = frozen(play)
    for _number in range(3):
        traveller(LATER)
        sweep(clock.now())
        for doubt in machine.claim_unknown(clock.now(), 1):
            reconcile(doubt)
    publication.refresh_from_db()
    assert (publication.state, publication.in_doubt) == ("scheduled", False)
    traveller(MINUTE)
    return publication, claim


def alarms() -> int:
    return Event.objects.filter(name__endswith=".PublicationDoubled").count()


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["rejected", "not_accepted", "rate_limited", "token_dead"])
def test_what_a_late_worker_heard_outweighs_its_successors_refusal(
    answer: str, absent: tuple[Publication, Claim], play: Play, traveller: Ahead
) -> None:
    publication, late = absent
    play.script = [answer]
    play.meanwhile = waking(late)

    send(claimed())

    play.meanwhile = lambda: None
    publication.refresh_from_db()
    assert (publication.state, publication.reason, publication.remote_id) == (
        "published",
        "told_late",
        "post-of-the-late",
    )
    traveller(LATER)
    one_round()
    assert play.entries == []  # nothing was sent again
    assert queries.safe_actions(publication) == frozenset()
    publication.channel.refresh_from_db()
    assert publication.channel.state == ("paused" if answer == "token_dead" else "active")


@pytest.mark.django_db
def test_a_doubt_about_the_successors_send_is_looked_for_before_the_late_news_is_believed(
    absent: tuple[Publication, Claim], play: Play, traveller: Ahead
) -> None:
    """Perhaps it stands there twice: a look tells more than the news."""
    publication, late = absent
    play.script = ["answer_lost"]
    play.meanwhile = waking(late)
    send(claimed())
    play.meanwhile = lambda: None

    publication = rounds(traveller, publication)

    assert (publication.state, publication.remote_id) == ("published", play.entries[0].remote_id)
    run_until_idle()
    assert SecondCopy.objects.get().remote_id == "post-of-the-late"


@pytest.mark.django_db
@pytest.mark.parametrize("looks", [[], ["blind"] * 99])
def test_a_doubt_that_no_look_confirms_ends_with_the_late_news(
    looks: list[str], absent: tuple[Publication, Claim], play: Play, traveller: Ahead
) -> None:
    publication, late = absent
    play.script, play.looks = ["lost"], looks
    play.meanwhile = waking(late)
    send(claimed())
    play.meanwhile = lambda: None

    publication = rounds(traveller, publication)

    assert (publication.state, publication.remote_id) == ("published", "post-of-the-late")
    assert (play.entries, alarms()) == ([], 0)


def test_what_a_late_worker_knew_is_not_forgotten_because_it_was_withdrawn(
    absent: tuple[Publication, Claim], play: Play, traveller: Ahead, world: World
) -> None:
    publication, late = absent
    play.script = ["lost"]
    play.meanwhile = waking(late)
    send(claimed())
    play.meanwhile = lambda: None
    actions.withdraw_publication(publication.pk, actor=world.manager)

    publication = rounds(traveller, publication)

    assert (publication.state, publication.remote_id) == ("published", "post-of-the-late")
    assert publication.change == "withdraw"  # and so it is taken down


# --- Between reading and writing ------------------------------------------------------------------------------------


def between(deed: Callable[[], object], about: str = "") -> Callable[..., Any]:
    """Do `deed` elsewhere once, after the first thing (`about` this) that is asked of the database outside of any
    transaction.

    Whoever reads and writes in one transaction leaves no such moment.
    """
    did: list[threading.Thread] = []

    def elsewhere() -> None:
        try:
            deed()
        finally:
            connections.close_all()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if not did and not connection.in_atomic_block and sql.startswith("SELECT") and about in sql:
            did.append(threading.Thread(target=elsewhere))
            did[0].start()
            did[0].join()
        return result

    return watch


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_the_same_time_are_always_compared(
    absent: tuple[Publication, Claim], play: Play
) -> None:
    publication, late = absent
    successor = claimed()
    play.script = ["killed_before"]
    with contextlib.suppress(Killed):
        send(successor)

    with connection.execute_wrapper(between(lambda: machine.accept(successor, "post-2", "", attempt=2))):
        machine.accept(late, "post-of-the-late", "", attempt=1)
    machine.accept(successor, "post-2", "", attempt=2)

    publication.refresh_from_db()
    assert (publication.state, publication.remote_id, alarms()) == ("published", "post-2", 1)


@pytest.mark.django_db(transaction=True)
def test_late_news_while_a_look_begins_is_no_second_copy(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    late = frozen(play)
    traveller(LATER)
    sweep(clock.now())
    traveller(MINUTE)
    looking: list[Claim] = []

    with connection.execute_wrapper(between(lambda: looking.extend(machine.claim_unknown(clock.now(), 1)))):
        machine.accept(late, "post-1", "", attempt=1)
    run_until_idle(raising=False)
    for claim in looking:
        machine.accept(claim, "post-1", "", reason="found")

    publication.refresh_from_db()
    assert (publication.state, publication.remote_id) == ("published", "post-1")
    assert (alarms(), SecondCopy.objects.count()) == (0, 0)


# --- What had ended -------------------------------------------------------------------------------------------------


def ended(publication: Publication, state: str) -> None:
    """Bring what is due to its end, by a refusal or because its time is over."""
    assert machine.move(publication.pk, publication.token, DeliveryState.CLAIMED)
    assert machine.move(publication.pk, publication.token, DeliveryState(state), reason="text_invalid")


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["rejected", "expired"])
def test_what_had_ended_is_published_when_a_late_worker_tells_that_it_stands_there(
    state: str, absent: tuple[Publication, Claim], world: World
) -> None:
    publication, late = absent
    ended(publication, state)

    assert machine.accept(late, "post-of-the-late", "", attempt=1)

    publication = queries.publication_detail(publication.pk).publication
    assert (publication.state, publication.reason, publication.remote_id) == (
        "published",
        "told_late",
        "post-of-the-late",
    )
    assert alarms() == 0
    assert "try_again" not in queries.safe_actions(publication)
    with pytest.raises(Refusal, match="cannot be sent again"):
        actions.try_again(publication.pk, actor=world.manager)


@pytest.mark.django_db
def test_what_was_dropped_and_stands_there_after_all_is_published(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead, world: World
) -> None:
    publication = new_post(scripted_channel(Mechanism.NONE), now=True).publications.get()
    late = frozen(play)
    assert rounds(traveller, publication).state == "needs_person"
    actions.drop(publication.pk, actor=world.manager)

    assert machine.accept(late, "post-of-the-late", "", attempt=1)

    publication.refresh_from_db()
    assert (publication.state, publication.remote_id, alarms()) == ("published", "post-of-the-late", 0)


@pytest.mark.django_db
def test_what_was_sent_again_in_its_place_makes_late_news_an_alarm(
    absent: tuple[Publication, Claim], world: World
) -> None:
    publication, late = absent
    ended(publication, "rejected")
    actions.try_again(publication.pk, actor=world.manager)

    assert not machine.accept(late, "post-of-the-late", "", attempt=1)

    run_until_idle()
    publication.refresh_from_db()
    assert publication.state == "rejected"
    assert SecondCopy.objects.get().is_younger  # the only one that this publication knows
    assert [row.pk for row in queries.needs_person()] == [publication.pk]


@pytest.mark.django_db
def test_nothing_is_sent_again_while_a_copy_of_it_waits_for_a_decision(
    absent: tuple[Publication, Claim], world: World
) -> None:
    publication, _late = absent
    ended(publication, "rejected")
    SecondCopy.objects.create(publication=publication, remote_id="post-77")
    with pytest.raises(Refusal) as refused:
        actions.try_again(publication.pk, actor=world.manager)
    assert refused.value.code == "stands_there"
    assert not Publication.objects.filter(replaces=publication).exists()

    actions.keep_copies(publication.pk, actor=world.manager)
    assert actions.try_again(publication.pk, actor=world.manager).state == "scheduled"


@pytest.mark.django_db
@pytest.mark.parametrize("listed", [False, True])
def test_a_draft_of_which_late_news_came_does_not_go_out_before_a_person_decided(
    listed: bool, absent: tuple[Publication, Claim], world: World, play: Play
) -> None:
    publication, late = absent
    post = publication.post
    post = actions.send_back(post.pk, post.version, actor=world.manager)
    assert not machine.accept(late, "post-of-the-late", "", attempt=1)
    if listed:
        run_until_idle()

    for deed in (actions.publish_now, actions.approve_post):
        with pytest.raises(Refusal) as refused:
            deed(post.pk, post.version, actor=world.manager)
        assert refused.value.code == "stands_there"

    run_until_idle()
    actions.keep_copies(publication.pk, actor=world.manager)
    actions.publish_now(post.pk, post.version, actor=world.manager)
    one_round()
    assert play.count(publication.pk) == 1
