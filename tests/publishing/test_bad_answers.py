"""Everything that a network in trouble answers: the right class of outcome, a sentence in each of four languages, and
never an unknown that is shown as a failure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from etalage.channels.models import Channel
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Mechanism
from etalage.networks.practice.connector import PracticeConnector
from etalage.publishing import queries
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.send import send
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost
from tests.publishing.test_practice_delivery import marker_of

pytestmark = pytest.mark.django_db

#: fault → the publication's state, its reason, the channel's state, how often it stands there
TABLE = {
    "nonsense": ("unknown", "nonsense_answer", "active", 0),
    "accepted_nonsense": ("unknown", "nonsense_answer", "active", 1),
    "accepted_truncated": ("unknown", "nonsense_answer", "active", 1),
    "accepted_empty": ("unknown", "nonsense_answer", "active", 1),
    "redirect": ("unknown", "nonsense_answer", "active", 0),
    "redirect_loop": ("unknown", "nonsense_answer", "active", 0),
    "accepted_wrong_length": ("unknown", "ambiguous", "active", 1),
    "accepted_twice": ("published", "", "active", 1),
    "nothing": ("unknown", "ambiguous", "active", 0),
    "accepted_nothing": ("unknown", "ambiguous", "active", 1),
    "accepted_drip": ("unknown", "ambiguous", "active", 1),
    "accepted_bomb": ("unknown", "ambiguous", "active", 1),
    "accepted_not_http": ("unknown", "ambiguous", "active", 1),
    "lost_before": ("unknown", "ambiguous", "active", 0),
    "accepted_cut": ("unknown", "ambiguous", "active", 1),
    "error_before": ("unknown", "ambiguous", "active", 0),
    "accepted_500": ("unknown", "ambiguous", "active", 1),
    "slow": ("unknown", "ambiguous", "active", 1),
    "platform_down_bare": ("unknown", "ambiguous", "active", 0),
    "platform_down": ("scheduled", "platform_down", "active", 0),
    "rate_limited": ("scheduled", "rate_limited", "active", 0),
    "rate_limited_bare": ("scheduled", "rate_limited", "active", 0),
    "dead_token": ("scheduled", "auth_dead", "paused", 0),
    "permission_missing": ("scheduled", "permission_missing", "paused", 0),
}
LANGUAGES = ("en", "fr", "nl", "ar")
FAILURES = {"rejected", "expired", "dropped"}


class Hasty(PracticeConnector):
    """Waits for an answer for less than a second."""

    def __init__(self) -> None:
        super().__init__(write_seconds=0.7)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the program be hasty, so that what drips is given up soon."""
    monkeypatch.setitem(registry.CONNECTORS, "practice", f"{__name__}:Hasty")
    registry.get.cache_clear()
    yield
    registry.get.cache_clear()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("face", [Mechanism.READ_BACK, Mechanism.NONE, Mechanism.CLIENT_KEY])
@pytest.mark.parametrize("fault", TABLE)
def test_each_answer_is_taken_for_what_it_is_and_explained(
    fault: str, face: Mechanism, practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    state, reason, channel_state, times = TABLE[fault]
    publication = new_post(practice_channel(face), now=True).publications.get()
    practice.order(fault, seconds=0.8 if fault in ("slow", "accepted_drip") else 1)

    send(*machine.claim_due(clock.now(), 1))
    run_until_idle(raising=False)

    publication = queries.publication_detail(publication.pk).publication
    assert (publication.state, publication.reason) == (state, reason)
    assert Channel.objects.get(pk=publication.channel_id).state == channel_state
    assert practice.ledger().count(marker_of(publication)) == times
    assert publication.state not in FAILURES  # none of these answers proves that it will never stand there
    said = {language: sentence(publication, language) for language in LANGUAGES}
    assert all(said.values())
    assert len(set(said.values())) == len(LANGUAGES)


def sentence(publication: object, language: str) -> str:
    with translation.override(language):
        explained = queries.explain(publication)  # type: ignore[arg-type]
        return f"{explained.title}: {explained.what_to_do}" if explained.what_to_do else ""


def test_the_table_knows_every_fault_that_can_be_ordered(practice: PracticeNetwork) -> None:
    known = practice.http.post("/script", json={"fault": "none of them"}).json()["error"]["faults"]
    assert set(known) - {"slow_before", "late_visible", "push_twice"} == set(TABLE)
