"""What is noted of a click, and what is not."""

from __future__ import annotations

from uuid import uuid4

import pytest

from etalage.edge.clicks import Click, language_guess, referrer_host
from etalage.edge.visitors import sign_visitor
from etalage.kit import clock
from tests.edge.world import PHONE, VISITOR_KEY, Running, Shop, running, until


def only_click(shop: Shop) -> Click:
    until(lambda: shop.clicks.read_after().clicks)
    (click,) = shop.clicks.read_after().clicks
    return click


def test_a_tap_is_noted_with_its_link_time_and_language(shop: Shop, edge: Running) -> None:
    link_id = shop.link("VASE22")
    before = clock.to_micros(clock.now())
    edge.tap(
        "/l/vase22", accept_language="fr-BE,fr;q=0.9,en;q=0.5", referer="https://l.instagram.com/?u=x&e=y"
    )
    click = only_click(shop)
    assert (click.code, click.link_id, click.bot, click.method, click.kind) == (
        "VASE22",
        link_id,
        "",
        "GET",
        "link",
    )
    assert (click.language, click.referrer_host, click.late) == ("fr", "l.instagram.com", False)
    assert before <= click.happened_us <= clock.to_micros(clock.now())


def test_without_consent_a_click_is_counted_without_a_person(shop: Shop, edge: Running) -> None:
    shop.link("VASE22")
    edge.tap("/l/VASE22", cookie="language=fr; session=abc")
    assert only_click(shop).visitor is None


def test_with_consent_the_click_belongs_to_its_visitor(shop: Shop, edge: Running) -> None:
    shop.link("VASE22")
    visitor = uuid4()
    edge.tap("/l/VASE22", cookie=f"language=fr; etalage_visitor={sign_visitor(visitor, VISITOR_KEY)}; a=b")
    assert only_click(shop).visitor == visitor.hex


@pytest.mark.parametrize(
    "forgery", ["other key", "other id", "no signature", "cut", "longer", "empty", "not ascii"]
)
def test_a_forged_visitor_is_nobody(shop: Shop, edge: Running, forgery: str) -> None:
    shop.link("VASE22")
    visitor = uuid4()
    genuine = sign_visitor(visitor, VISITOR_KEY)
    value = {
        "other key": sign_visitor(visitor, b"another key"),
        "other id": uuid4().hex + genuine[32:],
        "no signature": visitor.hex + ".",
        "cut": genuine[:-1],
        "longer": genuine + "0",
        "empty": "",
        "not ascii": "é" * 16 + genuine[32:],
    }[forgery]
    edge.client.get(
        "/l/VASE22", headers=[("user-agent", PHONE), ("cookie", f"etalage_visitor={value}".encode())]
    )
    assert only_click(shop).visitor is None


def test_an_unset_visitor_key_knows_nobody(shop: Shop) -> None:
    shop.link("VASE22")
    with running(shop.config(visitor_key=b"")) as edge:
        edge.tap("/l/VASE22", cookie=f"etalage_visitor={sign_visitor(uuid4(), VISITOR_KEY)}")
    assert only_click(shop).visitor is None
    with pytest.raises(ValueError, match="not set"):
        sign_visitor(uuid4(), b"")


def test_neither_address_nor_agent_nor_full_referrer_is_kept_anywhere(shop: Shop) -> None:
    shop.link("VASE22")
    with running(shop.config()) as edge:
        edge.tap(
            "/l/VASE22?fbclid=CANARYquery",
            user_agent=PHONE + " CANARYagent",
            referer="https://user:CANARYpass@news.example:8443/CANARYpath?q=CANARYterm",
            x_forwarded_for="203.0.113.77",
            cookie="session=CANARYcookie",
        )
        until(lambda: shop.clicks.read_after().clicks)
        kept = b"".join(file.read_bytes() for file in shop.folder.glob("clicks.sqlite3*"))
    assert only_click(shop).referrer_host == "news.example"
    assert b"news.example" in kept
    assert b"CANARY" not in kept
    assert b"203.0.113.77" not in kept
    assert b"127.0.0.1" not in kept


