"""Publishing to the real practice network: once accepted is once on its ledger, whatever the answer was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etalage.kit.clock import elapsed
from etalage.networks.base import (
    Accepted,
    Account,
    ChannelRefused,
    Mechanism,
    NotAccepted,
    Outcome,
    PictureFile,
    Prepared,
    Reason,
    Rejected,
    Rendition,
    Step,
    Unknown,
)
from etalage.networks.practice.connector import PracticeConnector
from etalage.networks.practice.tests.posts import delivery, picture, prepared, publish, rendition
from tests.practice_network import PracticeNetwork

MECHANISMS = list(Mechanism)
NOBODY = Account("practice", "", "no-token")


@pytest.mark.parametrize("face", MECHANISMS)
def test_a_post_with_pictures_goes_out_once_on_every_face(
    face: Mechanism, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=face), delivery(network)
    content = rendition(facts, picture("Brown boots"), picture("حذاء بني"))

    outcome = publish(network, account, content, facts)

    assert isinstance(outcome, Accepted)
    (entry,) = practice.ledger().by_marker(facts.marker)
    assert entry["id"] == outcome.remote_id
    assert entry["text"] == content.text
    assert entry["alts"] == ["Brown boots", "حذاء بني"]
    assert outcome.url == f"{practice.base_url}/posts/{outcome.remote_id}"


def test_every_remote_id_is_handed_over_before_the_next_step(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=Mechanism.TWO_PHASE), delivery(network)
    content = rendition(facts, picture(), picture())
    names = []
    while step := network.next_step(account, content, facts):
        part = network.take_step(account, content, facts, step)
        assert isinstance(part, Prepared)
        names.append(part.part_name)
        facts = replace(facts, parts={**facts.parts, part.part_name: part.remote_id})
    assert names == ["picture-0", "picture-1", "draft"]
    assert practice.ledger().count(facts.marker) == 0  # all of it is invisible


def test_what_was_prepared_before_a_crash_is_not_prepared_again(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    content = rendition(facts, picture(), picture())
    facts = replace(facts, parts={"picture-0": "1"})
    assert network.next_step(account, content, facts) == Step("picture-1")


#: fault → what the connector must say, and how often the network has it then
OUTCOMES = [
    ("lost_before", Unknown(Reason.AMBIGUOUS), 0),
    ("error_before", Unknown(Reason.AMBIGUOUS), 0),
    ("nonsense", Unknown(Reason.NONSENSE_ANSWER), 0),
    ("redirect", Unknown(Reason.NONSENSE_ANSWER), 0),
    ("accepted_cut", Unknown(Reason.AMBIGUOUS), 1),
    ("accepted_500", Unknown(Reason.AMBIGUOUS), 1),
    ("accepted_nonsense", Unknown(Reason.NONSENSE_ANSWER), 1),
    ("accepted_truncated", Unknown(Reason.NONSENSE_ANSWER), 1),
    ("accepted_empty", Unknown(Reason.NONSENSE_ANSWER), 1),
    ("rate_limited", NotAccepted(Reason.RATE_LIMITED, 7.0), 0),
    ("platform_down", NotAccepted(Reason.PLATFORM_DOWN, 7.0), 0),
    ("nothing", Unknown(Reason.AMBIGUOUS), 0),
    ("redirect_loop", Unknown(Reason.NONSENSE_ANSWER), 0),
    ("accepted_nothing", Unknown(Reason.AMBIGUOUS), 1),
    ("accepted_wrong_length", Unknown(Reason.AMBIGUOUS), 1),
    ("accepted_bomb", Unknown(Reason.AMBIGUOUS), 1),
    ("accepted_not_http", Unknown(Reason.AMBIGUOUS), 1),
    ("rate_limited_bare", NotAccepted(Reason.RATE_LIMITED), 0),
    ("platform_down_bare", Unknown(Reason.AMBIGUOUS), 0),
    ("dead_token", ChannelRefused(Reason.AUTH_DEAD), 0),
    ("permission_missing", ChannelRefused(Reason.PERMISSION_MISSING), 0),
]


@pytest.mark.parametrize("face", MECHANISMS)
@pytest.mark.parametrize(("fault", "expected", "times"), OUTCOMES, ids=[fault for fault, _, _ in OUTCOMES])
def test_each_fault_is_told_for_what_it_is(
    face: Mechanism,
    fault: str,
    expected: Outcome,
    times: int,
    practice: PracticeNetwork,
    network: PracticeConnector,
) -> None:
    account, facts = practice.open_account(face=face), delivery(network)
    practice.order(fault, seconds=7)

    outcome = publish(network, account, rendition(facts), facts)

    assert _without_detail(outcome) == expected
    assert practice.ledger().count(facts.marker) == times


def _without_detail(outcome: Outcome) -> Outcome:
    return outcome if isinstance(outcome, Accepted) else replace(outcome, detail="")


def test_an_answer_that_takes_too_long_leaves_doubt_and_not_a_failure(practice: PracticeNetwork) -> None:
    network = PracticeConnector(write_seconds=0.3)
    account, facts = practice.open_account(), delivery(network)
    practice.order("slow", seconds=1.5)
    outcome = publish(network, account, rendition(facts), facts)
    assert outcome == Unknown(Reason.AMBIGUOUS, "read_timeout")
    assert practice.ledger().count(facts.marker) == 1


@pytest.mark.parametrize("face", MECHANISMS)
def test_the_same_answer_twice_is_one_answer(
    face: Mechanism, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=face), delivery(network)
    practice.order("accepted_twice")
    outcome = publish(network, account, rendition(facts), facts)
    (entry,) = practice.ledger().by_marker(facts.marker)
    assert isinstance(outcome, Accepted)
    assert outcome.remote_id == entry["id"]


def test_an_answer_that_drips_ends_at_the_deadline_and_leaves_doubt(practice: PracticeNetwork) -> None:
    network = PracticeConnector(write_seconds=0.5)
    account, facts = practice.open_account(), delivery(network)
    practice.order("accepted_drip", seconds=0.1)
    begun = elapsed()
    outcome = publish(network, account, rendition(facts), facts)
    assert outcome == Unknown(Reason.AMBIGUOUS, "read_timeout")
    assert elapsed() - begun < 5  # whole, it would take half a minute
    assert practice.ledger().count(facts.marker) == 1


def test_of_several_faults_each_request_draws_one(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account = practice.open_account(face=Mechanism.NONE)
    practice.order("any", among=["accepted_cut", "lost_before"], share=0.5, times=None, seed=7)
    outcomes = []
    for _ in range(24):
        facts = delivery(network)
        accepted = isinstance(publish(network, account, rendition(facts), facts), Accepted)
        outcomes.append((accepted, practice.ledger().count(facts.marker)))
    assert set(outcomes) == {(True, 1), (False, 1), (False, 0)}


def test_a_network_that_cannot_be_reached_has_accepted_nothing(
    network: PracticeConnector, closed_port: int
) -> None:
    facts = delivery(network)
    account = replace(NOBODY, base_url=f"http://127.0.0.1:{closed_port}")
    assert network.commit(account, rendition(facts), facts) == NotAccepted(
        Reason.UNREACHABLE, detail="refused"
    )


@pytest.mark.parametrize(
    "address", ["http://192.0.2.1", "https://social.example", "", "http://[", "file:///etc"]
)
def test_an_address_elsewhere_is_never_called(address: str, network: PracticeConnector) -> None:
    facts = delivery(network)
    outcome = network.commit(replace(NOBODY, base_url=address), rendition(facts), facts)
    assert isinstance(outcome, NotAccepted)
    assert outcome.reason is Reason.MISCONFIGURED


def test_the_same_idempotency_key_is_the_same_post(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    first = publish(network, account, rendition(facts), facts)
    second = network.commit(account, rendition(facts), replace(facts, attempt=2))
    assert first == second
    assert practice.ledger().count(facts.marker) == 1
    assert len([entry for entry in practice.ledger().attempts if entry["handle"] == account.handle]) == 2


def test_a_forgotten_idempotency_key_protects_no_longer(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(key_seconds=0), delivery(network)
    publish(network, account, rendition(facts), facts)
    network.commit(account, rendition(facts), replace(facts, attempt=2))
    assert practice.ledger().count(facts.marker) == 2


def test_our_own_key_a_second_time_finds_the_first_post(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=Mechanism.CLIENT_KEY), delivery(network)
    practice.order("accepted_cut")
    assert isinstance(publish(network, account, rendition(facts), facts), Unknown)
    again = network.commit(account, rendition(facts), replace(facts, attempt=2))
    (entry,) = practice.ledger().by_marker(facts.marker)
    assert again == Accepted(entry["id"], entry["url"])


def test_a_draft_published_twice_is_one_post(practice: PracticeNetwork, network: PracticeConnector) -> None:
    account, facts = practice.open_account(face=Mechanism.TWO_PHASE), delivery(network)
    facts = prepared(network, account, rendition(facts), facts)
    practice.order("accepted_500")
    assert isinstance(network.commit(account, rendition(facts), facts), Unknown)
    assert isinstance(network.commit(account, rendition(facts), facts), Accepted)
    assert practice.ledger().count(facts.marker) == 1


@pytest.mark.parametrize("face", [Mechanism.READ_BACK, Mechanism.NONE])
def test_where_the_network_knows_no_key_a_second_attempt_doubles(
    face: Mechanism, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(face=face), delivery(network)
    publish(network, account, rendition(facts), facts)
    network.commit(account, rendition(facts), facts)
    assert practice.ledger().count(facts.marker) == 2


def test_a_text_over_the_limit_is_rejected_with_its_reason(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    outcome = publish(network, account, rendition(facts, text="x" * 480), facts)
    assert outcome == Rejected(Reason.TEXT_INVALID, "At most 500 characters.")
    assert practice.ledger().count(facts.marker) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        PictureFile(b"<svg onload=alert(1)>", "image/jpeg", "", 10, 10),
        PictureFile(b"<!doctype html><p>no picture", "image/png", "", 10, 10),
        PictureFile(b"", "image/jpeg", "", 10, 10),
        picture(width=400, height=20),
    ],
    ids=["svg", "html", "empty", "ribbon"],
)
def test_a_picture_that_is_none_is_rejected_before_anything_is_visible(
    wrong: PictureFile, practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    outcome = network.take_step(account, rendition(facts, wrong), facts, Step("picture-0"))
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.MEDIA_INVALID


def test_an_upload_that_is_cut_can_be_repeated_and_leaves_nothing_visible(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    content = rendition(facts, picture())
    practice.order("accepted_cut", on="media")
    assert isinstance(network.take_step(account, content, facts, Step("picture-0")), Unknown)
    assert isinstance(publish(network, account, content, facts), Accepted)
    assert practice.ledger().count(facts.marker) == 1


def test_an_edit_changes_the_same_post_and_its_descriptions(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    facts = prepared(network, account, rendition(facts, picture("before")), facts)
    outcome = network.commit(account, rendition(facts, picture("before")), facts)
    assert isinstance(outcome, Accepted)

    better = rendition(facts, picture("after"), picture("one more"), text="Sold out, sorry:")
    assert network.edit(account, outcome.remote_id, better, facts) == outcome

    (entry,) = practice.ledger().by_marker(facts.marker)
    assert entry["text"].startswith("Sold out, sorry:")
    assert entry["alts"] == ["after", "one more"]


def test_a_post_is_taken_away_once_and_twice_alike(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(), delivery(network)
    outcome = publish(network, account, rendition(facts), facts)
    assert isinstance(outcome, Accepted)
    assert network.withdraw(account, outcome.remote_id) == Accepted(outcome.remote_id)
    assert network.withdraw(account, outcome.remote_id) == Accepted(outcome.remote_id)
    assert practice.ledger().by_marker(facts.marker)[0]["removed_at"] is not None
    assert practice.http.get(f"/posts/{outcome.remote_id}").status_code == 404
    edit = network.edit(account, outcome.remote_id, Rendition("Back again", "en"), facts)
    assert isinstance(edit, Rejected)
    assert edit.reason is Reason.GONE


def test_nobody_edits_or_takes_away_the_posts_of_others(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, other, facts = practice.open_account(), practice.open_account(), delivery(network)
    outcome = publish(network, account, rendition(facts), facts)
    assert isinstance(outcome, Accepted)
    network.withdraw(other, outcome.remote_id)
    assert isinstance(network.edit(other, outcome.remote_id, Rendition("Mine", "en"), facts), Rejected)
    (entry,) = practice.ledger().by_marker(facts.marker)
    assert entry["removed_at"] is None
    assert "Mine" not in entry["text"]
