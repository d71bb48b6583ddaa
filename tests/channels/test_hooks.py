"""What a network tells us by itself: let in only when signed with this channel's own secret, and taken in once."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pytest_django import Settings

from etalage.channels import actions, hooks
from etalage.channels.actions import listening
from etalage.channels.actions.access import asked
from etalage.channels.items import key_of
from etalage.channels.models import Channel, Incoming, Listening
from etalage.channels.queries import hook_address
from etalage.edge.journal import Journal
from etalage.edge.signatures import WINDOW_S
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Subscriber
from tests.channels.conftest import NewChannel
from tests.channels.delivering import SECRET, raw_of, running_shop, signed, with_secret
from tests.channels.guild import Guild, guild_signature, item
from tests.edge.world import until
from tests.practice_network import PracticeNetwork

pytestmark = pytest.mark.django_db(transaction=True)
SEED = random.SystemRandom().randrange(2**32)
ROUNDS = 400
SLACK_S = 30  # what a busy machine may take for one request


@pytest.fixture
def shop(folder: Path, settings: Settings) -> Iterator[str]:
    """The shop's edge, running; its address."""
    with running_shop(settings) as address:
        yield address


def test_the_practice_network_tells_us_at_once_and_once(
    new_channel: NewChannel, practice: PracticeNetwork, shop: str, journal: Journal
) -> None:
    channel = new_channel()
    actions.subscribe_channel(channel.pk)
    practice.order("accepted_cut", on="push")  # what it tells first, it tells twice
    for text in ("Is it wool?", "And in green?"):
        practice.let_somebody("mention", channel.handle, text=text, author="noor")
    until(lambda: len(journal.pending()) == 2)
    assert actions.drain_incoming() == 2
    assert [row.text for row in Incoming.objects.order_by("at")] == ["Is it wool?", "And in green?"]
    listening = Listening.objects.get(channel=channel)
    assert listening.push_since and listening.pushed_at and not listening.secret_before
    assert actions.read_channel(channel.pk) == 2  # asking finds the same things, which are known
    actions.drain_incoming()
    assert Incoming.objects.count() == 2


def test_an_agreement_that_came_after_a_newer_one_is_made_anew(
    new_channel: NewChannel, practice: PracticeNetwork, shop: str, journal: Journal
) -> None:
    """A worker stood still before it asked the network, while another agreed a newer secret there."""
    channel = new_channel()
    run_until_idle()
    address, old = hook_address(channel), listening._new_secret(channel)
    actions.subscribe_channel(channel.pk)
    connector = registry.get("practice")
    assert isinstance(connector, Subscriber)
    assert asked(channel, lambda account: connector.subscribe(account, address, old)) is None
    listening._agree(channel, old, address)
    run_until_idle()
    practice.let_somebody("mention", channel.handle, text="Hello", author="noor")
    until(lambda: len(journal.pending()) == 1)


def test_a_refusal_that_came_after_a_newer_agreement_changes_nothing(
    new_channel: NewChannel, practice: PracticeNetwork, shop: str
) -> None:
    """Else the channel would be asked every half minute, although its network tells us."""
    channel = new_channel()
    run_until_idle()
    old = listening._new_secret(channel)
    actions.subscribe_channel(channel.pk)
    listening._not_told(channel, old)
    assert Listening.objects.get().push_since is not None
    listening._not_told(channel, str(Listening.objects.get().secret))
    assert Listening.objects.get().push_since is None


def test_a_new_secret_counts_at_once_and_the_old_one_no_more(
    new_channel: NewChannel, practice: PracticeNetwork, shop: str, journal: Journal
) -> None:
    channel = new_channel()
    actions.subscribe_channel(channel.pk)
    old = str(Listening.objects.get().secret)
    practice.order("platform_down", on="read")
    actions.subscribe_channel(channel.pk)
    assert str(Listening.objects.get().secret) != old
    practice.let_somebody("mention", channel.handle, text="Hello", author="noor")
    until(lambda: len(journal.pending()) == 1)
    raw, address = raw_of(1), f"{shop}/hooks/practice/{key_of(channel)}"
    assert httpx.post(address, content=raw, headers=signed(old, raw)).status_code == 403


Pretence = Callable[[int, bytes], tuple[str, bytes, dict[str, str]]]
NOT_OF_NOW = ("late", "ahead")


