"""However an address to go on to is written, one never ends on another site."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.conftest import World

HERE = "http://testserver/page/"
ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "http:evil.example",
    "http:///evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "//testserver:80@evil.example",
    "http://127.0.0.1:9/",
    "//localhost:1234/",
    "/en/shop/\\..\\..//evil.example",
    "/en/shop//evil.example/../..//",
    "x" * 5000,
    "%2f%2fevil.example",
    "\u202e//evil.example",
    "http://[broken",
]


def goes_to(answer: HttpResponse) -> str:
    """Host and scheme that a browser goes to, which drops control characters and reads `\\` as `/`."""
    location = answer.headers.get("Location", "")
    read = location.strip("\x00\x09\x0a\x0c\x0d\x20").replace("\\", "/")
    read = read.replace("\t", "").replace("\n", "").replace("\r", "")
    parts = urlsplit(urljoin(HERE, read))
    return f"{parts.scheme}://{parts.netloc}"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_choice_of_a_stranger_leads_elsewhere(world: World, target: str) -> None:
    browser = Client()
    answers = [
        browser.post("/language/", {"language": "fr", "next": target}),
        browser.post("/theme/", {"theme": "dark", "next": target}),
        browser.post("/en/shop/consent/", {"answer": "no", "next": target}),
        browser.post("/en/shop/consent/", {"answer": "yes", "next": target}),
        browser.post(
            "/account/login/", {"login": world.owner.email, "password": "a-long-password", "next": target}
        ),
        browser.post("/account/reauthenticate/", {"password": "a-long-password", "next": target}),
        browser.get("/account/login/", {"next": target}),  # signed in by now: goes on at once
        browser.post("/account/logout/", {"next": target}),
    ]
    for place, answer in enumerate(answers):
        assert answer.status_code in {200, 302, 400}, place
        assert goes_to(answer) == "http://testserver", (place, answer.headers.get("Location"))


def test_a_page_of_our_own_is_gone_on_to(world: World) -> None:
    browser = Client()
    known = {"login": world.owner.email, "password": "a-long-password", "next": "/settings/trail/"}
    assert browser.post("/account/login/", known).headers["Location"] == "/settings/trail/"
    assert browser.post("/theme/", {"theme": "dark", "next": "/posts/"}).headers["Location"] == "/posts/"
