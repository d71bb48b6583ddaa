"""A worker that came too late changes nothing; two workers never send one publication twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing import actions
from etalage.publishing.delivery import crew, machine, ticks
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.delivery.reconcile import sweep
from etalage.publishing.delivery.send import send
from etalage.publishing.models import DeliveryState, Publication
from tests.conftest import World
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost, one_round
from tests.publishing.scripted import Play
from tests.publishing.test_late_news import between
from tests.publishing.test_practice_delivery import marker_of

Ahead = Callable[[timedelta], None]
LATER = timedelta(minutes=11)  # longer than a lease


def claimed(publication: Publication) -> Claim:
    (claim,) = machine.claim_due(clock.now(), 1)
    assert claim.publication_id == publication.pk
    return claim


@pytest.mark.django_db
def test_a_late_worker_is_refused_every_step(
    scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    late = claimed(publication)
    traveller(LATER)
    assert sweep(clock.now()) == 1  # its lease is over: the publication goes back to the schedule

    assert not machine.keep_part(late, "picture-0", "77")
    assert not machine.keep_facts(late, idempotency_key="stolen")
    assert not machine.renew(late)
    for state in DeliveryState:
        assert not machine.move(publication.pk, late.token, state)
    publication.refresh_from_db()
    assert (publication.state, publication.parts.count()) == ("scheduled", 0)


@pytest.mark.django_db
def test_a_sweeper_that_stood_still_takes_no_lease_that_began_meanwhile(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    before = ticks.now() - 60_000  # when the sweeper looked at its watch
    claim = claimed(publication)
    fooled = Publication.objects.filter(ticks.over(before), pk=publication.pk)
    assert fooled.exists(), "by that watch the lease is further ahead than any lease"
    assert not machine.move(
        claim.publication_id, claim.token, DeliveryState.SCHEDULED, take_token=True, after_lease=True
    )
    assert sweep(clock.now()) == 0


@pytest.mark.django_db
def test_a_worker_whose_lease_ran_out_does_not_send_even_before_anyone_noticed(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    claim = claimed(publication)
    traveller(LATER)

    send(claim)

    assert play.entries == []


@pytest.mark.django_db
def test_a_paused_worker_that_wakes_up_tells_what_it_knows_and_its_successor_sends_nothing(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    """Frozen while the answer was on its way, longer than its lease: the doubt was noted, then the answer came."""
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()

    def freeze() -> None:
        traveller(LATER)
        sweep(clock.now())

    play.meanwhile = freeze
    send(claimed(publication))
    play.meanwhile = lambda: None

    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("published", "told_late")
    traveller(LATER)
    one_round()
    assert play.count(publication.pk) == 1


@pytest.mark.django_db
def test_a_second_copy_is_an_alarm_and_the_first_stays_known(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    claim = claimed(publication)
    send(claim)
    publication.refresh_from_db()
    known = publication.remote_id

    assert not machine.accept(claim, "post-999", "")

    publication.refresh_from_db()
    assert publication.remote_id == known
    assert Event.objects.filter(name__endswith="PublicationDoubled").count() == 1
    assert not machine.accept(claim, known, "")  # the same answer twice is no alarm
    assert Event.objects.filter(name__endswith="PublicationDoubled").count() == 1


@pytest.mark.django_db
def test_a_post_withdrawn_while_a_worker_prepares_it_never_goes_out(
    play: Play, scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    post = new_post(scripted_channel(), now=True)
    claim = claimed(post.publications.get())

    result = actions.withdraw_post(post.pk, actor=world.manager)
    send(claim)

    assert [row.state for row in result.done] == ["withdrawn"]
    assert play.entries == []


def at_once(number: int, work: Callable[[], object]) -> None:
    """Run the same work in many threads that start together; what one raises fails the test."""
    start, failures = threading.Barrier(number), []

    def run() -> None:
        try:
            start.wait()
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_publish_each_publication_once(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    channel = practice_channel(Mechanism.NONE)  # nothing at the network would hide a second send
    posts = [new_post(channel, now=True) for _ in range(6)]

    at_once(4, crew.deliver)

    for post in posts:
        publication = post.publications.get()
        assert publication.state == "published"
        assert practice.ledger().count(marker_of(publication)) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_claim_many_workers_publish_it_several_times(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    """The control: everybody reads that it is due, and sends it under a token of their own making."""
    publication = new_post(practice_channel(Mechanism.NONE), now=True).publications.get()
    looked = threading.Barrier(4)

    in_turn = threading.Lock()

    def naive() -> None:
        was_due = Publication.objects.get(pk=publication.pk).state == "scheduled"
        looked.wait()
        with in_turn:
            if was_due:
                Publication.objects.filter(pk=publication.pk).update(
                    state="claimed", token=7, **ticks.lease(ticks.now())
                )
                send(Claim(publication.pk, 7))

    at_once(4, naive)

    assert practice.ledger().count(marker_of(publication)) == 4


@pytest.mark.django_db(transaction=True)
def test_two_worker_processes_publish_each_publication_once(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    channel = practice_channel(Mechanism.NONE)
    posts = [new_post(channel, now=True) for _ in range(8)]
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.publishing.worker_process", name]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for worker in workers:
        assert worker.stdout and worker.stdout.readline() == b"ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(b"go\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.wait(60) == 0
        assert worker.stdin and worker.stdout
        worker.stdin.close()
        worker.stdout.close()

    for post in posts:
        publication = post.publications.get()
        assert publication.state == "published"
        assert practice.ledger().count(marker_of(publication)) == 1


# --- Taking back, while its worker or a person goes on -------------------------------------------------------------

LOADED = '"publishing_post"'  # what the sweep reads of one publication before it decides


@pytest.mark.django_db(transaction=True)
def test_what_its_worker_sends_in_the_moment_when_its_lease_ends_is_not_taken_for_unsent(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(Mechanism.NONE), now=True).publications.get()
    claimed(publication)
    row = Publication.objects.filter(pk=publication.pk)
    row.update(leased_until=ticks.now() - 1)

    def goes_on() -> None:
        row.update(state="sending", **ticks.lease(ticks.now()))

    with connection.execute_wrapper(between(goes_on, LOADED)):
        assert sweep(clock.now()) == 0
    assert row.get().state == "sending"


@pytest.mark.django_db(transaction=True)
def test_a_fresh_hour_chosen_in_the_moment_when_its_time_ends_counts(
    scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    post = new_post(scripted_channel(), now=True)
    row = Publication.objects.filter(post=post)
    row.update(expires_at=clock.now() - timedelta(seconds=1))

    def chosen() -> None:
        actions.schedule_post(post.pk, post.version, clock.now() + LATER, actor=world.manager)

    with connection.execute_wrapper(between(chosen, LOADED)):
        assert sweep(clock.now()) == 0
    assert row.get().state == "scheduled"


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_ends_while_its_renewal_waits_for_the_database_is_over(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    claim = claimed(publication)
    holds, row = threading.Event(), Publication.objects.filter(pk=publication.pk)

    def hold() -> None:
        with transaction.atomic():
            row.select_for_update().get()
            row.update(leased_until=ticks.now() + 200)
            holds.set()
            threading.Event().wait(0.6)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    holds.wait()
    assert not machine.renew(claim)
    assert not machine.keep_facts(claim, idempotency_key="late")
    holder.join()


@pytest.mark.django_db
def test_a_lease_further_ahead_than_its_length_is_of_an_earlier_start(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    """Where starts of the machine have no name."""
    publication = new_post(scripted_channel(), now=True).publications.get()
    claimed(publication)
    Publication.objects.update(leased_until=ticks.now() + 3_600_000)
    assert sweep(clock.now()) == 1
    publication.refresh_from_db()
    assert publication.state == "scheduled"


# --- Two people at once -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one lock for everything, so nobody waits crosswise"
)
@pytest.mark.django_db(transaction=True)
def test_who_sends_again_and_who_edits_the_post_never_wait_for_each_other(
    scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    post = new_post(scripted_channel(), scripted_channel(handle="other"), now=True)
    (claim,) = machine.claim_due(clock.now(), 1)
    old = claim.publication_id
    assert machine.move(old, claim.token, DeliveryState.REJECTED, reason="text_invalid")
    refused: list[BaseException] = []

    def edits() -> None:
        try:
            actions.set_products(post.pk, [], actor=world.manager)
        except BaseException as error:
            refused.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=edits)

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if "FOR UPDATE" in sql and not other.ident:
            other.start()
            while other.is_alive() and not _somebody_waits():
                threading.Event().wait(0.02)
        return result

    with connection.execute_wrapper(watch):
        actions.try_again(old, actor=world.manager)
    other.join()
    assert refused == []


def _somebody_waits() -> bool:
    """Whether anybody waits for a lock, as another connection sees it."""
    found: list[bool] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            found.append(bool(cursor.fetchone()[0]))
        connection.close()

    looking = threading.Thread(target=look)
    looking.start()
    looking.join()
    return found[0]