def test_previews_and_bots_are_led_on_but_marked(shop: Shop) -> None:
    shop.link("VASE22")
    with running(shop.config()) as edge:
        answers = [
            edge.tap("/l/VASE22", user_agent="WhatsApp/2.23.20.0 A"),
            edge.tap("/l/VASE22", sec_purpose="prefetch"),
            edge.client.head("/l/VASE22", headers={"user-agent": PHONE}),
            edge.tap("/l/VASE22"),
        ]
    assert {answer.headers["location"] for answer in answers} == {"/shop/en/vase/?l=VASE22"}
    clicks = shop.clicks.read_after().clicks
    assert [click.bot for click in clicks] == ["preview", "prefetch", "head", ""]
    assert clicks[2].method == "HEAD"


def test_a_bot_with_a_visitors_cookie_is_still_nobody(shop: Shop, edge: Running) -> None:
    shop.link("VASE22")
    edge.tap("/l/VASE22", user_agent="curl/8", cookie=f"etalage_visitor={sign_visitor(uuid4(), VISITOR_KEY)}")
    assert (only_click(shop).bot, only_click(shop).visitor) == ("tool", None)


def test_a_scanned_code_is_told_from_a_tapped_link(shop: Shop) -> None:
    shop.link("VASE22")
    shop.link("SHELF2", kind="qr")
    with running(shop.config()) as edge:
        for path in ("/l/VASE22", "/l/VASE22?s=qr", "/l/VASE22?x=s=qr1", "/l/SHELF2"):
            edge.tap(path)
    assert [click.kind for click in shop.clicks.read_after().clicks] == ["link", "qr", "link", "qr"]


def test_a_tap_on_an_ended_link_is_noted_as_late(shop: Shop, edge: Running) -> None:
    shop.link("VASE22", ends="2026-01-01 00:00:00")
    edge.tap("/l/VASE22")
    assert only_click(shop).late is True


def test_an_unknown_code_leaves_no_row_but_is_counted(shop: Shop) -> None:
    with running(shop.config()) as edge:
        edge.tap("/l/NOBODY")
        assert edge.edge.report()["links"]["unknown"] == 1
    assert shop.clicks.read_after().clicks == ()


def test_when_the_queue_is_full_the_redirect_still_answers_and_the_loss_is_said(shop: Shop) -> None:
    shop.link("VASE22")
    with running(shop.config(waiting_clicks=0)) as edge:
        assert edge.tap("/l/VASE22").headers["location"] == "/shop/en/vase/?l=VASE22"
        assert edge.client.get("/edge/health").json()["clicks"]["dropped"] == 1
    assert shop.clicks.read_after().clicks == ()


def test_when_the_disk_is_nearly_full_the_redirect_still_answers_and_the_loss_is_said(shop: Shop) -> None:
    shop.link("VASE22")
    with running(shop.config(min_free_bytes=2**62)) as edge:
        assert edge.tap("/l/VASE22").headers["location"] == "/shop/en/vase/?l=VASE22"
        assert edge.client.get("/edge/health").json()["clicks"]["dropped"] == 1


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        (b"https://www.facebook.com/groups/1?x=y", "www.facebook.com"),
        (b"https://WWW.Example.COM", "www.example.com"),
        (b"android-app://com.google.android.gm/", "com.google.android.gm"),
        (b"http://u:p@host.example:8080?q", "host.example"),
        (b"about:blank", ""),
        (b"", ""),
        (b"https://" + b"a" * 300, ""),
        (b"https://<script>/", ""),
        (b"https://\xc3\xa9t\xc3\xa9.example/", ""),
    ],
)
def test_of_a_referrer_only_the_host_is_read(referrer: bytes, host: str) -> None:
    assert referrer_host({b"referer": referrer}) == host


@pytest.mark.parametrize(
    ("header", "language"),
    [(b"nl-BE,nl;q=0.9", "nl"), (b"AR", "ar"), (b" fr;q=1", "fr"), (b"*", ""), (b"", ""), (b"e", ""), (b"gsw-CH", ""),
     (b"12", ""), (b"\xd9\x84", "")],
)  # fmt: skip
def test_the_language_is_a_guess_of_two_letters(header: bytes, language: str) -> None:
    assert language_guess({b"accept-language": header}) == language
