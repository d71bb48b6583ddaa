"""The pages in a real browser: accessible in every language and light, and alive without a reload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etalage.networks.base import Accepted, Account
from etalage.networks.practice.connector import PracticeConnector
from etalage.networks.practice.server.page_texts import LANGUAGES
from etalage.networks.practice.tests.posts import delivery, picture, publish, rendition
from tests.chromium import chromium
from tests.practice_network import PracticeNetwork

__all__ = ["chromium"]
pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[5] / "tests" / "browser" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def shop(practice: PracticeNetwork) -> Account:
    """A shop with a good name."""
    return practice.open_account(name="Maison Lune")


@pytest.fixture
def post_id(practice: PracticeNetwork, network: PracticeConnector, shop: Account) -> str:
    """A post with pictures and with comments in both directions."""
    facts = delivery(network)
    content = rendition(facts, picture("A brown boot"), picture("حذاء بني"), picture("Rode sjaal"))
    outcome = publish(network, shop, content, facts)
    assert isinstance(outcome, Accepted)
    practice.let_somebody(
        "comment", shop.handle, outcome.remote_id, author="Lotte", text="Mooi!", language="nl"
    )
    practice.let_somebody(
        "comment", shop.handle, outcome.remote_id, author="ليلى", text="بكم؟", language="ar"
    )
    practice.let_somebody("follow", shop.handle, author="Jules")
    return outcome.remote_id


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_axe_finds_nothing(
    language: str,
    scheme: str,
    width: int,
    chromium: Any,
    practice: PracticeNetwork,
    shop: Account,
    post_id: str,
) -> None:
    empty = practice.open_account()
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    for path in ("/", f"/@{shop.handle}", f"/posts/{post_id}", f"/@{empty.handle}", "/posts/1"):
        page.goto(f"{practice.base_url}{path}?lang={language}")
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules}).then(result => result.violations"
            ".map(rule => [rule.id, rule.nodes.map(node => node.html.slice(0, 160))]))",
            RULES,
        )
        assert found == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()


def test_a_new_comment_appears_without_a_reload(
    chromium: Any, practice: PracticeNetwork, shop: Account, post_id: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{practice.base_url}/posts/{post_id}?lang=en")
    page.evaluate("window.neverReloaded = true")
    practice.let_somebody("comment", shop.handle, post_id, author="Priya", text="Just now!", language="en")
    page.get_by_text("Just now!").wait_for(timeout=20_000)
    assert page.evaluate("window.neverReloaded")
    assert complaints == []
    context.close()
