"""Everything that a network in trouble answers to what makes a post visible: the right class of outcome, a sentence in
each of four languages, never an unknown that is shown as a failure; and in the end it stands there once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from etalage.channels.actions import resume_channel
from etalage.channels.models import Channel
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing import queries
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.send import send
from tests.conftest import World
from tests.practice_network import PracticeNetwork
from tests.publishing.bad_answers import FAILURES, KINDS, Trouble, explanation, is_explained, trouble
from tests.publishing.conftest import NewChannel, NewPost, rounds
from tests.publishing.test_practice_delivery import marker_of

__all__ = ["trouble"]
pytestmark = pytest.mark.django_db

#: what the answer is → the publication's state, its reason, the channel's state
TABLE = {
    "fine": ("published", "", "active"),
    "garbled": ("unknown", "nonsense_answer", "active"),
    "lost": ("unknown", "ambiguous", "active"),
    "broken": ("unknown", "ambiguous", "active"),
    "down": ("scheduled", "platform_down", "active"),
    "busy": ("scheduled", "rate_limited", "active"),
    "dead": ("scheduled", "auth_dead", "paused"),
    "forbidden": ("scheduled", "permission_missing", "paused"),
}


@pytest.mark.parametrize("face", list(Mechanism))
@pytest.mark.parametrize("fault", KINDS)
def test_each_answer_is_taken_for_what_it_is_and_explained(
    fault: str,
    face: Mechanism,
    practice: PracticeNetwork,
    practice_channel: NewChannel,
    new_post: NewPost,
    world: World,
    traveller: Callable[[timedelta], None],
    trouble: Trouble,
) -> None:
    state, reason, channel_state = TABLE[KINDS[fault]]
    stands = fault == "slow" or fault.startswith("accepted")
    publication = new_post(practice_channel(face), now=True).publications.get()
    trouble.order(fault, "publish")

    send(*machine.claim_due(clock.now(), 1))
    run_until_idle(raising=False)

    publication = queries.publication_detail(publication.pk).publication
    assert (publication.state, publication.reason) == (state, reason)
    assert Channel.objects.get(pk=publication.channel_id).state == channel_state
    assert practice.ledger().count(marker_of(publication)) == stands
    assert publication.state not in FAILURES  # none of these answers proves that it will never stand there
    assert is_explained(*explanation(publication))

    trouble.over()
    if channel_state == "paused":
        resume_channel(publication.channel_id, actor=world.manager)
    publication = rounds(traveller, publication)
    asks = face is Mechanism.NONE and state == "unknown"
    assert publication.state == ("needs_person" if asks else "published"), publication.reason
    assert practice.ledger().count(marker_of(publication)) == (stands if asks else 1)
    assert is_explained(*explanation(publication))


def test_the_table_knows_every_fault_that_can_be_ordered(practice: PracticeNetwork) -> None:
    known = practice.http.post("/script", json={"fault": "none of them"}).json()["error"]["faults"]
    assert set(known) - {"slow_before", "late_visible", "push_twice"} == set(KINDS)
    assert set(KINDS.values()) == set(TABLE)
