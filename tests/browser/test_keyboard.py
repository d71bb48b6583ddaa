"""Everything can be done without a mouse, and one always sees where one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.browser.shop import Shop

FOCUS = """
() => {
  // Within a date field the browser moves the focus itself and marks each part.
  const each = document.activeElement, own = /^date/.test(each.type ?? ""), style = getComputedStyle(each);
  const near = each.closest("label, .choice, .chip, li, summary, .field") ?? each;
  const around = getComputedStyle(near), beside = getComputedStyle(each.nextElementSibling ?? each);
  const marked = own || [style, around, beside].some(one => (one.outlineStyle !== "none" && one.outlineWidth !== "0px")
    || one.boxShadow !== "none");
  return {name: each.name || each.id || each.textContent.trim().slice(0, 40), tag: each.tagName, marked};
}
"""


def test_the_skip_link_is_first_and_leads_to_the_content(shop: Shop, staff: Callable[..., Any]) -> None:
    page = staff()
    page.goto(shop.address + "/posts/")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.get_attribute("href") == "#main"
    box = skip.bounding_box()
    assert box and box["y"] >= 0 and box["height"] > 20, "it is seen while it has the focus"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_post_is_composed_by_keyboard_alone(shop: Shop, staff: Callable[..., Any]) -> None:
    page = staff()
    page.goto(shop.address + "/posts/new/#main")
    page.locator("#main").focus()
    reached: list[str] = []
    unmarked: list[str] = []
    for _step in range(150):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found["tag"] == "BODY":
            break
        reached.append(found["name"])
        if not found["marked"]:
            unmarked.append(f"{found['tag']} {found['name']}")
        if found["name"] == "text_en":
            page.keyboard.type("Written without a mouse")
    assert {"text_en", "q", "channels", "pictures", "due_at", "do"} <= set(reached), reached
    assert not unmarked, f"no sign of the focus on: {unmarked}"
    page.locator(".form-actions button[name=do][value=save]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/posts/*-*/**")
    assert "Written without a mouse" in page.locator("main").inner_text()


def test_a_question_takes_the_focus_and_gives_it_back(shop: Shop, staff: Callable[..., Any]) -> None:
    page = staff()
    code = shop.ask("SELECT code FROM orders_reservation WHERE state = 'open'")
    page.goto(f"{shop.address}/counter/r/{code}/")
    button = page.locator("form[data-confirm] button").first
    button.focus()
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    assert page.evaluate("document.activeElement.closest('dialog[open]') !== null")
    for _step in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    assert button.evaluate("each => each === document.activeElement")
    assert shop.ask("SELECT state FROM orders_reservation WHERE code = ?", code) == "open"


FAILED_JOB = """
import django; django.setup()
from etalage.jobs.models import Job, State
from etalage.kit import clock
task = "etalage.orders.tasks.send_reservation_letter"
Job.objects.create(task=task, queue="orders", state=State.DEAD, attempts=3, max_attempts=3, backoff=1, lease_seconds=60,
    finished_at=clock.now(), error_class="smtplib.SMTPServerDisconnected", last_error="Connection closed")
"""


def test_a_part_that_is_fetched_again_leaves_its_reader_where_they_were(
    shop: Shop, staff: Callable[..., Any]
) -> None:
    shop.run(FAILED_JOB)
    page = staff()
    page.goto(shop.address + "/jobs/")
    for selector in ("main details summary", "main li form button", "main nav a:nth-of-type(2)"):
        page.locator(selector).first.focus()
        if "summary" in selector:
            page.keyboard.press("Enter")
        before = page.evaluate("document.activeElement.outerHTML")
        page.evaluate("document.querySelector('main li').dataset.old = ''")
        with page.expect_response(lambda answer: answer.url.endswith("/jobs/")):
            page.evaluate("document.body.dispatchEvent(new Event('jobs'))")
        # Not `wait_for_function`: its second look is an eval, which the page's policy forbids.
        page.locator("main li[data-old]").wait_for(state="detached")
        page.locator("body *:focus").wait_for(state="attached")
        assert page.evaluate("document.activeElement.outerHTML") == before
        assert page.locator("main details").first.get_attribute("open") is not None
