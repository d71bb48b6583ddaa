"""Every page, in every language: accessible, within the security policy, and no wider than a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.browser.addresses import shop_pages, sign_in_pages, staff_pages
from tests.browser.conftest import DESK, LANGUAGES, speak
from tests.browser.looking import BUT_CONTRAST, CONTRAST, EVERYTHING, Eye
from tests.browser.shop import Shop

ON_A_PHONE_TOO = {"en", "ar"}  # axe once more at 390 pixels: a left-to-right and a right-to-left page
COLOURED = {"en", "ar"}  # to measure the contrast takes longer than all else, and words have no colour
IN_THE_DARK = {"en"}


def look_at(page: Any, shop: Shop, paths: Iterable[str], language: str) -> list[str]:
    """Everything that is wrong with these pages."""
    eye = Eye(page)
    for path in paths:
        address = shop.address + path
        page.set_viewport_size(DESK)
        eye.open(address)
        eye.axe(path, "desk", EVERYTHING if language in COLOURED else BUT_CONTRAST)
        eye.fits(path, 390)
        if language in ON_A_PHONE_TOO:
            eye.whole_phone()
            eye.axe(path, "phone")
        eye.fits(path, 320)
        if language in IN_THE_DARK:
            page.emulate_media(color_scheme="dark")
            eye.axe(path, "dark", CONTRAST)
            page.emulate_media(color_scheme="light")
    return eye.found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_staff(language: str, shop: Shop, staff: Callable[..., Any], a_file: str) -> None:
    page = staff(language)
    pages = [*staff_pages(shop), a_file]
    assert len(pages) > 40
    found = look_at(page, shop, pages, language)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_the_shop(language: str, shop: Shop, visitor: Callable[..., Any]) -> None:
    found = look_at(visitor(), shop, shop_pages(shop, language), language)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_signing_in(language: str, shop: Shop, visitor: Callable[..., Any]) -> None:
    page = visitor()
    speak(page, shop, language)
    found = look_at(page, shop, sign_in_pages(), language)
    assert not found, "\n".join(found)


@pytest.fixture(scope="session")
def a_file(chromium: Any, badge: Any, shop: Shop) -> str:
    """The address of a file that waits for its columns to be confirmed."""
    context = chromium.new_context(storage_state=badge)
    page = context.new_page()
    page.goto(shop.address + "/import/")
    table = b"SKU;Title;Price\nNEW-1;Lamp;12,50\n"
    page.set_input_files("input[type=file]", {"name": "goods.csv", "mimeType": "text/csv", "buffer": table})
    page.check("input[name=kind][value=products]")
    page.click("form:has(input[type=file]) .form-actions button")
    page.wait_for_url("**/import/*-*/")
    path = page.url.removeprefix(shop.address)
    context.close()
    return str(path)