def refusals(channel: Channel, unset: Channel, chance: random.Random) -> dict[str, Pretence]:
    """Ways to pretend: each makes a path, the bytes and the headers out of a genuine delivery's bytes."""
    here, nowhere = f"/hooks/practice/{key_of(channel)}", f"/hooks/practice/{key_of(unset)}"

    def far(number: int) -> int:
        """Seconds: just outside of the window, and up to ten years."""
        return int((WINDOW_S + 1) * 10 ** (6 * number / ROUNDS))

    def forged(number: int, raw: bytes) -> tuple[str, bytes, dict[str, str]]:
        headers = signed(SECRET, raw, -far(number) * (number % 2))
        right = headers["x-practice-signature"]
        place = chance.randrange(7, len(right))
        other = "0" if right[place] != "0" else "1"
        return here, raw, {**headers, "x-practice-signature": right[:place] + other + right[place + 1 :]}

    def truncated(number: int, raw: bytes) -> tuple[str, bytes, dict[str, str]]:
        return here, raw[: chance.randrange(1, len(raw))], signed(SECRET, raw)

    def wrong_secret(number: int, raw: bytes) -> tuple[str, bytes, dict[str, str]]:
        return here, raw, signed(["", " ", SECRET[:-1], SECRET.upper(), f"guess {number}"][number % 5], raw)

    def unset_secret(number: int, raw: bytes) -> tuple[str, bytes, dict[str, str]]:
        return nowhere, raw, signed(["", " ", SECRET][number % 3], raw)

    def late(number: int, raw: bytes) -> tuple[str, bytes, dict[str, str]]:
        return here, raw, signed(SECRET, raw, -far(number))

    def ahead(number: int, raw: bytes) -> tuple[str, bytes, dict[str, str]]:
        return here, raw, signed(SECRET, raw, far(number) + SLACK_S)

    def altered_moment(number: int, raw: bytes) -> tuple[str, bytes, dict[str, str]]:
        """Caught long ago and given the moment of now, or none; or the other way round."""
        then, now = signed(SECRET, raw, -far(number)), signed(SECRET, raw)
        said = [now["x-practice-moment"], "", "NaN", "-1", "9" * 40][number % 5]
        if number % 10 == 0:
            then, said = now, then["x-practice-moment"]
        return here, raw, {**then, "x-practice-moment": said}

    return {
        "forged": forged,
        "truncated": truncated,
        "wrong secret": wrong_secret,
        "unset secret": unset_secret,
        "late": late,
        "ahead": ahead,
        "altered moment": altered_moment,
    }


