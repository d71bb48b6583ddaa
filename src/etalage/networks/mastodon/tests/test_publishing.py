"""Publishing: pictures first, one visible act, and what each answer makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from etalage.networks.base import (
    Absent,
    Accepted,
    CannotTell,
    ChannelRefused,
    Delivery,
    Found,
    Mechanism,
    NotAccepted,
    Prepared,
    Reason,
    Rejected,
    Step,
    Unknown,
)
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.networks.mastodon.tests.conftest import Fake
from etalage.networks.mastodon.tests.posts import delivery, post, prepared

POST = "POST /api/v1/statuses"
MEDIA = "POST /api/v2/media"
OWN = "GET /api/v1/accounts/1/statuses"
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_post_goes_out_with_its_pictures_and_their_words(fake: Fake, network: MastodonConnector) -> None:
    account, rendition = fake.account(), post("Un manteau bleu", "Le même, de dos")
    facts = prepared(network, account, rendition, delivery())
    accepted = network.commit(account, rendition, facts)
    assert accepted == Accepted("1000", "https://fake.example/@lune/1000")
    (status,) = fake.ledger()
    assert [one["description"] for one in status["media_attachments"]] == [
        "Un manteau bleu",
        "Le même, de dos",
    ]
    assert (status["language"], status["visibility"]) == ("fr", "public")


def test_a_picture_that_is_still_worked_on_is_waited_for_and_not_uploaded_again(
    fake: Fake, network: MastodonConnector
) -> None:
    account, rendition, facts = fake.account(), post("Un manteau"), delivery()
    uploaded = network.take_step(account, rendition, facts, Step("picture-0"))
    assert uploaded == Prepared("picture-0-upload", "100")  # 202
    facts.parts["picture-0-upload"] = "100"  # type: ignore[index]
    waits = network.take_step(account, rendition, facts, Step("picture-0"))  # 206
    assert isinstance(waits, NotAccepted)
    assert waits.retry_after == 3.0
    assert network.take_step(account, rendition, facts, Step("picture-0")) == Prepared("picture-0", "100")
    assert len(fake.asked("/api/v2/media")) == 1


def test_a_picture_that_cannot_be_read_is_refused_as_a_picture(
    fake: Fake, network: MastodonConnector
) -> None:
    account, rendition, facts = (
        fake.account(),
        post("Un manteau"),
        delivery(parts={"picture-0-upload": "100"}),
    )
    for status in (422, 404):
        fake.order("GET /api/v1/media/100", status=status)
        refused = network.take_step(account, rendition, facts, Step("picture-0"))
        assert isinstance(refused, Rejected)
        assert refused.reason is Reason.MEDIA_INVALID
    orders: list[dict[str, Any]] = [{"status": 422}, {"status": 413, "body": "<h1>Too large</h1>"}]
    for order in orders:
        fake.order(MEDIA, **order)
        refused = network.take_step(account, rendition, delivery(), Step("picture-0"))
        assert isinstance(refused, Rejected)
        assert refused.reason is Reason.MEDIA_INVALID


def test_after_a_lost_answer_the_same_key_gives_the_same_post(fake: Fake, network: MastodonConnector) -> None:
    fake.order(POST, accepted=True, cut=True)
    first = network.commit(fake.account(), post(), delivery())
    assert isinstance(first, Unknown)
    assert first.reason is Reason.AMBIGUOUS
    assert network.commit(fake.account(), post(), delivery()) == Accepted(
        "1000", "https://fake.example/@lune/1000"
    )
    assert len(fake.ledger()) == 1


def test_without_keys_sending_again_doubles_and_looking_does_not(
    keyless: Fake, network: MastodonConnector
) -> None:
    account = keyless.account(Mechanism.READ_BACK)
    keyless.order(POST, accepted=True, cut=True)
    assert isinstance(network.commit(account, post(), delivery()), Unknown)
    assert isinstance(network.look(account, delivery(), LONG_AGO), Found)
    assert len(keyless.ledger()) == 1
    network.commit(account, post(), delivery())  # the naive way
    assert len(keyless.ledger()) == 2


@pytest.mark.parametrize(
    "fault", [{"cut": True}, {"half": True}, {"status": 500}, {"status": 502, "body": "<h1>"}]
)
def test_what_was_accepted_and_cut_is_unknown_and_then_found(
    fault: dict[str, Any], fake: Fake, network: MastodonConnector
) -> None:
    fake.order(POST, accepted=True, **fault)
    assert isinstance(network.commit(fake.account(), post(), delivery()), Unknown)
    found = network.look(fake.account(), delivery(), LONG_AGO)
    assert found == Found("1000", "https://fake.example/@lune/1000")


def test_what_never_arrived_is_absent(fake: Fake, network: MastodonConnector) -> None:
    fake.order(POST, cut=True)
    assert isinstance(network.commit(fake.account(), post(), delivery()), Unknown)
    assert network.look(fake.account(), delivery(), LONG_AGO) == Absent()


def first_of_twelve(fake: Fake, network: MastodonConnector) -> Delivery:
    """The oldest of as many posts as fill three pages."""
    sent = [delivery(number, f"https://shop.example/l/N{number}") for number in range(12)]
    for one in sent:
        assert isinstance(network.commit(fake.account(), post(marker=one.marker), one), Accepted)
    return sent[0]


def test_a_look_goes_back_page_by_page_and_no_further_than_it_must(
    fake: Fake, network: MastodonConnector
) -> None:
    account, oldest = fake.account(), first_of_twelve(fake, network)
    assert network.look(account, oldest, LONG_AGO) == Found("1000", "https://fake.example/@lune/1000")
    assert len(fake.asked("/api/v1/accounts/1/statuses")) == 3
    # The newest page holds minutes 7 to 11, the next one 2 to 6.
    since = datetime(2026, 11, 21, 10, 5, tzinfo=UTC)
    assert network.look(account, oldest, since) == Absent()
    assert len(fake.asked("/api/v1/accounts/1/statuses")) == 5


@pytest.mark.parametrize("page", [0, 1, 2])
def test_a_page_that_came_as_nonsense_is_asked_for_once_more(
    page: int, fake: Fake, network: MastodonConnector
) -> None:
    oldest = first_of_twelve(fake, network)
    fake.order(OWN, skip=page, status=200, body="<h1>Welcome</h1>")
    assert network.look(fake.account(), oldest, LONG_AGO) == Found("1000", "https://fake.example/@lune/1000")
    places = [asked["path"] for asked in fake.asked("/api/v1/accounts/1/statuses")]
    assert len(places) == 4 and len(set(places)) == 3 and places[page] == places[page + 1]


@pytest.mark.parametrize("shown", [3, 20, 40])
def test_a_list_without_pages_proves_no_absence(shown: int, fake: Fake, network: MastodonConnector) -> None:
    """However short it is: the server may show no more of them at once."""
    row = {"created_at": "2026-11-21T10:00:00Z", "content": "<p>Another</p>"}
    rows = [{**row, "id": str(number)} for number in range(shown)]
    fake.order("GET /api/v1/accounts/1/statuses", times=2, status=200, body=rows)
    assert network.look(fake.account(), delivery(), LONG_AGO) == CannotTell(Reason.AMBIGUOUS, "no pages")


def test_the_beginning_of_an_address_is_not_the_address(fake: Fake, network: MastodonConnector) -> None:
    marker = "https://shop.example/l/ABC"
    network.commit(fake.account(), post(marker=f"{marker}D"), delivery())
    assert network.look(fake.account(), delivery(2, marker), LONG_AGO) == Absent()
    assert isinstance(network.look(fake.account(), delivery(2, ""), LONG_AGO), CannotTell)


def test_a_post_is_found_although_our_public_address_has_changed_since(
    fake: Fake, network: MastodonConnector
) -> None:
    network.commit(fake.account(), post(marker="https://old.example/l/ABCD2345"), delivery())
    found = network.look(fake.account(), delivery(2, "https://new.example/l/ABCD2345"), LONG_AGO)
    assert isinstance(found, Found)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 200, "body": "<h1>Welcome</h1>", "times": 2},
        {"status": 200, "body": '[{"id": "1"}]'},
        {"status": 200, "body": '[{"id": "1", "content": "", "created_at": "yesterday"}]'},
        {"status": 401},
        {"cut": True},
    ],
)
def test_a_look_that_fails_proves_nothing(
    fault: dict[str, Any], fake: Fake, network: MastodonConnector
) -> None:
    fake.order(OWN, **fault)
    assert isinstance(network.look(fake.account(), delivery(), LONG_AGO), CannotTell)


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        ({"status": 422}, Rejected, Reason.TEXT_INVALID),
        ({"status": 401}, ChannelRefused, Reason.AUTH_DEAD),
        ({"status": 403}, ChannelRefused, Reason.NEEDS_HUMAN_AT_NETWORK),
        ({"status": 410, "body": ""}, ChannelRefused, Reason.NEEDS_HUMAN_AT_NETWORK),
        ({"status": 404}, NotAccepted, Reason.MISCONFIGURED),
        ({"status": 400}, Rejected, Reason.UNKNOWN),
        ({"status": 429}, NotAccepted, Reason.RATE_LIMITED),
        ({"status": 503, "headers": {"retry-after": "60"}, "body": ""}, NotAccepted, Reason.PLATFORM_DOWN),
        ({"status": 503}, Unknown, Reason.AMBIGUOUS),
        ({"status": 401, "body": ""}, ChannelRefused, Reason.AUTH_DEAD),
        ({"status": 401, "body": "<h1>Sign in</h1>"}, Unknown, Reason.NONSENSE_ANSWER),
        (
            {"status": 401, "body": "", "headers": {"www-authenticate": 'Basic realm="shop"'}},
            Unknown,
            Reason.NONSENSE_ANSWER,
        ),
        ({"status": 200, "body": "<h1>Welcome</h1>"}, Unknown, Reason.NONSENSE_ANSWER),
        ({"status": 200, "body": "{}"}, Unknown, Reason.NONSENSE_ANSWER),
        ({"status": 200, "body": ""}, Unknown, Reason.NONSENSE_ANSWER),
        ({"status": 302, "headers": {"location": "/"}, "body": ""}, Unknown, Reason.NONSENSE_ANSWER),
    ],
)
def test_each_answer_has_its_class(
    fault: dict[str, Any], kind: type, reason: Reason, fake: Fake, network: MastodonConnector
) -> None:
    fake.order(POST, **fault)
    outcome = network.commit(fake.account(), post(), delivery())
    assert (type(outcome), getattr(outcome, "reason", None)) == (kind, reason)
    assert fake.ledger() == []


def test_a_refusal_for_a_picture_that_is_gone_is_about_the_picture(
    fake: Fake, network: MastodonConnector
) -> None:
    fake.order(POST, status=422, times=2)
    lost = delivery(parts={"picture-0": "999"})
    refused = network.commit(fake.account(), post("Un manteau"), lost)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.MEDIA_INVALID
    kept = prepared(network, fake.account(), post("Un manteau"), delivery(2))
    refused = network.commit(fake.account(), post("Un manteau"), kept)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.TEXT_INVALID


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "42"}, 42.0),
        ({"retry-after": "999999999"}, 86_400.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2031-05-01T12:01:30.000000Z"}, 90.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2031-05-01T11:59:55.000000Z"}, 1.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_the_network_says_how_long_to_wait_and_by_its_own_clock(
    headers: dict[str, str], seconds: float | None, fake: Fake, network: MastodonConnector
) -> None:
    its_time = "Thu, 01 May 2031 12:00:00 GMT"  # years ahead of us
    fake.order(POST, status=429, headers={"date": its_time, **headers})
    limited = network.commit(fake.account(), post(), delivery())
    assert isinstance(limited, NotAccepted)
    assert (limited.reason, limited.retry_after) == (Reason.RATE_LIMITED, seconds)


def test_an_edit_replaces_words_and_alternative_texts(fake: Fake, network: MastodonConnector) -> None:
    account, facts = fake.account(), prepared(network, fake.account(), post("Avant"), delivery())
    network.commit(account, post("Avant"), facts)
    changed = post("Après", text="Derniers jours !")
    assert network.edit(account, "1000", changed, facts) == Accepted(
        "1000", "https://fake.example/@lune/1000"
    )
    (status,) = fake.ledger()
    assert "Derniers jours !" in status["content"]
    assert len(fake.asked("/api/v2/media")) == 1
    gone = network.edit(account, "555", changed, facts)
    assert isinstance(gone, Rejected)
    assert gone.reason is Reason.GONE


def test_what_is_taken_away_is_gone_and_may_be_taken_away_again(
    fake: Fake, network: MastodonConnector
) -> None:
    account = fake.account()
    network.commit(account, post(), delivery())
    assert isinstance(network.withdraw(account, "1000"), Accepted)
    assert fake.gone() == ["1000"]
    assert network.withdraw(account, "1000") == Accepted("1000")


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_that_cannot_change_a_post_says_nothing_of_whether_it_is_there(
    status: int, fake: Fake, network: MastodonConnector
) -> None:
    account = fake.account()
    network.commit(account, post(), delivery())
    for nothing in ("<h1>No</h1>", *([{"error": "Record not found"}] if status == 404 else [])):
        fake.order("PUT /api/v1/statuses/1000", status=status, body=nothing)
        assert network.edit(account, "1000", post(), delivery()) == Rejected(Reason.NO_EDITING, "PUT")
    fake.order("PUT /api/v1/statuses/1000", status=404)
    fake.order("GET /api/v1/statuses/1000", status=503)
    assert isinstance(network.edit(account, "1000", post(), delivery()), Unknown)


def test_a_change_that_uploads_a_picture_waits_for_it(fake: Fake, network: MastodonConnector) -> None:
    account, changed = fake.account(), post("Après")
    network.commit(account, post("Avant"), prepared(network, account, post("Avant"), delivery()))
    assert isinstance(network.edit(account, "1000", changed, delivery()), Accepted)
    assert len(fake.asked("/api/v2/media")) == 2  # one before, one now


def test_a_server_that_cannot_take_away_is_not_believed(fake: Fake, network: MastodonConnector) -> None:
    account = fake.account()
    network.commit(account, post(), delivery())
    for nothing in ("<h1>404 Not Found</h1>", {"error": "Not implemented"}):
        fake.order("DELETE /api/v1/statuses/1000", status=404, body=nothing)
        assert network.withdraw(account, "1000") == Rejected(Reason.NO_WITHDRAWAL, "DELETE")
    fake.order("DELETE /api/v1/statuses/1000", status=405)
    refused = network.withdraw(account, "1000")
    assert isinstance(refused, Rejected) and refused.reason is Reason.UNKNOWN
    fake.order("DELETE /api/v1/statuses/1000", status=405, body="<h1>405 Not Allowed</h1>")
    assert network.withdraw(account, "1000") == Rejected(Reason.NO_WITHDRAWAL, "DELETE")


@pytest.mark.parametrize(
    "nothing", ["<h1>404 Not Found</h1>", {"error": "Record not found"}], ids=["page", "json"]
)
@pytest.mark.parametrize(
    ("seen", "kind", "reason"),
    [
        ({"status": 404, "body": "<h1>404 Not Found</h1>"}, Unknown, Reason.AMBIGUOUS),
        ({"status": 429}, Unknown, Reason.AMBIGUOUS),
        ({"status": 503}, Unknown, Reason.AMBIGUOUS),
        ({"status": 401}, ChannelRefused, Reason.AUTH_DEAD),
        ({"status": 404, "body": {"error": "Record not found"}}, Accepted, None),
    ],
    ids=lambda one: str(one.get("status")) if isinstance(one, dict) else "",
)
def test_not_found_is_no_proof_where_nobody_can_look(
    seen: dict[str, Any],
    kind: type,
    reason: Reason | None,
    nothing: Any,
    fake: Fake,
    network: MastodonConnector,
) -> None:
    """A post that stands there would be told as withdrawn."""
    account = fake.account()
    network.commit(account, post(), delivery())
    fake.order("DELETE /api/v1/statuses/1000", status=404, body=nothing)
    fake.order("GET /api/v1/statuses/1000", **seen)
    outcome = network.withdraw(account, "1000")
    assert isinstance(outcome, kind) and getattr(outcome, "reason", None) is reason


def test_an_answer_that_no_database_takes_is_what_it_says_all_the_same(
    fake: Fake, network: MastodonConnector
) -> None:
    fake.order("POST /api/v1/statuses", status=422, body='{"error": "bad \\ud800\\u0000"}')
    assert network.commit(fake.account(), post(), delivery()) == Rejected(Reason.TEXT_INVALID, "bad ?")
    fake.order("POST /api/v1/statuses", status=200, body={"id": "7", "url": "https://a.example/\ud800"})
    assert network.commit(fake.account(), post(), delivery()) == Accepted("7", "https://a.example/?")
    fake.order("POST /api/v1/statuses", status=200, body={"id": "7" * 201, "url": "https://a.example/"})
    outcome = network.commit(fake.account(), post(), delivery())
    assert isinstance(outcome, Unknown) and outcome.reason is Reason.NONSENSE_ANSWER
