"""The same answers in every other place: preparing, changing what stands there, listening, connecting. Each is taken
for what it is, nothing is lost or doubled by it, and nobody is told of a failure that may be none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from etalage.channels.actions import connect_channel, drain_incoming, read_channel, resume_channel
from etalage.channels.models import Channel, Incoming, Listening
from etalage.channels.queries import channel_card
from etalage.channels.reasons import what_to_do
from etalage.jobs import RetryAt
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.networks.base import Mechanism
from etalage.publishing import actions, queries
from etalage.publishing.delivery import changes, machine
from etalage.publishing.delivery.send import send
from etalage.publishing.models import Publication
from tests.conftest import World
from tests.practice_network import PracticeNetwork
from tests.publishing.bad_answers import (
    FAILURES,
    KINDS,
    PAUSED_BY,
    Trouble,
    explanation,
    in_each_language,
    is_explained,
    trouble,
)
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.test_practice_delivery import marker_of

__all__ = ["trouble"]
pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]

#: what the answer to an invisible step is → why the publication waits on its schedule; it never is in doubt
STEPS = {
    "fine": "",
    "garbled": "nonsense_answer",
    "lost": "ambiguous",
    "broken": "ambiguous",
    "down": "platform_down",
    "busy": "rate_limited",
    **PAUSED_BY,
}
#: what the answer to a change is → why it is not done yet
CHANGES = {
    "fine": "",
    "garbled": "change_unclear",
    "lost": "change_unclear",
    "broken": "change_unclear",
    "down": "platform_down",
    "busy": "rate_limited",
    **PAUSED_BY,
}
#: what the answer to a question is → why there is nothing to read. A read leaves no doubt behind.
READS = {
    "fine": "",
    "garbled": "nonsense_answer",
    "lost": "unreachable",
    "broken": "platform_down",
    "down": "platform_down",
    "busy": "rate_limited",
    **PAUSED_BY,
}


@pytest.mark.parametrize("place", ["draft", "media"])
@pytest.mark.parametrize("fault", KINDS)
def test_a_step_that_nobody_sees_waits_and_is_taken_again(
    fault: str,
    place: str,
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    red_png: bytes,
    world: World,
    traveller: Ahead,
    trouble: Trouble,
) -> None:
    channel = practice_channel(Mechanism.TWO_PHASE)
    post = new_post(channel)
    actions.add_picture(post.pk, red_png, {"en": "A red boot"}, actor=world.manager)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)
    trouble.order(fault, place)

    send(*machine.claim_due(clock.now(), 1))
    run_until_idle(raising=False)

    publication = queries.publication_detail(post.publications.get().pk).publication
    is_fine = KINDS[fault] == "fine"
    assert (publication.state, publication.reason) == (
        "published" if is_fine else "scheduled",
        STEPS[KINDS[fault]],
    )
    assert not publication.in_doubt
    assert practice.ledger().count(marker_of(publication)) == is_fine
    assert (Channel.objects.get().state == "paused") is (KINDS[fault] in PAUSED_BY)
    assert is_explained(*explanation(publication))

    all_in_order_again(trouble, channel, world)
    publication = rounds(traveller, publication)
    assert publication.state == "published"
    assert practice.ledger().count(marker_of(publication)) == 1


@pytest.mark.parametrize("place", ["edit", "withdraw"])
@pytest.mark.parametrize("fault", KINDS)
def test_a_change_of_what_stands_there_is_asked_for_until_it_is_done(
    fault: str,
    place: str,
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    world: World,
    trouble: Trouble,
) -> None:
    channel = practice_channel()
    post = new_post(channel, now=True)
    one_round()
    post.refresh_from_db()
    publication = post.publications.get()
    if place == "edit":
        actions.edit_published(post.pk, post.version, {"en": "Old boots are out"}, actor=world.manager)
    else:
        actions.withdraw_publication(publication.pk, actor=world.manager)
    trouble.order(fault, place)
    with suppress(RetryAt):
        changes.carry_out(publication.pk)

    publication = queries.publication_detail(publication.pk).publication
    kind = KINDS[fault]
    assert publication.change == ("" if kind == "fine" else place), "what was asked for is not forgotten"
    assert publication.change_reason == CHANGES[kind]
    assert publication.state == ("withdrawn" if (kind, place) == ("fine", "withdraw") else "published")
    assert not publication.steps.filter(reason__endswith="_refused").exists()
    assert (Channel.objects.get().state == "paused") is (kind in PAUSED_BY)
    if why := queries.advice_for(publication.change_reason):
        assert is_explained(*in_each_language(why.text))
    else:
        assert publication.change_reason == ""

    all_in_order_again(trouble, channel, world)
    changes.carry_out(publication.pk)
    publication.refresh_from_db()
    assert (publication.change, publication.change_reason) == ("", "")
    (entry,) = practice.ledger().by_marker(marker_of(publication))
    if place == "edit":
        assert (publication.state, entry["text"].split("\n")[0]) == ("published", "Old boots are out")
    else:
        assert publication.state == "withdrawn" and entry["removed_at"]


@pytest.mark.parametrize("fault", KINDS)
def test_what_people_said_is_read_once_whatever_came_in_between(
    fault: str,
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    world: World,
    trouble: Trouble,
) -> None:
    channel = practice_channel()
    post = new_post(channel, now=True)
    one_round()
    remote = Publication.objects.get(post=post).remote_id
    practice.let_somebody("comment", channel.handle, remote, text="Still in 38?")
    trouble.order(fault, "stream")
    Listening.objects.update(due_at=clock.now())

    read_channel(channel.pk)
    drain_incoming()

    kind, listening = KINDS[fault], Listening.objects.get()
    assert listening.problem == READS[kind]
    assert Incoming.objects.count() == (kind == "fine")
    assert bool(listening.cursor) is (kind == "fine"), "what was not read is read the next time"
    assert (Channel.objects.get().state == "paused") is (kind == "dead")
    if listening.problem:
        assert is_explained(*in_each_language(what_to_do(listening.problem)))
        assert channel_card(Channel.objects.get()).ear.problem

    all_in_order_again(trouble, channel, world)
    for _again in range(2):
        Listening.objects.update(due_at=clock.now())
        Channel.objects.update(quiet_until=None)
        read_channel(channel.pk)
        drain_incoming()
    assert Listening.objects.get().problem == ""
    assert [one.text for one in Incoming.objects.all()] == ["Still in 38?"]


@pytest.mark.parametrize("fault", KINDS)
def test_connecting_is_refused_with_its_reason_and_works_when_all_is_well(
    fault: str, practice: PracticeNetwork, world: World, trouble: Trouble
) -> None:
    account, kind = practice.open_account(), KINDS[fault]
    trouble.order(fault, "account", account.handle)

    def connect() -> Channel:
        return connect_channel("practice", practice.base_url, account.token, actor=world.manager)

    if kind == "fine":
        connect()
    else:
        with pytest.raises(Refusal) as refused:
            connect()
        assert refused.value.code == READS[kind]
        assert is_explained(*in_each_language(what_to_do(refused.value.code)))
        assert not Channel.objects.exists()
    trouble.over()
    assert connect().state == "active"
    assert Channel.objects.count() == 1


def test_no_answer_is_a_failure() -> None:
    assert not {*STEPS.values(), *CHANGES.values(), *READS.values()} & FAILURES
    for table in (STEPS, CHANGES, READS):
        assert set(table) == set(KINDS.values())


def all_in_order_again(trouble: Trouble, channel: Channel, world: World) -> None:
    """The network is well, and what a person had to mend is mended."""
    trouble.over()
    if Channel.objects.get(pk=channel.pk).state == "paused":
        resume_channel(channel.pk, actor=world.manager)
