"""What a network answered is written down, whatever it says and whatever the database does meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
import pytest
from django.db import InterfaceError, connection

from etalage.channels.models import Channel
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import (
    Absent,
    Accepted,
    Account,
    ChannelRefused,
    Delivery,
    Found,
    Look,
    Mechanism,
    NotAccepted,
    Outcome,
    Prepared,
    Reason,
    Rejected,
    Rendition,
    Step,
    Unknown,
)
from etalage.publishing.delivery import machine
from etalage.publishing.delivery.pace import pace
from etalage.publishing.delivery.send import ANSWER_KEPT, send
from etalage.publishing.models import Publication, RemotePart
from tests.away import away_soon
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Play, ScriptedNetwork

Ahead = Callable[[timedelta], None]
HALF, NUL = "half a sign \ud83d", "nothing \0 more"


@pytest.fixture
def odd() -> Iterator[str]:
    """A network that says odd things; its address."""
    command = [sys.executable, "-m", "tests.publishing.odd_network"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        yield program.stdout.readline().strip()
        program.kill()


class Raw(ScriptedNetwork):
    """Hands on what the odd network says, as it is: `kind` says which outcome that is.

    Nothing of it was made storable, as with a connector that somebody else wrote.
    """

    address = ""

    def take_step(
        self, account: Account, rendition: Rendition, delivery: Delivery, step: Step
    ) -> Prepared | Rejected | NotAccepted | Unknown | ChannelRefused:
        said = httpx.get(f"{Raw.address}/posts").json()
        return raw(Prepared(step.name, ""), remote_id=said.get("part", "77"))

    def commit(self, account: Account, rendition: Rendition, delivery: Delivery) -> Outcome:
        said = httpx.post(f"{Raw.address}/posts", json={}).json()
        outcomes: dict[str, Outcome] = {
            "accepted": Accepted(""),
            "rejected": Rejected(Reason.TEXT_INVALID),
            "not_accepted": NotAccepted(Reason.PLATFORM_DOWN),
            "unknown": Unknown(Reason.AMBIGUOUS),
            "channel_refused": ChannelRefused(Reason.AUTH_DEAD),
        }
        return raw(outcomes[said.pop("kind")], **said)

    def look(self, account: Account, delivery: Delivery, since: datetime) -> Look:
        said = httpx.get(f"{Raw.address}/posts").json()
        if not said["standing"]:
            return Absent()
        return raw(Found(""), remote_id=said["remote_id"], url=said.get("url"))


Told = TypeVar("Told")


def raw(told: Told, **texts: Any) -> Told:
    """What was told, in the network's own words."""
    for name, text in texts.items():
        object.__setattr__(told, name, text)
    return told


Say = Callable[..., None]


