"""Laws of delivery over any order of answers, deaths, looks, pauses and passing time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etalage.channels.actions import resume_channel
from etalage.channels.models import Channel
from etalage.kit import clock
from etalage.networks.base import Absent, CannotTell, Found, Look, Mechanism, Reason
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.reconcile import Doubt, Verdict, decide, reconcile, sweep
from etalage.publishing.delivery.send import send
from etalage.publishing.delivery.states import TERMINAL, TRANSITIONS
from etalage.publishing.models import DeliveryState, DeliveryStep, Post, Publication
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost
from tests.publishing.scripted import REFUSALS, Killed, Play

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]
any_order = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

FAULTS = ["accept", "answer_lost", "killed_before", "killed_after", *REFUSALS]
MINUTES = [0, 1, 6, 11, 31, 200]
COMMITS = st.lists(st.sampled_from(FAULTS), max_size=6)
LOOKS = st.lists(st.sampled_from(["see", "blind", "killed"]), max_size=6)
TIMES = st.lists(st.sampled_from(MINUTES), min_size=4, max_size=12)
KNOWING = st.sampled_from([face for face in Mechanism if face is not Mechanism.NONE])


def begin(play: Play) -> None:
    """Each example has the world for itself."""
    Post.objects.all().delete()
    Channel.objects.all().delete()
    play.__init__()  # type: ignore[misc]


def live(world: World, ahead: Ahead, minutes: list[int]) -> None:
    """Rounds of work with time between them; whoever is killed leaves everything as it lies."""
    for passing in minutes:
        now = clock.now()
        sweep(now)
        for claim in machine.claim_due(now, 5):
            with contextlib.suppress(Killed):
                send(claim)
        for claim in machine.claim_unknown(clock.now(), 5):
            with contextlib.suppress(Killed):
                reconcile(claim)
        for channel in Channel.objects.filter(state="paused"):
            resume_channel(channel.pk, actor=world.manager)
        ahead(timedelta(minutes=passing))


def assert_history_is_a_path(publication: Publication) -> None:
    """Each step of the history is an edge of the graph and begins where the last one ended."""
    at = DeliveryState.DRAFT
    for step in DeliveryStep.objects.filter(publication=publication):
        assert step.from_state == at
        if step.to_state != step.from_state:
            assert step.to_state in TRANSITIONS[at]
        assert at not in TERMINAL
        at = DeliveryState(step.to_state)
    assert at == publication.state


@any_order
@given(mechanism=KNOWING, commits=COMMITS, looks=LOOKS, minutes=TIMES)
def test_in_any_order_of_events_a_post_stands_there_at_most_once_and_what_we_say_of_it_is_true(
    mechanism: Mechanism,
    commits: list[str],
    looks: list[str],
    minutes: list[int],
    world: World,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
) -> None:
    begin(play)
    publication = new_post(scripted_channel(mechanism), now=True).publications.get()
    play.script, play.looks = list(commits), list(looks)

    live(world, traveller, minutes)

    publication.refresh_from_db()
    standing = play.count(publication.pk)
    assert standing <= 1
    if publication.state == "published":
        (entry,) = [e for e in play.entries if e.delivery.publication_id == str(publication.pk)]
        assert entry.remote_id == publication.remote_id
    if publication.state in ("rejected", "expired"):
        assert standing == 0
    assert_history_is_a_path(publication)


@any_order
@given(commits=COMMITS, minutes=TIMES)
def test_without_any_way_to_know_nothing_is_ever_sent_after_a_doubt(
    commits: list[str],
    minutes: list[int],
    world: World,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
) -> None:
    begin(play)
    publication = new_post(scripted_channel(Mechanism.NONE), now=True).publications.get()
    play.script = list(commits)

    live(world, traveller, minutes)

    publication.refresh_from_db()
    assert play.count(publication.pk) <= 1
    doubtful = publication.state in ("unknown", "reconciling", "needs_person", "sending")
    assert (publication.state == "published") <= (play.count(publication.pk) == 1)
    assert doubtful or publication.state == "published" or play.count(publication.pk) == 0
    assert_history_is_a_path(publication)


@settings(any_order, max_examples=20)
@given(mechanism=KNOWING, commits=COMMITS)
def test_when_faults_end_everything_ends_without_a_person(
    mechanism: Mechanism,
    commits: list[str],
    world: World,
    play: Play,
    scripted_channel: NewChannel,
    new_post: NewPost,
    traveller: Ahead,
) -> None:
    begin(play)
    publication = new_post(scripted_channel(mechanism), now=True).publications.get()
    play.script = list(commits)

    live(world, traveller, [31] * 30)

    publication.refresh_from_db()
    assert publication.state in ("published", "rejected"), (publication.state, publication.reason)
    assert play.count(publication.pk) == (publication.state == "published")


SEEN: st.SearchStrategy[Look] = st.sampled_from([Found("1"), Absent(), CannotTell(Reason.PLATFORM_DOWN)])
DOUBTS = st.builds(Doubt, st.sampled_from(Mechanism), *([st.booleans()] * 6)).filter(
    lambda doubt: doubt.mechanism is not Mechanism.NONE or not doubt.knows_again
)


@settings(deadline=None)
@given(look=SEEN, doubt=DOUBTS)
def test_sending_again_takes_proof_or_a_network_that_knows_the_post_again(look: Look, doubt: Doubt) -> None:
    verdict = decide(look, doubt)
    if verdict is Verdict.AGAIN:
        assert isinstance(look, Absent) and doubt.was_absent
    if verdict in (Verdict.AGAIN, Verdict.AGAIN_SAFELY):
        assert doubt.in_time and not doubt.refused
    if verdict is Verdict.AGAIN_SAFELY:
        assert doubt.knows_again
        # Where a key may be noted late, only once none of all looks was answered.
        assert not doubt.waits or not (isinstance(look, Absent) or doubt.looks_left)
    if verdict in (Verdict.TOO_LATE, Verdict.REFUSED):
        assert isinstance(look, Absent) and doubt.was_absent
    if doubt.mechanism is Mechanism.NONE and isinstance(look, CannotTell):
        assert verdict is Verdict.ASK, "it will never tell"
    assert (verdict is Verdict.PUBLISHED) == isinstance(look, Found)
