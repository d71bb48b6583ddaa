"""After a doubt: what the network's own mechanism can tell, and when it cannot tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from etalage.kit.clock import elapsed, now
from etalage.networks.base import Absent, Accepted, CannotTell, Found, Mechanism, Reason, Unknown
from etalage.networks.practice.connector import PracticeConnector
from etalage.networks.practice.tests.posts import delivery, prepared, publish, rendition
from tests.practice_network import PracticeNetwork

TELLING = [face for face in Mechanism if face is not Mechanism.NONE]


def before() -> datetime:
    """A moment safely before anything that a test does."""
    return now() - timedelta(minutes=5)


@pytest.mark.parametrize("face", TELLING)
def test_a_post_whose_answer_was_lost_is_found(
    face: Mechanism, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=face), delivery(network)
    facts = prepared(network, account, rendition(facts), facts)
    practice.order("accepted_cut")
    assert isinstance(network.commit(account, rendition(facts), facts), Unknown)
    (entry,) = practice.ledger().by_marker(facts.marker)
    assert network.look(account, facts, before()) == Found(entry["id"], entry["url"])


@pytest.mark.parametrize("face", TELLING)
def test_a_post_is_found_although_our_public_address_has_changed_since(
    face: Mechanism, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=face), delivery(network)
    facts = prepared(network, account, rendition(facts), facts)
    publish(network, account, rendition(facts), facts)
    code = facts.marker.rpartition("/")[2]
    today = replace(facts, marker=f"https://new.example/l/{code}")
    assert isinstance(network.look(account, today, before()), Found)


@pytest.mark.parametrize("face", TELLING)
def test_a_post_that_never_arrived_is_absent(
    face: Mechanism, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=face), delivery(network)
    facts = prepared(network, account, rendition(facts), facts)
    practice.order("lost_before")
    assert isinstance(network.commit(account, rendition(facts), facts), Unknown)
    assert network.look(account, facts, before()) == Absent()
    assert practice.ledger().count(facts.marker) == 0


def test_a_network_without_a_list_cannot_tell(practice: PracticeNetwork, network: PracticeConnector) -> None:
    account, facts = practice.open_account(face=Mechanism.NONE), delivery(network)
    publish(network, account, rendition(facts), facts)
    assert isinstance(network.look(account, facts, before()), CannotTell)


def test_a_look_does_not_trust_a_wrong_mechanism(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=Mechanism.NONE), delivery(network)
    publish(network, account, rendition(facts), facts)
    look = network.look(replace(account, mechanism=Mechanism.READ_BACK), facts, before())
    assert isinstance(look, CannotTell)
    assert look.reason is Reason.PERMISSION_MISSING


def test_a_marker_is_not_found_in_a_longer_one(practice: PracticeNetwork, network: PracticeConnector) -> None:
    account, facts = practice.open_account(face=Mechanism.READ_BACK), delivery(network)
    longer = replace(facts, marker=facts.marker + "x")
    publish(network, account, rendition(longer), longer)
    assert network.look(account, facts, before()) == Absent()
    assert isinstance(network.look(account, longer, before()), Found)


def test_a_post_shows_only_after_the_networks_lag(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=Mechanism.READ_BACK, lag=3600), delivery(network)
    assert isinstance(publish(network, account, rendition(facts), facts), Accepted)
    assert network.look(account, facts, before()) == Absent()
    assert practice.ledger().count(facts.marker) == 1


def test_a_late_post_is_found_in_the_end(practice: PracticeNetwork, network: PracticeConnector) -> None:
    account, facts = practice.open_account(face=Mechanism.READ_BACK), delivery(network)
    practice.order("late_visible", seconds=1)
    publish(network, account, rendition(facts), facts)
    deadline = elapsed() + 20
    while not isinstance(network.look(account, facts, before()), Found):
        assert elapsed() < deadline
    (entry,) = practice.ledger().by_marker(facts.marker)
    assert entry["visible_at"] == pytest.approx(entry["at"] + 1)


def test_the_settling_time_covers_the_networks_lag(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account = practice.open_account(face=Mechanism.READ_BACK, lag=30)
    connected = network.connect(practice.base_url, account.handle, account.token)
    assert connected.abilities.settle > timedelta(seconds=30)  # type: ignore[union-attr]


def test_a_post_accepted_after_its_sender_gave_up_is_found_later(practice: PracticeNetwork) -> None:
    network = PracticeConnector(write_seconds=0.3)
    account, facts = practice.open_account(face=Mechanism.READ_BACK), delivery(network)
    practice.order("slow_before", seconds=1.5)
    assert isinstance(publish(network, account, rendition(facts), facts), Unknown)
    deadline = elapsed() + 20
    while not isinstance(network.look(account, facts, before()), Found):
        assert elapsed() < deadline
    assert practice.ledger().count(facts.marker) == 1


def test_a_look_pages_back_until_it_covers_the_time_asked(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=Mechanism.READ_BACK), delivery(network)
    start = now().timestamp() - 7200
    wanted = {"text": rendition(facts).text, "at": start}
    others = [{"text": f"number {number}", "at": start + 10 * (number + 1)} for number in range(95)]
    history = {"handle": account.handle, "statuses": [wanted, *others]}
    practice.http.post("/script/history", json=history).raise_for_status()

    covering = now() - timedelta(seconds=7300)
    assert isinstance(network.look(account, facts, covering), Found)
    unknown = replace(facts, marker="https://lune.example/l/never")
    assert network.look(account, unknown, covering) == Absent()
    practice.order("nonsense", on="read", skip=1)
    assert isinstance(network.look(account, facts, covering), Found)


@pytest.mark.parametrize("fault", ["lost_before", "error_before", "rate_limited", "dead_token"])
def test_a_look_that_fails_decides_nothing(
    fault: str, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    publish(network, account, rendition(facts), facts)
    practice.order(fault, on="read")
    assert isinstance(network.look(account, facts, before()), CannotTell)
    assert isinstance(network.look(account, facts, before()), Found)


@pytest.mark.parametrize("fault", ["nonsense", "accepted_truncated"])
def test_an_odd_page_is_asked_for_once_more_and_a_second_odd_answer_decides_nothing(
    fault: str, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    publish(network, account, rendition(facts), facts)
    practice.order(fault, on="read")
    assert isinstance(network.look(account, facts, before()), Found)
    practice.order(fault, on="read", times=2)
    assert network.look(account, facts, before()) == CannotTell(Reason.NONSENSE_ANSWER, "HTTP 200")
    assert isinstance(network.look(account, facts, before()), Found)


def test_without_a_marker_nothing_can_be_found(practice: PracticeNetwork, network: PracticeConnector) -> None:
    account, facts = practice.open_account(), delivery(network)
    look = network.look(account, replace(facts, marker=""), before())
    assert look == CannotTell(Reason.MISCONFIGURED, "no marker")
