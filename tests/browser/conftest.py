"""Real browsers at a real shop. These tests run with `pytest tests/browser -m browser` and need Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.shop import Shop, open_shop
from tests.chromium import chromium

__all__ = ["chromium"]
LANGUAGES = ("en", "fr", "nl", "ar")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop for all tests of a run."""
    with open_shop(tmp_path_factory.mktemp("browser") / "shop") as running:
        yield running


@pytest.fixture
def visitor(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a fresh browser: `visitor(viewport=PHONE, java_script_enabled=False, …)` gives its page."""
    opened: list[Any] = []

    def enter(**options: Any) -> Any:
        # Without motion, colours are what they are at once, not on their way.
        usual = {"viewport": DESK, "locale": "en-GB", "reduced_motion": "reduce"}
        context = chromium.new_context(**{**usual, **options})
        context.set_default_timeout(20_000)
        opened.append(context)
        return context.new_page()

    yield enter
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def badge(chromium: Any, shop: Shop) -> Any:
    """What a browser keeps once the owner has signed in by a one-time link."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(shop.sign_in_link())
    page.locator("main button[type=submit], form button").first.click()
    page.wait_for_url(shop.address + "/")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def staff(visitor: Callable[..., Any], badge: Any, shop: Shop) -> Callable[..., Any]:
    """Open a browser in which the owner is signed in and reads the shop in a language."""

    def enter(language: str = "en", **options: Any) -> Any:
        page = visitor(storage_state=badge, **options)
        speak(page, shop, language)
        return page

    return enter


def speak(page: Any, shop: Shop, language: str) -> None:
    """Choose the language of the interface, as its form does."""
    page.goto(shop.address + "/account/inactive/")
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrf")
    answer = page.context.request.post(
        shop.address + "/language/",
        form={"language": language, "next": "/"},
        headers={"X-CSRFToken": token, "Referer": shop.address + "/"},
        max_redirects=0,
    )
    assert answer.status == 302, answer.status


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
