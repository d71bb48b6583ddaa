"""Somebody in front of a browser, who signs in at the real Bluesky and says yes, or no.

The browser lives in a thread of its own: its driver runs an event loop, in which Django refuses to work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from tests.chromium import QUIET, needed_chromium
from tests.peers.bluesky import Person

T = TypeVar("T")
SECONDS = 30


class Browser:
    """`do(work)` has `work(page)` done on its one page, and hands back what came of it."""

    def __init__(self, path: str) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._thread.submit(self._open, path).result()

    def do(self, work: Callable[[Any], T]) -> T:
        """The page's own thread does it; what it raises is raised here."""
        return self._thread.submit(work, self._page).result()

    def fresh(self) -> None:
        """Forget all that was: no cookies, an empty page."""
        self._thread.submit(self._renew).result()

    def close(self) -> None:
        """End the browser."""
        self._thread.submit(self._end).result()
        self._thread.shutdown()

    def _open(self, path: str) -> None:
        from playwright.sync_api import sync_playwright

        self._driver = sync_playwright().start()
        # A test's shop has a name that only this browser and the network's own server know.
        arguments = [*QUIET, "--host-resolver-rules=MAP *.home.arpa 127.0.0.1"]
        self._browser = self._driver.chromium.launch(executable_path=path, args=arguments)
        self._page: Any = None
        self._renew()

    def _renew(self) -> None:
        if self._page:
            self._page.context.close()
        context = self._browser.new_context(ignore_https_errors=True, locale="en-GB")
        context.set_default_timeout(SECONDS * 1000)
        # The shop under test is served without events; the browser would ask again and again.
        context.route("**/live/*", lambda route: route.abort())
        self._page = context.new_page()

    def _end(self) -> None:
        self._browser.close()
        self._driver.stop()


def sign_in(page: Any, person: Person) -> None:
    """On the network's own page, with the account's own password, which nobody else sees."""
    name = page.locator("input[name=username]")
    if name.is_editable():
        name.fill(person.handle)
    page.locator("input[name=password]").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def say_yes(page: Any, person: Person) -> None:
    """Sign in, and allow what is asked for."""
    sign_in(page, person)
    page.get_by_role("button", name="Authorize").click()


def say_no(page: Any, person: Person) -> None:
    """Sign in, and do not."""
    sign_in(page, person)
    page.get_by_role("button", name="Deny access").click()


@pytest.fixture(scope="session")
def _browser() -> Iterator[Browser]:
    browser = Browser(needed_chromium())
    yield browser
    browser.close()


@pytest.fixture
def browser(_browser: Browser) -> Browser:
    """A browser in which nothing happened yet."""
    _browser.fresh()
    return _browser
