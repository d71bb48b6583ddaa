"""Simulated people: lively, seeded, at home only on the network and in the shop on this machine."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from etalage.kit.clock import elapsed
from etalage.networks.practice.server.browsing import Visitor, fill, is_of_shop, read_page
from etalage.networks.practice.server.people_texts import (
    BROWSERS,
    NAMES,
    PRAISE,
    PREVIEWERS,
    QUESTIONS,
    THANKS,
)
from etalage.networks.practice.tests.shop_window import PRODUCT, Seen, ShopWindow, open_shop
from tests.practice_network import PracticeNetwork, running_network

BUSY = 6000.0  # acts per minute


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopWindow]:
    """The shop that people may visit."""
    with open_shop() as window:
        yield window


@pytest.fixture(scope="module")
def town(shop: ShopWindow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeNetwork]:
    """A network full of busy people, with one post that leads to the shop."""
    with running_network(tmp_path_factory.mktemp("town"), shop=shop.address, pace=BUSY, seed=3) as network:
        account = network.open_account("maison_lune")
        post = {"text": f"New boots: {shop.address}/l/boots", "language": "fr"}
        headers = {"authorization": f"Bearer {account.token}"}
        network.http.post("/api/statuses", json=post, headers=headers).raise_for_status()
        yield network


def seen_until(shop: ShopWindow, wanted: Callable[[Seen], bool]) -> Seen:
    """The shop's next request that is wanted; it must come within a minute."""
    deadline = elapsed() + 60
    while elapsed() < deadline:
        request = shop.seen.get(timeout=60)
        if wanted(request):
            return request
    raise AssertionError("nobody came")


def test_programs_fetch_the_link_of_a_new_post_for_their_previews(
    town: PracticeNetwork, shop: ShopWindow
) -> None:
    request = seen_until(shop, lambda request: request.agent in PREVIEWERS)
    assert request.method == "GET"


def test_people_click_with_browsers_of_people(town: PracticeNetwork, shop: ShopWindow) -> None:
    request = seen_until(shop, lambda request: request.path == "/l/boots" and request.agent in BROWSERS)
    assert request.method == "GET"


def test_people_who_agreed_are_known_when_they_come_back(town: PracticeNetwork, shop: ShopWindow) -> None:
    agreed = seen_until(shop, lambda request: request.path == "/en/shop/consent/")
    assert agreed.form["answer"] == ["yes"]
    assert agreed.form["csrfmiddlewaretoken"] == ["t0ken"]
    seen_until(shop, lambda request: request.path == "/l/boots" and "visitor=known" in request.cookie)


def test_people_reserve_through_the_shops_own_form(town: PracticeNetwork, shop: ShopWindow) -> None:
    sent = seen_until(shop, lambda request: request.path == "/en/shop/p/boots/reserve/").form
    assert sent["variant"] == ["boots-38"]
    assert sent["store"] == ["ghent"]
    assert sent["quantity"] == ["1"]
    assert sent["csrfmiddlewaretoken"] == ["t0ken"]
    assert sent["email"][0].endswith("@people.example")
    assert sent["name"][0] in {name for names in NAMES.values() for name, _ in names}


def test_the_network_counts_what_people_did(town: PracticeNetwork) -> None:
    deadline = elapsed() + 60
    wanted = ("views", "likes", "comments", "shares", "clicks", "previews", "reservations")
    while not all((entry := town.ledger().publications[0])[figure] for figure in wanted):
        assert elapsed() < deadline, entry
    assert entry["previews"] == 2
    assert entry["views"] >= entry["clicks"] >= entry["reservations"]


def test_people_rest_when_they_are_told_to(town: PracticeNetwork) -> None:
    town.http.post("/script/people", json={"pace": 0}).raise_for_status()
    assert town.http.get("/health").json()["pace"] == 0
    for pace in (-1, 6001, "fast", True, None):
        assert town.http.post("/script/people", json={"pace": pace}).status_code == 422


