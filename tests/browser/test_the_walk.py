"""The stranger's walk: sign in, compose, publish, click as a customer, reserve, hand over, see the credit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser.conftest import DESK, PHONE, speak
from tests.browser.looking import Eye
from tests.browser.shop import Shop


@dataclass(frozen=True)
class Walk:
    """Who walks: language, screen, the words of the post, and the customer."""

    language: str
    screen: dict[str, int]
    words: str
    customer: str
    email: str


WALKS = [
    Walk("en", DESK, "Straight from the workshop, this week only", "Nora Peeters", "nora.walk@example.com"),
    Walk("ar", PHONE, "وصلت اليوم من الورشة، لهذا الأسبوع فقط", "ليلى منصور", "leila.walk@example.com"),
]


@pytest.mark.parametrize("walk", WALKS, ids=["english-desk", "arabic-phone"])
def test_a_stranger_walks_from_the_first_link_to_the_credit(
    walk: Walk, shop: Shop, visitor: Callable[..., Any]
) -> None:
    staff = visitor(viewport=walk.screen)
    eye = Eye(staff)
    sign_in(staff, shop, walk)
    compose_and_publish(staff, shop, walk)
    see_it_published_without_a_reload(staff)
    counter = staff.context.new_page()
    counter.goto(shop.address + "/counter/")
    code, price = click_and_reserve(visitor, shop, walk)
    see_the_customer_arrive_without_a_reload(counter, code)
    hand_over(counter, code)
    see_the_credit(staff, shop, walk, price)
    assert eye.found == []


def sign_in(page: Any, shop: Shop, walk: Walk) -> None:
    """Open the one-time link, press its button, and choose a language."""
    page.goto(shop.sign_in_link())
    page.locator("main form button, form button").first.click()
    page.wait_for_url(shop.address + "/")
    speak(page, shop, walk.language)
    page.goto(shop.address + "/")
    assert page.locator("html").get_attribute("lang") == walk.language
    assert page.locator("html").get_attribute("dir") == ("rtl" if walk.language == "ar" else "ltr")


def compose_and_publish(page: Any, shop: Shop, walk: Walk) -> None:
    """Write a post about a product that is in stock, with its picture, for the channel of this language."""
    page.goto(shop.address + "/posts/new/")
    words = page.locator(f"#id_text_{walk.language}")
    if not words.is_visible():
        page.locator(f"details:has(#id_text_{walk.language}) > summary").click()
    words.fill(walk.words)
    title = shop.ask(
        f"SELECT json_extract(p.title, '$.{walk.language}') FROM catalogue_product p "
        "JOIN catalogue_variant v ON v.product_id = p.id JOIN catalogue_stock s ON s.variant_id = v.id "
        "WHERE p.status = 'active' AND v.retired_at IS NULL GROUP BY p.id HAVING min(s.on_hand - s.reserved) > 1"
    )
    page.locator("#product-search").fill(title)
    found = page.locator("#picked li", has_text=title).first
    found.locator("label:has(input[name=products])").click()
    found.locator("label:has(input[name=product_pictures])").click()
    channel = shop.ask("SELECT id FROM channels_channel WHERE language = ?", walk.language)
    for box in page.locator("input[name=channels]").all():
        value = box.get_attribute("value")
        if box.is_checked() != (value == channel):
            page.locator(f"label:has(input[value='{value}'])").click()
    page.locator("#previews", has_text=walk.words).wait_for()
    page.locator("button[name=do][value=publish]").click()
    page.wait_for_url(re.compile(r"/posts/[0-9a-f-]{36}/$"))


def see_it_published_without_a_reload(page: Any) -> None:
    """The page of the post tells by itself that the network has it."""
    page.evaluate("window.neverReloaded = true")
    page.locator("#post .list-end .badge.good").first.wait_for(timeout=40_000)
    assert page.evaluate("window.neverReloaded")


def click_and_reserve(visitor: Callable[..., Any], shop: Shop, walk: Walk) -> tuple[str, str]:
    """Find the post on the network, follow its link and reserve, on a phone and without any script."""
    page = visitor(viewport=PHONE, java_script_enabled=False, locale=walk.language)
    handle = shop.ask("SELECT handle FROM channels_channel WHERE language = ?", walk.language)
    page.goto(f"{shop.network}/@{handle}?lang={walk.language}")
    post = page.locator("article", has_text=walk.words).first
    assert post.locator("img").count(), "the post has its picture"
    post.locator(f"a[href^='{shop.address}/']").first.click()
    page.wait_for_url(re.compile(rf"/{walk.language}/shop/p/"))
    price = page.locator(".price.big bdi").first.inner_text()
    page.locator("label:has(input[name=store]:not([disabled]))").first.click()
    page.locator("input[name=name]").fill(walk.customer)
    page.locator("input[name=email]").fill(walk.email)
    page.locator("form[data-reserve] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/shop/r/[A-Z0-9]+/\?k="))
    code = re.search(r"/shop/r/([A-Z0-9]+)/", page.url)
    assert code and code.group(1) in page.content()
    return code.group(1), price


def see_the_customer_arrive_without_a_reload(counter: Any, code: str) -> None:
    """Whoever stands at the counter sees the reservation come in."""
    counter.locator(f"a[href*='/counter/r/{code}/']").first.wait_for(timeout=30_000)


def hand_over(counter: Any, code: str) -> None:
    """Type the code, hand everything over."""
    counter.locator("main input[name=q]").fill(code)
    counter.locator("main input[name=q]").press("Enter")
    counter.wait_for_url(re.compile(rf"/counter/r/{code}/"))
    counter.locator("#hand-over button[type=submit]").click()
    counter.locator("#hand-over .badge.good, #hand-over .state.good").first.wait_for()


def see_the_credit(page: Any, shop: Shop, walk: Walk, price: str) -> None:
    """The results say which post sold it, and for how much; the work behind takes a moment."""
    row = page.locator("#results tr", has_text=walk.words[:20])
    for _again in range(40):
        page.goto(shop.address + "/results/?by=post")
        if row.count():
            break
        page.wait_for_timeout(500)
    assert bare(price) in bare(row.first.inner_text())


def bare(text: str) -> str:
    """A text without the signs that only steer its direction and spacing."""
    return re.sub(r"[\s\u200e\u200f\u061c\u2066-\u2069\u00a0\u202f]", "", text)
