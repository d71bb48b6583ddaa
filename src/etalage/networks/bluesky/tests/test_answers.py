"""What each answer means: no unknown is shown as a failure, and no failure is sent again."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import pytest

from etalage.kit import clock
from etalage.networks import inside
from etalage.networks.base import (
    Abilities,
    Absent,
    Accepted,
    Account,
    CannotTell,
    ChannelRefused,
    CouldNotRead,
    Found,
    NotAccepted,
    Prepared,
    Reason,
    Rejected,
    Rendition,
    Unknown,
)
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.tests.posts import delivery, picture, rendition
from etalage.networks.bluesky.tests.program import Program, Told

HTML = Told(raw=b"<!doctype html><title>Sign in to the hotel's network</title>")
NONSENSE = {
    "html": HTML,
    "html_refusal": Told(status=403, raw=b"<html>Forbidden</html>"),
    "html_missing": Told(status=404, raw=b"<html>Not found</html>"),
    "truncated_json": Told(raw=b'{"uri": "at://did:plc:lu'),
    "truncated_error": Told(status=400, raw=b'{"error": "InvalidSw'),
    "nothing": Told(raw=b""),
    "a_list": Told([]),
    "another_record": Told({"uri": "at://did:plc:other/app.bsky.feed.post/x", "cid": "x"}),
    "a_number_as_error": Told({"error": 17}, 400),
    "redirect": Told(status=302, headers={"location": "/xrpc/com.atproto.repo.putRecord"}, raw=b""),
    "shorter_than_said": Told(raw=b"{}", length=200),
    "hang_up": Told(hang_up=True),
    "out_of_order": Told({"error": "InternalServerError"}, 500),
    "upstream_failed": Told({"error": "UpstreamFailure"}, 502),
    "upstream_slow": Told({"error": "UpstreamTimeout"}, 504),
    "overloaded": Told({"error": "NotEnoughResources"}, 503, {"retry-after": "5"}),
}


@pytest.mark.parametrize("told_as", NONSENSE)
def test_an_answer_that_decides_nothing_leaves_a_doubt_and_is_asked_once(
    told_as: str, program: Program, network: BlueskyConnector, told: Account
) -> None:
    facts = delivery(network)
    program.tell("putRecord", NONSENSE[told_as])
    outcome = network.commit(told, rendition(facts), facts)
    assert isinstance(outcome, Unknown), outcome
    assert program.count("putRecord") == 1


@pytest.mark.parametrize("told_as", [name for name in NONSENSE if name != "another_record"])
def test_a_read_without_an_answer_is_never_an_empty_one(
    told_as: str, program: Program, network: BlueskyConnector, told: Account
) -> None:
    for name in ("listNotifications", "getPosts", "getSession", "getRecord"):
        program.tell(name, NONSENSE[told_as])
    for answer in (network.fetch(told, ""), network.measure(told, ["at://a"]), network.abilities(told)):
        assert isinstance(answer, CouldNotRead), answer
    facts = delivery(network)
    assert isinstance(network.look(told, facts, clock.now()), CannotTell)


REFUSALS = [
    (400, "InvalidToken", ChannelRefused(Reason.AUTH_DEAD, "InvalidToken")),
    (400, "ExpiredToken", ChannelRefused(Reason.AUTH_DEAD, "ExpiredToken")),
    (401, "ExpiredToken", ChannelRefused(Reason.AUTH_DEAD, "ExpiredToken")),
    (401, "AuthMissing", ChannelRefused(Reason.AUTH_DEAD, "AuthMissing")),
    (401, "SomethingNew", ChannelRefused(Reason.AUTH_DEAD, "SomethingNew")),
    (400, "AccountTakedown", ChannelRefused(Reason.NEEDS_HUMAN_AT_NETWORK, "AccountTakedown")),
    (401, "AccountTakedown", ChannelRefused(Reason.NEEDS_HUMAN_AT_NETWORK, "AccountTakedown")),
    (403, "AccountDeactivated", ChannelRefused(Reason.NEEDS_HUMAN_AT_NETWORK, "AccountDeactivated")),
    (403, "InsufficientScope", ChannelRefused(Reason.PERMISSION_MISSING, "InsufficientScope")),
    (400, "InvalidMimeType", Rejected(Reason.MEDIA_INVALID, "Words that nobody decides by")),
    (400, "BlobTooLarge", Rejected(Reason.MEDIA_INVALID, "Words that nobody decides by")),
    (413, "PayloadTooLarge", Rejected(Reason.MEDIA_INVALID, "Words that nobody decides by")),
    (400, "SomethingNew", Rejected(Reason.UNKNOWN, "Words that nobody decides by")),
    (400, "InvalidRequest", Rejected(Reason.UNKNOWN, "Words that nobody decides by")),
]


@pytest.mark.parametrize(("status", "error", "meaning"), REFUSALS, ids=lambda value: str(value)[:20])
def test_a_refusal_is_read_off_its_status_and_its_name(
    status: int, error: str, meaning: object, program: Program, network: BlueskyConnector, told: Account
) -> None:
    facts = delivery(network)
    program.fail("putRecord", status, error)
    assert network.commit(told, rendition(facts), facts) == meaning
    program.fail("listNotifications", status, error)
    read = network.fetch(told, "")
    if isinstance(meaning, ChannelRefused):
        assert read == meaning
    else:
        assert (
            isinstance(read, CouldNotRead) and isinstance(meaning, Rejected) and read.reason is meaning.reason
        )


def test_words_that_name_another_error_change_nothing(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    facts = delivery(network)
    program.tell(
        "putRecord", Told({"error": "InvalidRequest", "message": "ExpiredToken InvalidSwap 429"}, 400)
    )
    outcome = network.commit(told, rendition(facts), facts)
    assert outcome == Rejected(Reason.UNKNOWN, "ExpiredToken InvalidSwap 429")


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"ratelimit-reset": "in 90 s"}, 80.0, 90.0),
        ({"ratelimit-reset": "1"}, 1.0, 1.0),
        ({"retry-after": "12"}, 12.0, 12.0),
        ({"ratelimit-reset": "99999999999"}, 86_400.0, 86_400.0),
        ({"ratelimit-reset": "soon", "retry-after": "-1"}, None, None),
        ({}, None, None),
    ],
)
def test_a_rate_limit_is_not_accepted_and_says_how_long_to_wait(
    headers: dict[str, str], least: float | None, most: float | None,
    program: Program, network: BlueskyConnector, told: Account,
) -> None:  # fmt: skip
    facts = delivery(network)
    reset = {
        name: str(int(time.time()) + 90) if value == "in 90 s" else value for name, value in headers.items()
    }
    for name in ("putRecord", "getPosts", "uploadBlob", "resolveHandle", "refreshSession"):
        program.fail(name, 429, "RateLimitExceeded", **reset)
    answers = [
        network.commit(told, rendition(facts), facts),
        network.measure(told, ["at://a"]),
        network.take_step(told, content := rendition(facts, picture()), facts, step(network, told, content)),
        network.connect(program.address, "lune.test", "word"),
        network.renew(told, "refresh"),
    ]
    for answer in answers:
        assert isinstance(answer, NotAccepted | CouldNotRead), answer
        assert answer.reason is Reason.RATE_LIMITED
        if least is None or most is None:
            assert answer.retry_after is None
        else:
            assert answer.retry_after is not None and least <= answer.retry_after <= most


def step(network: BlueskyConnector, account: Account, content: Rendition):  # type: ignore[no-untyped-def]
    found = network.next_step(account, content, delivery(network))
    assert found is not None
    return found


def test_a_network_that_is_too_slow_leaves_a_doubt(program: Program, told: Account) -> None:
    network = BlueskyConnector(read_seconds=0.2, write_seconds=0.2)
    facts = delivery(network)
    for name in ("putRecord", "getRecord"):
        program.tell(name, Told({}, wait=1.0))
    assert network.commit(told, rendition(facts), facts) == Unknown(Reason.AMBIGUOUS, "read_timeout")
    assert network.look(told, facts, clock.now()) == CannotTell(Reason.UNREACHABLE, "read_timeout")


def test_a_server_that_cannot_be_reached_has_accepted_nothing(
    network: BlueskyConnector, told: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = delivery(network)
    with socket.socket() as held:  # held without listening, so that nobody else takes the port
        held.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{held.getsockname()[1]}"
        monkeypatch.setattr(inside, "_origins", {nowhere})
        account = replace(told, base_url=nowhere)
        refused = NotAccepted(Reason.UNREACHABLE, detail="refused")
        assert network.commit(account, rendition(facts), facts) == refused
        assert network.connect(nowhere, "lune.test", "x") == refused
        assert network.renew(account, "refresh") == CouldNotRead(Reason.UNREACHABLE, detail="refused")


def test_a_taken_key_is_looked_at_before_anything_is_said(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    facts = delivery(network)
    uri = f"at://did:plc:lune/app.bsky.feed.post/{facts.client_key}"
    program.fail("putRecord", 400, "InvalidSwap")
    program.tell("getRepoStatus", Told({"did": "did:plc:lune", "active": True}))
    stands = Told({"uri": uri, "cid": "c", "value": {"text": f"New: {facts.marker}"}})
    cases: list[tuple[Told, type, type]] = [
        (stands, Accepted, Found),
        (Told({"uri": uri, "cid": "c", "value": {"text": "Another post"}}), Rejected, Absent),
        (Told({"error": "RecordNotFound"}, 400), Unknown, Absent),
        (HTML, Unknown, CannotTell),
        (Told({"uri": "at://elsewhere", "value": {}}), Unknown, CannotTell),
        (Told({"error": "InternalServerError"}, 500), Unknown, CannotTell),
    ]
    for answer, outcome, look in cases:
        program.tell("getRecord", answer)
        assert isinstance(network.commit(told, rendition(facts), facts), outcome), answer
        assert isinstance(network.look(told, facts, clock.now()), look), answer
    assert isinstance(network.look(told, replace(facts, client_key=""), clock.now()), CannotTell)


@pytest.mark.parametrize(
    "status", [Told({"active": False, "status": "takendown"}), Told({}), *NONSENSE.values()]
)
def test_a_record_that_is_not_shown_is_absent_only_from_an_account_in_good_order(
    status: Told, program: Program, network: BlueskyConnector, told: Account
) -> None:
    program.fail("getRecord", 400, "RecordNotFound")
    program.tell("getRepoStatus", status)
    assert isinstance(network.look(told, delivery(network), clock.now()), CannotTell)


def test_a_record_that_moved_to_another_host_name_of_ours_is_still_ours(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    facts = delivery(network)
    uri = f"at://did:plc:lune/app.bsky.feed.post/{facts.client_key}"
    program.tell("getRecord", Told({"uri": uri, "value": {"text": f"New: {facts.marker}"}}))
    moved = replace(facts, marker=facts.marker.replace("lune.example", "shop.lune.example"))
    assert isinstance(network.look(told, moved, clock.now()), Found)


@pytest.mark.parametrize("blob", [None, "x", {}, {"ref": "x"}, {"ref": {}, "mimeType": "x" * 300}])
def test_an_upload_without_a_reference_is_asked_for_again(
    blob: object, program: Program, network: BlueskyConnector, told: Account
) -> None:
    facts = delivery(network)
    content = rendition(facts, picture())
    program.tell("uploadBlob", Told({"blob": blob}))
    answer = network.take_step(told, content, facts, step(network, told, content))
    assert answer == Unknown(Reason.NONSENSE_ANSWER, "blob")


def test_a_mention_is_plain_words_only_when_the_network_says_that_it_means_nobody(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    facts = delivery(network)
    content = rendition(facts, text="@mia.example")
    mention = step(network, told, content)
    cases = [
        (Told({"did": "did:plc:mia"}), Prepared("mention-0", "did:plc:mia")),
        (Told({"error": "HandleNotFound"}, 400), Prepared("mention-0", "-")),
        (Told({"error": "InvalidRequest"}, 400), Prepared("mention-0", "-")),
        (Told({"did": 7}), Prepared("mention-0", "-")),
        (Told({"error": "Oops"}, 500), NotAccepted(Reason.PLATFORM_DOWN, None, "HTTP 500 Oops")),
        (HTML, NotAccepted(Reason.NONSENSE_ANSWER, None, "HTTP 200")),
    ]  # fmt: skip
    for answer, expected in cases:
        program.tell("resolveHandle", answer)
        assert network.take_step(told, content, facts, mention) == expected
    assert all(asked.token == "" for asked in program.asked)  # a public question carries no secret


def test_what_the_server_takes_is_asked_of_it(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    program.tell("getSession", Told({"did": "did:plc:lune", "active": True}))
    for limit, expected in ((500_000, 500_000), (50_000_000, 2_000_000), (None, 2_000_000), ("x", 2_000_000)):
        program.tell("describeServer", Told({"blobUploadLimit": limit}))
        abilities = network.abilities(told)
        assert isinstance(abilities, Abilities) and abilities.picture_max_bytes == expected


def test_a_post_of_somebody_else_is_never_taken_away(
    program: Program, network: BlueskyConnector, told: Account
) -> None:
    for foreign in (
        "at://did:plc:other/app.bsky.feed.post/k",
        "at://did:plc:lune/app.bsky.graph.follow/k",
        "",
        "k",
    ):
        assert isinstance(network.withdraw(told, foreign), Rejected)
    assert program.asked == []
