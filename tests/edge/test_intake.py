"""Webhook intake over HTTP: what is let in, what is kept, what is answered."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing

import httpx
import pytest

from etalage.edge.signatures import Reason, Verdict
from tests.edge.world import SECRETS, Running, Shop, event, running, signature, signed, until

HOOK = "/hooks/practice/good"


def test_a_genuine_delivery_is_kept_as_it_came(shop: Shop, edge: Running) -> None:
    raw = b'{"text":"\\u00e9t\xc3\xa9", "spaces" :  1}\n'
    answer = edge.client.post(HOOK, content=raw, headers=signed(raw, "d-1", **{"x-topic": "orders/create"}))
    assert answer.status_code == 200
    (kept,) = shop.journal.pending()
    assert (kept.network, kept.key, kept.delivery_id, kept.body) == ("practice", "good", "d-1", raw)
    assert kept.headers == {"content-type": "application/json", "x-topic": "orders/create"}


def test_it_is_on_the_disk_before_the_sender_hears_yes(shop: Shop, edge: Running) -> None:
    assert edge.deliver(event(1), "d-1").status_code == 200
    with closing(sqlite3.connect(shop.folder / "journal.sqlite3")) as db:
        assert db.execute("SELECT count(*) FROM delivery").fetchone() == (1,)


def forgeries() -> dict[str, tuple[str, dict[str, str], int]]:
    raw, right = event(1), signature(event(1), SECRETS["good"])
    return {
        "no signature": (HOOK, {}, 403),
        "empty signature": (HOOK, {"x-signature": ""}, 403),
        "wrong secret": (HOOK, {"x-signature": signature(raw, "guess")}, 403),
        "another key's secret": (HOOK, signed(raw, key="other"), 403),
        "empty secret": (HOOK, {"x-signature": signature(raw, "")}, 403),
        "of another body": (HOOK, {"x-signature": signature(event(2), SECRETS["good"])}, 403),
        "cut": (HOOK, {"x-signature": right[:-1]}, 403),
        "without its prefix": (HOOK, {"x-signature": right.removeprefix("sha256=")}, 403),
        "in capitals": (HOOK, {"x-signature": right.upper()}, 403),
        "secret unset here": ("/hooks/practice/unset", {"x-signature": signature(raw, "")}, 403),
        "secret blank here": ("/hooks/practice/blank", {"x-signature": signature(raw, "  ")}, 403),
        "unknown key": ("/hooks/practice/nobody", {"x-signature": right}, 404),
        "unknown network": ("/hooks/elsewhere/good", {"x-signature": right}, 404),
        "no key": ("/hooks/practice", {"x-signature": right}, 404),
        "a key with signs in it": ("/hooks/practice/a%20b", {"x-signature": right}, 404),
    }


@pytest.mark.parametrize("forgery", forgeries())
def test_a_forgery_is_refused_and_leaves_nothing(shop: Shop, edge: Running, forgery: str) -> None:
    path, headers, status = forgeries()[forgery]
    assert edge.client.post(path, content=event(1), headers=headers).status_code == status
    assert shop.journal.pending() == []


def test_a_byte_changed_anywhere_is_noticed(shop: Shop, edge: Running) -> None:
    raw = event(1)
    headers = signed(raw, "d-1")
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert edge.client.post(HOOK, content=changed, headers=headers).status_code == 403
    assert shop.journal.pending() == []


def test_two_signatures_in_one_request_do_not_help(shop: Shop, edge: Running) -> None:
    raw = event(1)
    twice = [("x-signature", signature(raw, "guess")), ("x-signature", signature(raw, SECRETS["good"]))]
    assert edge.client.post(HOOK, content=raw, headers=twice).status_code == 403
    assert shop.journal.pending() == []


def test_a_repeated_delivery_is_answered_yes_and_kept_once(shop: Shop, edge: Running) -> None:
    assert [edge.deliver(event(1), "d-1").status_code for _ in range(3)] == [200, 200, 200]
    assert len(shop.journal.pending()) == 1
    assert edge.edge.report()["deliveries"]["repeated"] == 2


def test_without_a_delivery_id_the_same_bytes_are_the_same_delivery(shop: Shop, edge: Running) -> None:
    for raw in (event(1), event(2), event(1)):
        assert edge.deliver(raw).status_code == 200
    assert [kept.body for kept in shop.journal.pending()] == [event(1), event(2)]


def test_the_same_id_at_two_keys_is_two_deliveries(shop: Shop, edge: Running) -> None:
    for key in ("good", "other"):
        assert edge.deliver(event(1), "d-1", key=key).status_code == 200
    assert [kept.key for kept in shop.journal.pending()] == ["good", "other"]


@pytest.mark.parametrize("said", ["x" * 5000, "tab\tinside"])
def test_a_strange_delivery_id_is_hashed_and_still_recognised(shop: Shop, edge: Running, said: str) -> None:
    for number in (1, 2):
        assert edge.deliver(event(number), said).status_code == 200
    (kept,) = shop.journal.pending()
    assert kept.delivery_id.startswith("id-sha256:")


def test_a_delivery_id_that_no_database_can_store_is_hashed(shop: Shop) -> None:
    def lone(network: str, key: str, headers: Mapping[str, str], raw: bytes) -> Verdict:
        return Verdict(True, "\ud800" + raw.decode())

    with running(shop.config(verifier=lone)) as edge:
        assert [edge.client.post(HOOK, content=body).status_code for body in (b"1", b"2", b"1")] == [200] * 3
    assert [kept.body for kept in shop.journal.pending()] == [b"1", b"2"]


def test_the_header_that_carries_a_secret_is_not_stored(shop: Shop) -> None:
    with running(shop.config()) as edge:
        raw = event(1)
        secret = {"authorization": "Bearer CANARY1", "x-api-token": "CANARY2", "cookie": "CANARY3"}
        assert edge.client.post(HOOK, content=raw, headers=signed(raw, "d-1", **secret)).status_code == 200
        kept = b"".join(file.read_bytes() for file in shop.folder.glob("journal.sqlite3*"))
    assert b"d-1" in kept
    assert b"CANARY" not in kept


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(shop: Shop) -> None:
    with running(shop.config(body_limit=100_000)) as edge:
        assert edge.deliver(b"x" * 100_000, "fits").status_code == 200
        assert edge.deliver(b"x" * 100_001, "too large").status_code == 413
    assert [kept.delivery_id for kept in shop.journal.pending()] == ["fits"]


def test_a_body_that_does_not_say_its_length_is_measured_all_the_same(shop: Shop) -> None:
    def pieces(count: int) -> list[bytes]:
        return [b"x" * 10_000] * count

    with running(shop.config(body_limit=100_000)) as edge:
        for count, status in ((10, 200), (11, 413)):
            headers = signed(b"".join(pieces(count)), f"d-{count}")
            assert edge.client.post(HOOK, content=iter(pieces(count)), headers=headers).status_code == status
    assert [kept.delivery_id for kept in shop.journal.pending()] == ["d-10"]


def test_all_bodies_together_are_bounded(shop: Shop) -> None:
    with running(shop.config(bodies_in_flight=50_000)) as edge:
        answer = edge.deliver(b"x" * 60_000, "d-1")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert edge.deliver(b"x" * 40_000, "d-2").status_code == 200
        assert edge.deliver(b"x" * 40_000, "d-3").status_code == 200
    assert [kept.delivery_id for kept in shop.journal.pending()] == ["d-2", "d-3"]


def begin(edge: Running, length: int) -> socket.socket:
    """A sender that sends its headers and one byte, and then thinks."""
    sender = socket.create_connection(("127.0.0.1", edge.port), timeout=10)
    sender.sendall(f"POST {HOOK} HTTP/1.1\r\nHost: shop\r\nContent-Length: {length}\r\n\r\nx".encode())
    return sender


def test_a_body_that_comes_too_slowly_is_given_up(shop: Shop) -> None:
    with running(shop.config(body_seconds=0.2)) as edge, begin(edge, 100) as sender:
        assert sender.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_a_sender_who_hangs_up_leaves_nothing(shop: Shop, edge: Running) -> None:
    with begin(edge, 100):
        pass
    assert edge.deliver(event(2), "d-2").status_code == 200
    assert [kept.delivery_id for kept in shop.journal.pending()] == ["d-2"]


def test_a_nearly_full_disk_refuses_before_it_fails(shop: Shop) -> None:
    with running(shop.config(min_free_bytes=2**62)) as edge:
        answer = edge.deliver(event(1), "d-1")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        health = edge.client.get("/edge/health")
        assert (health.status_code, health.json()["intake"]["takes"]) == (503, False)
    assert shop.journal.pending() == []


def test_a_file_that_cannot_be_written_answers_later_and_comes_back(shop: Shop, edge: Running) -> None:
    def change(sql: str) -> None:
        with closing(sqlite3.connect(shop.folder / "journal.sqlite3")) as db, db:
            db.execute(sql)

    change("ALTER TABLE delivery RENAME TO elsewhere")
    assert edge.deliver(event(1), "d-1").status_code == 503
    change("ALTER TABLE elsewhere RENAME TO delivery")
    assert edge.deliver(event(1), "d-1").status_code == 200
    assert [kept.delivery_id for kept in shop.journal.pending()] == ["d-1"]


def test_a_fault_in_the_verifier_lets_nothing_in(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    def broken(network: str, key: str, headers: Mapping[str, str], raw: bytes) -> Verdict:
        raise RuntimeError("the secrets cannot be read")

    with running(shop.config(verifier=broken)) as edge:
        assert edge.deliver(event(1), "d-1").status_code == 503
    assert shop.journal.pending() == []
    assert "could not be checked" in caplog.text


def test_a_verifier_may_take_its_time(shop: Shop) -> None:
    async def slow(network: str, key: str, headers: Mapping[str, str], raw: bytes) -> Verdict:
        await asyncio.sleep(0)
        return Verdict(raw == b"yes", None, Reason.FORGED)

    with running(shop.config(verifier=slow)) as edge:
        assert [edge.client.post(HOOK, content=raw).status_code for raw in (b"yes", b"no")] == [200, 403]


def test_a_late_one_is_refused_counted_apart_and_logged_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    def late(network: str, key: str, headers: Mapping[str, str], raw: bytes) -> Verdict:
        return Verdict(False, None, Reason.LATE if raw == b"late" else Reason.FORGED)

    with running(shop.config(verifier=late)) as edge:
        answers = [edge.client.post(HOOK, content=raw) for raw in (b"late", b"forged", b"late")]
        counts = edge.edge.report()["deliveries"]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert (counts["refused"], counts["late"]) == (3, 2)
    assert shop.journal.pending() == []
    assert caplog.text.count("refused (late)") == 1


def test_an_installation_without_a_verifier_takes_nothing(shop: Shop) -> None:
    from etalage.edge.config import EdgeConfig

    with running(EdgeConfig(data_folder=shop.folder, links=shop.config().links)) as edge:
        assert edge.deliver(event(1), "d-1").status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_a_hook_takes_only_deliveries(edge: Running, method: str) -> None:
    answer = edge.client.request(method, HOOK, params={f"field_{number}": number for number in range(40)})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_fifty_senders_at_once_are_each_kept_once(shop: Shop, edge: Running) -> None:
    async def sender(client: httpx.AsyncClient, who: int) -> list[int]:
        answers = []
        for number in range(10):
            raw = event(who * 1000 + number)
            for _ in range(2):  # each delivery comes twice
                answers.append(await client.post(HOOK, content=raw, headers=signed(raw, f"{who}-{number}")))
        return [answer.status_code for answer in answers]

    async def crowd() -> list[list[int]]:
        async with httpx.AsyncClient(base_url=edge.url, timeout=60) as client:
            return await asyncio.gather(*(sender(client, who) for who in range(50)))

    statuses = [status for answers in asyncio.run(crowd()) for status in answers]
    assert statuses == [200] * 1000
    kept = [delivery.delivery_id for delivery in shop.journal.pending(limit=2000)]
    assert sorted(kept) == sorted(f"{who}-{number}" for who in range(50) for number in range(10))
    tally = edge.edge.report()["deliveries"]
    assert (tally["written"], tally["repeated"]) == (500, 500)


def test_deliveries_that_wait_for_the_disk_share_its_next_commit(shop: Shop, edge: Running) -> None:
    async def crowd(blocker: sqlite3.Connection) -> list[int]:
        async with httpx.AsyncClient(base_url=edge.url, timeout=60) as client:
            send = [
                asyncio.create_task(client.post(HOOK, content=event(n), headers=signed(event(n), f"d-{n}")))
                for n in range(50)
            ]
            while edge.edge.report()["deliveries"]["waiting"] < 50:
                await asyncio.sleep(0.01)
            assert not any(task.done() for task in send), "nobody hears yes before the commit"
            blocker.rollback()
            return [(await task).status_code for task in send]

    with closing(sqlite3.connect(shop.folder / "journal.sqlite3", isolation_level=None)) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        assert asyncio.run(asyncio.wait_for(crowd(blocker), 60)) == [200] * 50
    assert edge.edge.report()["deliveries"]["commits"] <= 2


def test_the_same_delivery_from_many_senders_at_once_is_one_row(shop: Shop, edge: Running) -> None:
    async def crowd() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=edge.url, timeout=60) as client:
            send = (client.post(HOOK, content=event(1), headers=signed(event(1), "same")) for _ in range(32))
            return await asyncio.gather(*send)

    assert {answer.status_code for answer in asyncio.run(crowd())} == {200}
    assert len(shop.journal.pending()) == 1


def test_more_senders_than_may_wait_are_told_to_come_again(shop: Shop) -> None:
    with running(shop.config(waiting_deliveries=0)) as edge:
        answer = edge.deliver(event(1), "d-1")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert shop.journal.pending() == []


def test_health_says_that_all_is_well_and_nothing_of_the_trade(shop: Shop, edge: Running) -> None:
    edge.deliver(event(1), "d-1")
    until(lambda: edge.client.get("/edge/health").json()["intake"]["waiting"] == 0)
    answer = edge.client.get("/edge/health")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "ok",
            "clicks": {"runs": True, "writes": True, "waiting": 0, "dropped": 0},
            "intake": {"takes": True, "writes": True, "waiting": 0},
        },
    )
    assert edge.client.head("/edge/health").content == b""


@pytest.mark.parametrize("side", ["journal", "clicks"])
@pytest.mark.parametrize("heals", ["by the next write", "by itself"])
def test_health_says_that_nothing_can_be_written(shop: Shop, edge: Running, side: str, heals: str) -> None:
    shop.link("VASE22")
    files, away = sorted(shop.folder.glob(f"{side}.sqlite3*")), shop.folder / "away"
    away.mkdir()

    def comes(number: int, status: int = 200) -> None:
        """What this side keeps: a delivery is answered when it is written, a click before that."""
        if side == "journal":
            assert edge.deliver(event(number), f"d-{number}").status_code == status
        else:
            assert edge.tap("/l/VASE22").status_code == 302

    comes(1)
    for file in files:
        file.rename(away / file.name)
    comes(2, 503)
    until(lambda: edge.client.get("/edge/health").status_code == 503)
    time.sleep(0.7)  # it is looked at meanwhile, in vain
    state = edge.client.get("/edge/health").json()
    assert (state["status"], state["clicks"]["writes"], state["intake"]["writes"]) == (
        "degraded",
        side != "clicks",
        side != "journal",
    )
    for file in files:
        (away / file.name).rename(file)
    if heals == "by the next write":
        comes(3)
    until(lambda: edge.client.get("/edge/health").status_code == 200)
    assert edge.client.get("/edge/health").json()["status"] == "ok"
    assert sorted(shop.folder.glob(f"{side}.sqlite3*")) == files, "nothing was made beside them"
