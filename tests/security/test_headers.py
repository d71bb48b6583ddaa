"""Whatever is answered, the browser is told what it may do with it; and errors tell nothing of the inside."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django.fixtures import Settings

from etalage.kit.errors import Refusal
from etalage.urls import handler400, handler403, handler404, handler429, handler500
from etalage.urls import urlpatterns as real_urls
from tests.conftest import World

SECRET = "swordfish-in-the-code"


def burst(request: HttpRequest) -> HttpResponse:
    password = SECRET
    raise RuntimeError(f"could not use {password}")


def refuse(request: HttpRequest) -> HttpResponse:
    raise Refusal("Somebody was faster.", code="sold_out", status=409)


urlpatterns = [path("burst/", burst), path("refuse/", refuse), *real_urls]
__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500"]

ANSWERS = {
    "a page": ("GET", "/style/", 200),
    "a page of staff": ("GET", "/settings/trail/", 200),
    "the shop": ("GET", "/en/shop/", 200),
    "a redirect": ("POST", "/theme/", 302),
    "nothing there": ("GET", "/nothing/here/", 404),
    "nothing there in the shop": ("GET", "/en/shop/p/nothing/", 404),
    "our own fault": ("GET", "/burst/", 500),
    "a refusal": ("GET", "/refuse/", 409),
    "a wrong method": ("PUT", "/settings/", 405),
    "a link that is spent": ("POST", "/enter/spent/", 410),
    "a style sheet": ("GET", "/static/web/etalage.css", 200),
    "the event stream": ("GET", "/live/", 200),
    "a picture": ("GET", "/media/a.webp", 200),
}


@pytest.fixture
def browser(signed_in: dict[str, Client], settings: Settings, tmp_path: Path) -> Client:
    """The owner's, on a site with two more pages."""
    settings.ROOT_URLCONF = __name__
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "a.webp").write_bytes(b"RIFF")
    signed_in["owner"].raise_request_exception = False
    return signed_in["owner"]


def policy(answer: Any) -> dict[str, str]:
    """The content policy, by directive."""
    parts = [part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";")]
    return {name: value for name, _space, value in parts if name}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators:Warning")
def test_every_answer_carries_the_whole_policy(browser: Client, kind: str, settings: Settings) -> None:
    settings.SERVESTATIC_USE_FINDERS = True  # a shop serves its style sheets; most tests do without
    method, address, status = ANSWERS[kind]
    answer = browser.generic(method, address, headers={"accept": "text/html"})
    assert answer.status_code == status
    rules = policy(answer)
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"] and "*" not in answer["Content-Security-Policy"]
    assert rules.get("frame-ancestors") == "'none'" or "sandbox" in rules
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == (
        "cross-origin" if kind == "a picture" else "same-origin"
    )
    assert "geolocation=()" in answer["Permissions-Policy"]


def test_a_page_of_ours_that_broke_shows_nothing_of_the_inside(browser: Client) -> None:
    for accept in ("text/html", "application/json", "*/*"):
        shown = browser.get("/burst/", headers={"accept": accept}).content.decode()
        assert SECRET not in shown and "RuntimeError" not in shown and "Traceback" not in shown
        assert "/site-packages/" not in shown and "test_headers" not in shown


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost:8000.evil.example", "localhost@evil.example", "", "evil.example:80"]
)
def test_another_host_is_not_answered(world: World, host: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    answer = Client().get("/account/login/", headers={"host": host, "x-forwarded-host": "localhost"})
    assert answer.status_code == 400 and "csrfmiddlewaretoken" not in answer.content.decode()


def test_another_host_in_a_header_of_a_proxy_changes_no_address(world: World) -> None:
    answer = Client().get("/", headers={"x-forwarded-host": "evil.example"})
    assert "evil.example" not in answer["Location"] and "evil.example" not in answer.content.decode()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("application/json", "application/problem+json"),
        ("application/problem+json", "application/problem+json"),
        ("image/png", "application/problem+json"),
    ],
)
def test_a_refusal_comes_in_the_form_that_was_asked_for(browser: Client, accept: str, kind: str) -> None:
    answer = browser.get("/refuse/", headers={"accept": accept})
    assert answer.status_code == 409 and answer["Content-Type"].startswith(kind)
    assert "Somebody was faster." in answer.content.decode()