def test_nobody_follows_a_link_out_of_the_shop(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere, open_shop() as shop:
        elsewhere.settimeout(0)
        away = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/l/boots"
        with running_network(tmp_path, shop=shop.address, pace=BUSY) as network:
            account = network.open_account()
            headers = {"authorization": f"Bearer {account.token}"}
            network.http.post(
                "/api/statuses", json={"text": f"Look: {away}"}, headers=headers
            ).raise_for_status()
            deadline = elapsed() + 60
            while network.ledger().publications[0]["views"] < 200:
                assert elapsed() < deadline
            with pytest.raises(BlockingIOError):
                elsewhere.accept()
            assert network.ledger().publications[0]["clicks"] == 0
            assert shop.seen.empty()


def test_a_shop_that_is_away_stops_nobody(tmp_path: Path) -> None:
    with open_shop() as shop:
        address = shop.address
    with running_network(tmp_path, shop=address, pace=BUSY) as network:
        account = network.open_account()
        headers = {"authorization": f"Bearer {account.token}"}
        network.http.post(
            "/api/statuses", json={"text": f"{address}/l/boots"}, headers=headers
        ).raise_for_status()
        deadline = elapsed() + 60
        while network.ledger().publications[0]["clicks"] < 10:
            assert elapsed() < deadline
    assert "visit of" in (tmp_path / "network.log").read_text()


def test_somebody_who_was_answered_says_thanks(tmp_path: Path) -> None:
    with running_network(tmp_path, pace=BUSY) as network:
        account = network.open_account()
        headers = {"authorization": f"Bearer {account.token}"}
        post = network.http.post("/api/statuses", json={"text": "New boots"}, headers=headers).json()
        comments = f"/api/statuses/{post['id']}/comments"
        deadline, answered, thanks = elapsed() + 60, "", False
        while not thanks:
            assert elapsed() < deadline
            said = network.http.get(comments, headers=headers).json()["comments"]
            if said and not answered:
                reply = {"text": "Yes, come by!", "in_reply_to": said[0]["id"]}
                answered = network.http.post(comments, json=reply, headers=headers).json()["id"]
            thanks = any(comment["in_reply_to"] == answered for comment in said if answered)


def test_a_form_is_filled_in_as_people_do() -> None:
    page = read_page("http://127.0.0.1:1/x/", httpx.Response(200, html=PRODUCT))
    form = page.form("reserve")
    assert form is not None
    chance = random.Random(1)
    agreeing = fill(form, Visitor("ليلى حداد", "layla@people.example", agrees=True), chance)
    assert dict(agreeing) == {
        "csrfmiddlewaretoken": "{token}",
        "variant": "boots-38",
        "store": "ghent",
        "quantity": "1",
        "name": "ليلى حداد",
        "email": "layla@people.example",
        "phone": "",
        "consent": "on",
    }
    assert "consent" not in dict(fill(form, Visitor("Jef", "jef@people.example", agrees=False), chance))


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("http://127.0.0.1:8000/l/x", True),
        ("http://localhost:8000/l/x", True),
        ("http://127.0.0.1:8001/l/x", False),
        ("https://127.0.0.1:8000/l/x", False),
        ("http://127.0.0.1:8000@attacker.example/", False),
        ("http://shop.example:8000/", False),
        ("javascript:alert(1)", False),
    ],
)
def test_only_the_shops_own_addresses_are_inside(url: str, inside: bool) -> None:
    assert is_of_shop(url, "http://127.0.0.1:8000") is inside
    assert not is_of_shop(url, "")


def test_everybody_has_words_in_the_own_language() -> None:
    for words in (QUESTIONS, PRAISE, THANKS):
        assert words.keys() == NAMES.keys()
        assert all(0 < len(text) <= 200 for texts in words.values() for text in texts)
    handles = [handle for names in NAMES.values() for _, handle in names]
    assert len(handles) == len(set(handles))