@pytest.fixture
def say(odd: str, play: Play, monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:
    """Decide what the odd network answers to everything."""
    monkeypatch.setitem(registry.CONNECTORS, "scripted", f"{__name__}:Raw")
    registry.get.cache_clear()
    Raw.address = odd

    def put(**answer: Any) -> None:
        httpx.put(f"{odd}/answer", content=json.dumps(answer)).raise_for_status()

    yield put
    registry.get.cache_clear()


def sends() -> int:
    standing: int = httpx.get(f"{Raw.address}/posts").json()["standing"]
    return standing


@pytest.mark.django_db
@pytest.mark.parametrize("detail", [HALF, NUL, "x" * 5000])
@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("rejected", "rejected"),
        ("not_accepted", "scheduled"),
        ("unknown", "unknown"),
        ("channel_refused", "scheduled"),
    ],
)
def test_words_that_no_database_takes_do_not_hide_the_answer(
    kind: str, state: str, detail: str, say: Say, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    say(kind=kind, detail=detail)
    one_round()
    publication.refresh_from_db()
    assert (publication.state, sends()) == (state, 1)
    assert publication.detail[:4] == detail[:4]
    if kind == "channel_refused":
        assert Channel.objects.get().state == "paused"


@pytest.mark.django_db
@pytest.mark.parametrize("remote_id", [HALF, NUL, "9" * 400])
@pytest.mark.parametrize("mechanism", [Mechanism.READ_BACK, Mechanism.NONE])
def test_an_acceptance_under_an_id_that_cannot_be_kept_is_an_acceptance(
    mechanism: Mechanism, remote_id: str, say: Say, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    """A part of an id would be another one's; so there is none, and nothing is done there by it."""
    publication = new_post(scripted_channel(mechanism), now=True).publications.get()
    say(kind="accepted", remote_id=remote_id, url=None)
    (claim,) = machine.claim_due(clock.now(), 1)
    send(claim)
    machine.accept(claim, remote_id, "")  # told twice
    publication.refresh_from_db()
    assert (publication.state, publication.remote_id, sends()) == ("published", "", 1)
    assert not publication.steps.filter(reason="second_copy").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("url", [f"https://x.example/{HALF}", f"https://x.example/{NUL}", "https://x/" * 99])
def test_an_address_that_cannot_be_kept_is_left_out(
    url: str, say: Say, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    say(kind="accepted", remote_id="77", url=url)
    one_round()
    publication.refresh_from_db()
    assert (publication.state, publication.remote_id, publication.remote_url) == ("published", "77", "")


@pytest.mark.django_db
@pytest.mark.parametrize("remote_id", [HALF, NUL, "9" * 400])
def test_what_is_found_under_such_an_id_is_found(
    remote_id: str, say: Say, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    publication = new_post(scripted_channel(Mechanism.READ_BACK), now=True).publications.get()
    say(kind="unknown", remote_id=remote_id, url=HALF)
    publication = rounds(traveller, publication)
    assert (publication.state, publication.reason, sends()) == ("published", "found", 1)


@pytest.mark.django_db
@pytest.mark.parametrize("part", [HALF, NUL, "9" * 400, ""])
def test_a_part_under_such_an_id_is_made_again(
    part: str, say: Say, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(Mechanism.TWO_PHASE), now=True).publications.get()
    say(kind="accepted", remote_id="77", part=part)
    one_round()
    publication.refresh_from_db()
    assert (publication.state, publication.reason, sends()) == ("scheduled", "nonsense_answer", 0)
    assert not RemotePart.objects.exists()


@pytest.mark.django_db
def test_a_wait_that_is_no_number_is_ours(say: Say, scripted_channel: NewChannel, new_post: NewPost) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    say(kind="not_accepted", retry_after=float("nan"))
    one_round()
    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("scheduled", "platform_down")


# --- While the database is away -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("answer", "state"), [("accept", "published"), ("rejected", "rejected")])
def test_an_answer_outlasts_a_database_that_is_away_for_a_moment(
    answer: str, state: str, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    """Where nobody could ever ask for it again."""
    publication = new_post(scripted_channel(Mechanism.NONE), now=True).publications.get()
    (claim,) = machine.claim_due(clock.now(), 1)
    play.script, play.meanwhile = [answer], away_soon()

    try:
        send(claim)
        assert Publication.objects.get(pk=publication.pk).state == state
    finally:
        connection.close()  # what it was told about waiting goes with it


@pytest.mark.django_db(transaction=True)
def test_an_answer_outlasts_a_connection_that_died_under_our_hands(
    play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    """What the database's own program calls an error of the interface is none of the database."""
    publication = new_post(scripted_channel(Mechanism.NONE), now=True).publications.get()
    (claim,) = machine.claim_due(clock.now(), 1)
    dies: list[bool] = []
    play.meanwhile = lambda: dies.append(True)

    def watch(execute: Any, *statement: Any) -> Any:
        if dies:
            dies.clear()
            raise InterfaceError("connection already closed")
        return execute(*statement)

    with connection.execute_wrapper(watch):
        send(claim)
    assert Publication.objects.get(pk=publication.pk).state == "published"


def test_an_answer_is_kept_for_minutes_and_never_beyond_the_lease() -> None:
    longest = sum(ANSWER_KEPT)
    assert timedelta(minutes=3) < timedelta(seconds=longest) < pace().lease - pace().request
