"""The program: its command line, its back door, what it keeps and how it refuses wrong requests."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import time_machine

from etalage.kit import clock
from etalage.networks.base import Accepted
from etalage.networks.practice.connector import PracticeConnector
from etalage.networks.practice.server import members, statuses
from etalage.networks.practice.server.ledger import Ledger
from etalage.networks.practice.tests.posts import delivery, publish, rendition
from tests.practice_network import PracticeNetwork, running_network

PROGRAM = [sys.executable, "-m", "etalage.networks.practice.server"]


def test_a_taken_port_is_told_in_one_sentence(practice: PracticeNetwork, tmp_path: Path) -> None:
    port = practice.base_url.rsplit(":", 1)[1]
    command = [*PROGRAM, "--folder", str(tmp_path), "--port", port]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert f"Port {port} is taken" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("shop", ["https://shop.example", "http://192.0.2.7:8000", "file:///etc/passwd"])
def test_people_are_never_sent_to_a_shop_elsewhere(shop: str, tmp_path: Path) -> None:
    command = [*PROGRAM, "--folder", str(tmp_path), "--shop", shop]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "this machine" in ended.stderr


def test_an_id_that_a_status_took_ahead_of_its_time_is_not_given_again(tmp_path: Path) -> None:
    with (
        time_machine.travel(clock.now(), tick=False) as traveller,
        closing(Ledger(tmp_path / "ledger")) as ledger,
    ):
        member = members.register(ledger, {"handle": "lune"})
        wish = statuses.read_wish(ledger, member, {"text": "Boots"})
        ahead = statuses.create(ledger, member, wish, at=clock.now().timestamp() + 1)
        traveller.shift(1)
        assert statuses.create(ledger, member, wish) == ahead + 1


def test_the_ledger_outlives_the_program(network: PracticeConnector, tmp_path: Path) -> None:
    with running_network(tmp_path) as first:
        account, facts = first.open_account(), delivery(network)
        outcome = publish(network, account, rendition(facts), facts)
        assert isinstance(outcome, Accepted)
        port = int(first.base_url.rsplit(":", 1)[1])
    with running_network(tmp_path, port=port) as second:
        assert second.ledger().count(facts.marker) == 1
        assert network.commit(account, rendition(facts), facts) == outcome  # its keys are kept, too


def test_the_program_needs_no_django() -> None:
    source = (
        "import sys; import etalage.networks.practice.server.app, etalage.networks.practice.connector; "
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", source], timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("path", ["/ledger", "/script"])
def test_the_back_door_is_shut_for_a_page_that_came_under_another_name(
    path: str, practice: PracticeNetwork
) -> None:
    assert practice.http.get(path).status_code == 200
    assert practice.http.get(path, headers={"host": "practice.attacker.example"}).status_code == 403


def test_a_form_of_another_site_orders_no_fault(practice: PracticeNetwork) -> None:
    answer = practice.http.post(
        "/script", content='{"fault": "nonsense"}', headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 415
    assert practice.http.get("/script").json() == {"orders": []}


@pytest.mark.parametrize(
    "order",
    [{}, {"fault": "earthquake"}, {"fault": "slow", "on": "moon"}, {"fault": "slow", "colour": "red"}],
)
def test_an_unknown_order_is_refused_with_what_can_be_ordered(
    order: dict[str, str], practice: PracticeNetwork
) -> None:
    answer = practice.http.post("/script", json=order)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "script_invalid"


def test_an_order_strikes_only_its_account_after_its_skips_and_so_often(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    struck, spared = practice.open_account(), practice.open_account()
    practice.order("rate_limited", account=struck.handle, skip=1, times=2)
    outcomes = []
    for account in (spared, struck, struck, struck, struck):
        facts = delivery(network)
        outcomes.append(type(publish(network, account, rendition(facts), facts)).__name__)
    assert outcomes == ["Accepted", "Accepted", "NotAccepted", "NotAccepted", "Accepted"]


def test_the_same_seed_strikes_the_same_requests(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    runs = []
    for _ in range(2):
        account = practice.open_account()
        practice.order("accepted_500", account=account.handle, times=None, share=0.5, seed=7)
        run = []
        for _ in range(12):
            facts = delivery(network)
            run.append(isinstance(publish(network, account, rendition(facts), facts), Accepted))
        runs.append(run)
    assert runs[0] == runs[1]
    assert {True, False} == set(runs[0])


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"text": 5}', "application/json", 422),
        (b'{"text": ""}', "application/json", 422),
        (b'{"text": "x", "pictures": [{"id": "999"}]}', "application/json", 422),
        (b'{"text": "x", "pictures": "all"}', "application/json", 422),
        (b"text=x", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_wrong_request_gets_a_status_that_fits(
    body: bytes, media_type: str, status: int, practice: PracticeNetwork
) -> None:
    account = practice.open_account()
    headers = {"authorization": f"Bearer {account.token}", "content-type": media_type}
    answer = practice.http.post("/api/statuses", content=body, headers=headers)
    assert answer.status_code == status
    assert set(answer.json()["error"]) >= {"code", "message"}


def test_a_body_without_end_is_refused(practice: PracticeNetwork) -> None:
    account = practice.open_account()
    headers = {"authorization": f"Bearer {account.token}", "content-type": "image/jpeg"}
    answer = practice.http.post("/api/media", content=b"\xff" * 12_500_000, headers=headers)
    assert answer.status_code == 413


def test_handles_are_unique_and_plain(practice: PracticeNetwork) -> None:
    practice.open_account("la_lune")
    taken = practice.http.post("/api/accounts", json={"handle": "@La_Lune"})
    assert taken.status_code == 409
    for handle in ("", "a", "<b>", "x" * 31, "../etc"):
        assert practice.http.post("/api/accounts", json={"handle": handle}).status_code == 422