@pytest.mark.parametrize(
    "kind", ["forged", "truncated", "wrong secret", "unset secret", *NOT_OF_NOW, "altered moment"]
)
def test_whoever_pretends_is_refused_every_time(
    new_channel: NewChannel, shop: str, journal: Journal, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    channel, unset = with_secret(new_channel()), with_secret(new_channel(), "")
    make = refusals(channel, unset, random.Random(SEED))[kind]
    with httpx.Client(base_url=shop) as client:
        for number in range(ROUNDS):
            path, raw, said = make(number, raw_of(number))
            answer = client.post(path, content=raw, headers=said)
            assert answer.status_code in {401, 403}, f"{kind} {number}, seed {SEED}"
            is_told_late = answer.text.startswith("signed too long ago")
            assert is_told_late is (kind in NOT_OF_NOW), "who has no secret hears nothing of our clock"
        assert journal.pending() == []
        raw = raw_of(0)  # and the channel still hears what is genuine
        path = f"/hooks/practice/{key_of(channel)}"
        assert client.post(path, content=raw, headers=signed(SECRET, raw)).status_code == 200
    assert len(journal.pending(1000)) == 1
    assert caplog.text.count("Is this machine's clock right?") == (kind in NOT_OF_NOW), "once a minute"


@pytest.mark.parametrize("away", [SLACK_S - WINDOW_S, WINDOW_S])
def test_what_is_signed_within_five_minutes_of_now_is_taken_in(
    new_channel: NewChannel, shop: str, journal: Journal, away: int
) -> None:
    path, raw = f"{shop}/hooks/practice/{key_of(with_secret(new_channel()))}", raw_of(1)
    assert httpx.post(path, content=raw, headers=signed(SECRET, raw, away)).status_code == 200
    assert len(journal.pending()) == 1


def test_what_was_caught_on_the_way_and_sent_again_is_taken_in_once(
    new_channel: NewChannel, shop: str, journal: Journal
) -> None:
    """One, then 400 replays under other ids, early and late, to the same channel and to another: one row, for ever."""
    channel, other = with_secret(new_channel()), with_secret(new_channel(), "another secret of this channel")
    raw, count = raw_of(1), 0
    headers = signed(SECRET, raw)
    with httpx.Client(base_url=shop) as client:
        for number in range(1 + ROUNDS):
            where = other if number % 2 else channel
            said = {**headers, "x-practice-delivery": f"act-{number}"}
            count += (
                client.post(f"/hooks/practice/{key_of(where)}", content=raw, headers=said).status_code == 200
            )
            if number == ROUNDS // 2:  # taken in, and long after that its bytes are forgotten
                actions.drain_incoming()
                journal.prune(clock.to_micros(clock.now() + timedelta(days=1)))
    assert count == 1 + ROUNDS // 2  # the sender hears yes, and nothing more happens
    assert journal.pending() == [] and Incoming.objects.count() == 1


def test_what_is_signed_for_another_time_is_refused(
    join: Callable[[], Channel], guild: Guild, shop: str, journal: Journal
) -> None:
    """Late and early by more than five minutes, and a moment that was changed behind the signature."""
    channel, chance = with_secret(join()), random.Random(SEED)
    path, now = f"/hooks/guild/{key_of(channel)}", int(time.time())
    with httpx.Client(base_url=shop) as client:
        for number in range(ROUNDS):
            raw = json.dumps({"items": [item(number)]}).encode()
            away = chance.choice([-1, 1]) * chance.randint(310, 10**6)
            signed = guild_signature(SECRET, now + away, raw)
            said = now if number % 2 else now + away
            sent = {"x-guild-at": str(said), "x-guild-signature": signed}
            assert client.post(path, content=raw, headers=sent).status_code == 403, f"{number}, seed {SEED}"
        assert journal.pending() == []
        sent = {"x-guild-at": str(now), "x-guild-signature": guild_signature(SECRET, now, raw)}
        assert client.post(path, content=raw, headers=sent).status_code == 200


def test_nobody_delivers_to_a_channel_that_was_given_up_or_never_was(
    new_channel: NewChannel, shop: str, journal: Journal, world: object
) -> None:
    channel = with_secret(new_channel())
    raw = raw_of(1)
    sent = signed(SECRET, raw)
    actions.disconnect_channel(channel.pk, actor=world.owner)  # type: ignore[attr-defined]
    for key in (key_of(channel), "0" * 32, "practice"):
        assert httpx.post(f"{shop}/hooks/practice/{key}", content=raw, headers=sent).status_code == 404
    assert httpx.post(f"{shop}/hooks/guild/{key_of(channel)}", content=raw, headers=sent).status_code == 404
    assert journal.pending() == []


def test_a_crowd_of_strangers_does_not_ask_the_database_for_each(
    new_channel: NewChannel, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, real = [], hooks.read_hooks

    def counted() -> hooks.Memory:
        reads.append(1)
        return real()

    monkeypatch.setattr(hooks, "read_hooks", counted)
    began = time.monotonic()
    with httpx.Client(base_url=shop) as client:
        for number in range(200):
            assert client.post(f"/hooks/practice/{number:032x}", content=b"x").status_code == 404
    assert len(reads) <= 2 + (time.monotonic() - began) / hooks.ABSENT_S


def test_a_genuine_delivery_with_a_secret_of_just_now_is_not_taken_for_a_forged_one(
    new_channel: NewChannel, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory is fresh, for an hour here, and holds the old secret: whoever is refused by it gets a second look."""
    monkeypatch.setattr(hooks, "FRESH_S", 3600.0)
    channel = with_secret(new_channel(), "the secret of before")
    address, raw = f"{shop}/hooks/practice/{key_of(channel)}", raw_of(1)

    def told(secret: str) -> int:
        return httpx.post(address, content=raw, headers=signed(secret, raw)).status_code

    assert told("the secret of before") == 200
    with_secret(channel)
    began = time.monotonic()
    until(lambda: told(SECRET) == 200)
    assert time.monotonic() - began < 60  # and not when the memory ends
    assert told("the secret of before") == 403
    with_secret(channel, "")
    until(lambda: told("a guess") == told(SECRET) == 403)
    with_secret(channel)
    until(lambda: told(SECRET) == 200)  # nor is a channel deaf whose first secret is of just now


def test_a_crowd_of_forgers_does_not_ask_the_database_for_each(
    new_channel: NewChannel, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, real = [], hooks.read_hooks

    def counted() -> hooks.Memory:
        reads.append(1)
        return real()

    def away() -> hooks.Memory:
        reads.append(1)
        raise OSError("the database is away")

    path = f"/hooks/practice/{key_of(with_secret(new_channel()))}"
    said = signed("a guess", raw_of(1))
    with httpx.Client(base_url=shop) as client:
        for reading, heard in ((counted, {403}), (away, {403, 503})):
            monkeypatch.setattr(hooks, "read_hooks", reading)
            reads.clear()
            began, asked = time.monotonic(), 0
            while asked < 200 or not reads:
                asked += 1
                assert client.post(path, content=raw_of(1), headers=said).status_code in heard
            assert 1 <= len(reads) <= 2 + (time.monotonic() - began) / hooks.ABSENT_S
