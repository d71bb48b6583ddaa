"""Connecting an account: the token is verified, and each face brings its own abilities."""

from __future__ import annotations

from datetime import timedelta

import pytest

from etalage.networks.base import Abilities, ChannelRefused, Connected, Mechanism, NotAccepted, Reason
from etalage.networks.practice.connector import PracticeConnector
from tests.practice_network import PracticeNetwork


@pytest.mark.parametrize("face", list(Mechanism))
def test_an_account_says_by_which_mechanism_it_delivers(
    face: Mechanism, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account = practice.open_account(face=face, name="Maison Lune")
    connected = network.connect(
        f" {practice.base_url}/ ", f"@{account.handle.upper()}", f" {account.token}\n"
    )
    assert isinstance(connected, Connected)
    assert connected.account == account
    assert connected.name == "Maison Lune"
    assert connected.abilities.mechanism is face
    keeps_keys = face is Mechanism.IDEMPOTENCY_KEY
    assert connected.abilities.key_valid_for == (timedelta(hours=1) if keeps_keys else None)


def test_a_token_never_shows(practice: PracticeNetwork) -> None:
    account = practice.open_account()
    assert account.token not in repr(account)


def test_a_wrong_token_connects_nothing(practice: PracticeNetwork, network: PracticeConnector) -> None:
    refused = network.connect(practice.base_url, "", "not-a-token")
    assert isinstance(refused, ChannelRefused)
    assert refused.reason is Reason.AUTH_DEAD


def test_a_token_of_another_account_is_refused(practice: PracticeNetwork, network: PracticeConnector) -> None:
    account, other = practice.open_account(), practice.open_account()
    refused = network.connect(practice.base_url, other.handle, account.token)
    assert isinstance(refused, ChannelRefused)
    assert refused.reason is Reason.ACCOUNT_OTHER


def test_a_token_that_may_only_read_is_refused(practice: PracticeNetwork, network: PracticeConnector) -> None:
    account = practice.open_account()
    practice.change_account(account.handle, may_write=False)
    refused = network.connect(practice.base_url, account.handle, account.token)
    assert isinstance(refused, ChannelRefused)
    assert refused.reason is Reason.PERMISSION_MISSING


def test_a_token_that_died_later_is_noticed_when_abilities_are_asked(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account = practice.open_account()
    assert isinstance(network.abilities(account), Abilities)
    practice.change_account(account.handle, token_alive=False)
    refused = network.abilities(account)
    assert isinstance(refused, ChannelRefused)
    assert refused.reason is Reason.AUTH_DEAD


def test_an_address_where_nobody_answers_can_be_tried_again(
    network: PracticeConnector, closed_port: int
) -> None:
    address = f"http://127.0.0.1:{closed_port}"
    assert network.connect(address, "", "token") == NotAccepted(Reason.UNREACHABLE, detail="refused")


def test_another_program_at_the_address_is_nonsense_and_no_refusal(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account = practice.open_account()
    elsewhere = network.connect(f"{practice.base_url}/static/practice.css?", account.handle, account.token)
    assert isinstance(elsewhere, NotAccepted)
    assert elsewhere.reason in {Reason.NONSENSE_ANSWER, Reason.MISCONFIGURED}
