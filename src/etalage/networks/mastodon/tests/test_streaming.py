"""The stream is a bell: it rings when it stands and for each notification, and its end is no answer to anything."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Event, Thread

import pytest

from etalage.networks.base import ChannelRefused, CouldNotRead, Reason
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.networks.mastodon.streaming import PATH, streaming_origin
from etalage.networks.mastodon.tests.conftest import Fake
from etalage.networks.mastodon.tests.test_receiving import notification

PATIENCE_S = 60


class Listening:
    """The connector listening in a thread."""

    def __init__(self, network: MastodonConnector, fake: Fake) -> None:
        self.rings: SimpleQueue[None] = SimpleQueue()
        self.ended = Event()
        self.answers: SimpleQueue[object] = SimpleQueue()
        words = (fake.account(), lambda: self.rings.put(None), self.ended.is_set)
        Thread(target=lambda: self.answers.put(network.stream(*words)), daemon=True).start()

    def ring(self) -> None:
        """Wait for the next ring."""
        self.rings.get(timeout=PATIENCE_S)

    def answer(self) -> object:
        """Wait for the end."""
        return self.answers.get(timeout=PATIENCE_S)


def test_it_rings_when_it_stands_and_for_each_notification(fake: Fake, network: MastodonConnector) -> None:
    fake.stream()
    listening = Listening(network, fake)
    listening.ring()
    fake.notify(notification(1), notification(2))
    listening.ring()
    listening.ring()
    assert listening.rings.empty(), "what only says that the server is there is no news"
    fake.hang_up()
    assert isinstance(listening.answer(), CouldNotRead)
    assert fake.asked(PATH)[0]["headers"]["authorization"] == f"Bearer {fake.account().token}"


def test_it_ends_when_it_is_told_to(fake: Fake, network: MastodonConnector) -> None:
    fake.stream()
    listening = Listening(network, fake)
    listening.ring()
    listening.ended.set()
    listening.answer()


def test_an_instance_without_one_says_so(fake: Fake, network: MastodonConnector) -> None:
    assert network.stream(fake.account(), lambda: None, lambda: False) is None
    assert fake.asked(PATH) == []


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("ws://127.0.0.1:1", CouldNotRead(Reason.INSIDE_ADDRESS, detail="inside_address")),
        ("wss://localhost:1", CouldNotRead(Reason.INSIDE_ADDRESS, detail="inside_address")),
        ("ws://streaming.example", CouldNotRead(Reason.MISCONFIGURED, detail="address_not_listed")),
        ("gopher://x", None),
    ],
)
def test_a_token_goes_to_no_address_inside_and_never_in_the_open(
    fake: Fake, network: MastodonConnector, at: str, why: CouldNotRead | None
) -> None:
    fake.stream(at)
    assert network.stream(fake.account(), lambda: pytest.fail("it rang"), lambda: False) == why


def test_a_dead_access_is_told_as_one(fake: Fake, network: MastodonConnector) -> None:
    fake.stream()
    fake.order(f"GET {PATH}", status=401, body={"error": "The access token is invalid"})
    answer = network.stream(fake.account(), lambda: pytest.fail("it rang"), lambda: False)
    assert isinstance(answer, ChannelRefused) and answer.reason is Reason.AUTH_DEAD


@pytest.mark.parametrize(
    ("said", "origin"),
    [
        ("wss://streaming.example", "https://streaming.example"),
        ("wss://streaming.example:4000/x", "https://streaming.example:4000"),
        ("https://streaming.example", "https://streaming.example"),
        ("ws://[bad", ""),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_where_an_instance_streams(said: object, origin: str) -> None:
    assert streaming_origin({"configuration": {"urls": {"streaming": said}}}) == origin
    assert streaming_origin({"configuration": [said]}) == ""
