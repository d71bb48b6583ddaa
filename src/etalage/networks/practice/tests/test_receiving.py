"""What people do comes in by poll and by push, in the same shape, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from etalage.networks.base import Account, ChannelRefused, CouldNotRead, Page, ReceivedKind
from etalage.networks.practice.connector import FIGURES, PracticeConnector
from etalage.networks.practice.server.push import sign
from etalage.networks.practice.tests.posts import delivery, publish, rendition
from tests.practice_network import PracticeNetwork

SECRET = "a-secret-of-the-shop-0123456789"


@pytest.fixture
def shop(practice: PracticeNetwork) -> Account:
    """An account with nothing on it yet."""
    return practice.open_account()


@pytest.fixture
def post_id(shop: Account, network: PracticeConnector) -> str:
    """A published post."""
    facts = delivery(network)
    return publish(network, shop, rendition(facts), facts).remote_id  # type: ignore[union-attr]


def read(network: PracticeConnector, account: Account, cursor: str = "") -> Page:
    """A page of the stream, which must come."""
    page = network.fetch(account, cursor)
    assert isinstance(page, Page)
    return page


def test_what_people_do_is_read_once_and_in_order(
    practice: PracticeNetwork, network: PracticeConnector, shop: Account, post_id: str
) -> None:
    practice.let_somebody(
        "comment", shop.handle, post_id, author="Lotte", text="Nog in maat 40?", language="nl"
    )
    practice.let_somebody("like", shop.handle, post_id, author="Jules")
    page = read(network, shop)
    assert [item.kind for item in page.items] == [ReceivedKind.COMMENT, ReceivedKind.LIKE]
    comment = page.items[0]
    assert (comment.text, comment.language, comment.on_remote_id) == ("Nog in maat 40?", "nl", post_id)
    assert comment.author_name == "Lotte"
    assert comment.at.tzinfo is not None

    practice.let_somebody("follow", shop.handle, author="Inès")
    (follow,) = read(network, shop, page.cursor).items
    assert follow.kind is ReceivedKind.FOLLOW
    assert read(network, shop, read(network, shop, page.cursor).cursor).items == ()


def test_a_long_stream_comes_in_pages_without_a_gap(
    practice: PracticeNetwork, network: PracticeConnector, shop: Account, post_id: str
) -> None:
    for number in range(103):
        practice.let_somebody("comment", shop.handle, post_id, text=f"{number}")
    first = read(network, shop)
    rest = read(network, shop, first.cursor)
    assert (first.more, rest.more) == (True, False)
    assert [item.text for item in first.items + rest.items] == [str(number) for number in range(103)]


def test_the_shops_own_answers_do_not_come_back_to_it(
    practice: PracticeNetwork, network: PracticeConnector, shop: Account, post_id: str
) -> None:
    asked = practice.let_somebody("comment", shop.handle, post_id, text="Open on Sunday?")
    answer = practice.http.post(
        f"/api/statuses/{post_id}/comments",
        json={"text": "Yes, from ten.", "in_reply_to": asked["id"]},
        headers={"authorization": f"Bearer {shop.token}"},
    )
    assert answer.status_code == 201
    assert [item.text for item in read(network, shop).items] == ["Open on Sunday?"]


def test_nobody_reads_the_stream_of_others(
    practice: PracticeNetwork, network: PracticeConnector, shop: Account, post_id: str
) -> None:
    practice.let_somebody("comment", shop.handle, post_id, text="for the shop")
    assert read(network, practice.open_account()).items == ()
    practice.change_account(shop.handle, token_alive=False)
    assert isinstance(network.fetch(shop, ""), ChannelRefused)


def test_a_cursor_that_is_none_is_told_and_nothing_is_lost(
    practice: PracticeNetwork, network: PracticeConnector, shop: Account
) -> None:
    assert isinstance(network.fetch(shop, "not a cursor"), CouldNotRead)


def test_a_person_likes_a_post_once(practice: PracticeNetwork, shop: Account, post_id: str) -> None:
    practice.let_somebody("like", shop.handle, post_id, author="Jules")
    practice.let_somebody("like", shop.handle, post_id, author="Jules")
    (entry,) = (entry for entry in practice.ledger().publications if entry["id"] == post_id)
    assert entry["likes"] == 1


def test_figures_that_the_network_does_not_give_are_none_and_never_zero(
    practice: PracticeNetwork, network: PracticeConnector, shop: Account, post_id: str
) -> None:
    practice.let_somebody("like", shop.handle, post_id)
    metrics = network.measure(shop, [post_id, "1"])
    assert isinstance(metrics, list)
    values = {(metric.remote_id, metric.name): metric.value for metric in metrics}
    assert values[(post_id, "likes")] == 1
    assert values[(post_id, "comments")] == 0
    assert [values[("1", name)] for name in FIGURES] == [None] * len(FIGURES)


# --- Push -------------------------------------------------------------------------------------------------------


@dataclass
class Mailbox:
    """A shop's door: takes deliveries, answers the statuses it was told to."""

    url: str
    received: queue.Queue[tuple[dict[str, str], bytes]]
    statuses: list[int]

    def take(self) -> tuple[dict[str, str], bytes]:
        """The next delivery; waits for it."""
        return self.received.get(timeout=120)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real HTTP server on a free port."""
    box = Mailbox("", queue.Queue(), [])

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            box.received.put(({name.lower(): value for name, value in self.headers.items()}, raw))
            self.send_response(box.statuses.pop(0) if box.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    box.url = f"http://127.0.0.1:{server.server_port}/hooks/practice/key"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield box
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(practice: PracticeNetwork, account: Account, url: str, secret: str = SECRET) -> httpx.Response:
    """Ask the network for webhooks."""
    headers = {"authorization": f"Bearer {account.token}"}
    return practice.http.put("/api/push", json={"url": url, "secret": secret}, headers=headers)


def test_a_push_is_signed_and_says_the_same_as_the_poll(
    practice: PracticeNetwork, network: PracticeConnector, shop: Account, post_id: str, mailbox: Mailbox
) -> None:
    assert subscribe(practice, shop, mailbox.url).status_code == 200
    practice.let_somebody("comment", shop.handle, post_id, text="بكم السعر؟", language="ar")
    headers, raw = mailbox.take()
    assert network.verify(SECRET, headers, raw)
    assert abs(time.time() - int(network.signed_at(headers))) < 60
    assert tuple(network.parse(raw)) == read(network, shop).items


def test_a_push_that_was_refused_comes_again_and_is_signed_anew(
    practice: PracticeNetwork, network: PracticeConnector, shop: Account, post_id: str, mailbox: Mailbox
) -> None:
    mailbox.statuses += [503, 503]
    subscribe(practice, shop, mailbox.url)
    practice.let_somebody("comment", shop.handle, post_id, text="once")
    tries = [mailbox.take() for _ in range(3)]  # the last one comes more than a second after the first
    assert len({raw for _headers, raw in tries}) == 1
    assert all(network.verify(SECRET, headers, raw) for headers, raw in tries)
    assert len({network.signed_at(headers) for headers, _raw in tries}) > 1


def test_a_repeated_push_carries_the_same_delivery_id(
    practice: PracticeNetwork, shop: Account, post_id: str, mailbox: Mailbox
) -> None:
    practice.order("push_twice", on="push")
    subscribe(practice, shop, mailbox.url)
    practice.let_somebody("comment", shop.handle, post_id, text="twice")
    first, second = mailbox.take(), mailbox.take()
    assert first[0]["x-practice-delivery"] == second[0]["x-practice-delivery"]
    assert first[1] == second[1]


def test_a_push_goes_nowhere_but_to_this_machine(practice: PracticeNetwork, shop: Account) -> None:
    assert subscribe(practice, shop, "http://192.0.2.1/hook").status_code == 422
    assert subscribe(practice, shop, "https://shop.example/hook").status_code == 422


RAW, MOMENT = json.dumps({"items": []}).encode(), "1700000000"
UNDATED = "sha256=" + hmac.new(SECRET.encode(), RAW, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("secret", "changed", "raw"),
    [
        ("", {}, RAW),
        ("", {"x-practice-signature": "sha256=" + "0" * 64}, RAW),
        (SECRET, {"x-practice-signature": ""}, RAW),
        (SECRET, {"x-practice-signature": "sha256=" + "0" * 64}, RAW),
        (SECRET, {"x-practice-signature": "sha256=é"}, RAW),
        (SECRET, {}, RAW + b" "),
        ("another-secret-of-somebody", {}, RAW),
        (SECRET, {"x-practice-moment": "1700000001"}, RAW),
        (SECRET, {"x-practice-moment": ""}, RAW),
        (SECRET, {"x-practice-moment": "", "x-practice-signature": UNDATED}, RAW),
        (SECRET, {"x-practice-moment": "é"}, RAW),
    ],
)
def test_a_forged_push_is_refused(
    secret: str, changed: dict[str, str], raw: bytes, network: PracticeConnector
) -> None:
    genuine = {"x-practice-moment": MOMENT, "x-practice-signature": sign(SECRET, MOMENT, RAW)}
    assert network.verify(SECRET, genuine, RAW)
    assert not network.verify(secret, {**genuine, **changed}, raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"items": 3}',
        b'{"items": [1]}',
        b'{"items": [{"kind": "dance"}]}',
        b"\xff\xfe",
    ],
)
def test_bytes_in_another_language_are_refused_by_the_parser(raw: bytes, network: PracticeConnector) -> None:
    with pytest.raises(ValueError):
        network.parse(raw)
