"""The pages that people see: honest about what they are, safe with what strangers write, in four languages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest

from etalage.networks.base import Accepted, Account
from etalage.networks.practice.connector import PracticeConnector
from etalage.networks.practice.server.page_texts import LANGUAGES, TEXTS
from etalage.networks.practice.tests.posts import delivery, picture, publish, rendition
from tests.practice_network import PracticeNetwork

EVIL = '<script>alert("x")</script> & <img src=x onerror=alert(1)>'


def harm_in(page: str) -> list[str]:
    """Tags of a page that could run or style something on their own."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            has = dict(attrs)
            inline = tag in {"style", "iframe"} or (
                tag == "script" and has.get("src") != "/static/practice.js"
            )
            if (
                inline
                or "style" in has
                or any(name.startswith("on") for name in has)
                or has.get("src") == "x"
            ):
                found.append(self.get_starttag_text() or tag)

    Reader().feed(page)
    return found


def test_the_check_for_harm_sees_harm() -> None:
    assert harm_in(EVIL) == ["<script>", "<img src=x onerror=alert(1)>"]


@pytest.fixture
def shop(practice: PracticeNetwork) -> Account:
    """An account whose name tries to break the page."""
    return practice.open_account(name=f"Lune {EVIL}")


@pytest.fixture
def post_id(shop: Account, network: PracticeConnector) -> str:
    """A post whose text and alternative text try to break the page."""
    facts = delivery(network)
    outcome = publish(network, shop, rendition(facts, picture(EVIL), text=EVIL), facts)
    assert isinstance(outcome, Accepted)
    return outcome.remote_id


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_each_page_says_in_each_language_that_nothing_is_real(
    language: str, practice: PracticeNetwork, shop: Account, post_id: str
) -> None:
    for path in ("/", f"/@{shop.handle}", f"/posts/{post_id}", "/posts/1"):
        page = practice.http.get(path, params={"lang": language}).text
        assert TEXTS[language]["banner"] in page
        direction = "rtl" if language == "ar" else "ltr"
        assert f'<html lang="{language}" dir="{direction}">' in page


def test_the_browsers_language_is_taken_when_none_is_asked(practice: PracticeNetwork) -> None:
    page = practice.http.get("/", headers={"accept-language": "de-DE, nl-BE;q=0.8, en;q=0.5"}).text
    assert '<html lang="nl"' in page


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_language_has_every_word(language: str) -> None:
    assert TEXTS[language].keys() == TEXTS["en"].keys()
    assert all(text.strip() for text in TEXTS[language].values())


def test_what_strangers_write_stays_text(practice: PracticeNetwork, shop: Account, post_id: str) -> None:
    practice.let_somebody("comment", shop.handle, post_id, author=EVIL[:40], text=EVIL)
    for path in ("/", f"/@{shop.handle}", f"/posts/{post_id}"):
        page = practice.http.get(path).text
        assert "&lt;script&gt;" in page
        assert harm_in(page) == []


def test_pages_run_no_foreign_script_and_no_inline_style(
    practice: PracticeNetwork, shop: Account, post_id: str
) -> None:
    for path in ("/", f"/posts/{post_id}", "/api/limits", "/nowhere"):
        answer = practice.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = practice.http.get(f"/posts/{post_id}").text
    assert harm_in(page) == []
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/static/practice.js" defer>']


def test_a_post_shows_its_picture_with_its_description_and_its_link(
    practice: PracticeNetwork, network: PracticeConnector
) -> None:
    account, facts = practice.open_account(name="Maison Lune"), delivery(network)
    outcome = publish(network, account, rendition(facts, picture("حذاء بني")), facts)
    assert isinstance(outcome, Accepted)
    page = practice.http.get(f"/posts/{outcome.remote_id}").text
    found = re.search(r'<img src="(/media/\d+)" alt="حذاء بني" width="120" height="90"', page)
    assert found
    image = practice.http.get(found[1])
    assert image.headers["content-type"] == "image/jpeg"
    assert image.content == picture().data
    assert f'href="{facts.marker}" rel="nofollow noopener"' in page
    assert 'class="text" dir="auto" lang="en"' in page


def test_the_feed_counts_and_pages_back(practice: PracticeNetwork) -> None:
    account = practice.open_account()
    history = [{"text": f"number {number}", "at": 1_700_000_000 + number, "likes": 2} for number in range(25)]
    practice.http.post(
        "/script/history", json={"handle": account.handle, "statuses": history}
    ).raise_for_status()
    first = practice.http.get(f"/@{account.handle}").text
    assert "number 24" in first
    assert "number 4<" not in first
    older = re.search(r'class="older" href="([^"]+)"', first)
    assert older
    assert "number 4<" in practice.http.get(older[1].replace("&amp;", "&")).text


def test_what_is_not_there_says_so_kindly(practice: PracticeNetwork) -> None:
    for path in ("/posts/999", "/posts/x", "/@nobody", "/posts/" + "9" * 30):
        answer = practice.http.get(path, params={"lang": "fr"})
        assert answer.status_code == 404
        assert TEXTS["fr"]["gone_hint"].replace("’", "’") in answer.text
    for path in ("/static/../schema.sql", "/static/schema.sql", "/media/1", "/media/x", "/api/nothing"):
        assert practice.http.get(path).status_code == 404


def test_an_empty_network_explains_itself(practice: PracticeNetwork) -> None:
    account = practice.open_account()
    assert TEXTS["en"]["empty_hint"] in practice.http.get(f"/@{account.handle}", params={"lang": "en"}).text


def test_a_head_request_has_headers_and_no_body(practice: PracticeNetwork) -> None:
    answer: httpx.Response = practice.http.head("/")
    assert answer.status_code == 200
    assert answer.content == b""
