"""Nothing is changed by a form that another site sent, and nonsense in an address breaks no page."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import World
from tests.house.urls import Address, addresses

STANDING_FOR = {
    "lang": "en",
    "slug": "boots",
    "code": "ABC-123",
    "name": "approve",
    "purpose": "credit",
    "secret": "x",
    "path": "x",
    "rest": "x",
    "key": "x-y",
    "uidb36": "x",
    "pk": 1,
}


def place(address: Address) -> str:
    """The address with something in each of its places."""
    return reverse(address.name, kwargs={name: STANDING_FOR.get(name, uuid4()) for name in address.params})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_is_taken_from_a_form_of_another_site(world: World, method: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")
    asked = 0
    for address in addresses():
        answer = browser.generic(
            method,
            place(address),
            "a=b",
            content_type="application/x-www-form-urlencoded",
            headers={"origin": "https://evil.example"},
        )
        assert answer.status_code in {403, 404, 405}, address.name
        asked += answer.status_code == 403
    assert asked > 40


NONSENSE = [
    "",
    "x",
    "0",
    "-1",
    "99999999999999999999999",
    "9999-12-31",
    "0001-01-01",
    "2026-13-45",
    "2026-W60",
    "\x00",
    "'\"--<script>",
    "🧦" * 300,
    "٢٠٢٦",
    "null",
    "1e999",
    "[]",
]
NAMES = """
    q search state status store since until from to start end month week day date year page after before model by
    period channel campaign kind who category tag sort order view language l lost product sku format size next
"""


def lists() -> list[Address]:
    """Every page without a place in its address, and the public ones."""
    left_out = {"web:live", "account_logout", "accounts:business"}
    return [a for a in addresses() if set(a.params) <= {"lang"} and a.name not in left_out]


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_in_an_address_breaks_no_page(signed_in: dict[str, Client], text: str) -> None:
    owner = signed_in["owner"]
    owner.raise_request_exception = True
    broken: dict[str, Any] = {}
    for address in lists():
        try:
            status = owner.get(place(address), dict.fromkeys(NAMES.split(), text)).status_code
        except Exception as error:  # collected, so that one run names every page
            broken[address.name] = repr(error)[:200]
        else:
            if status >= 500:
                broken[address.name] = status
    assert not broken


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/en/shop/p/a%00b/", None),
        ("/enter/a%00b/", {}),
        ("/counter/r/a%00b/", None),
        ("/account/login/", {"login": "a\0b@example.com", "password": "x"}),
        ("/counter/redeem/", {"code": "a\0b"}),
        ("/language/", {"a\0b": "x"}),
        ("/posts/?q=a%00b", None),
    ],
)
def test_what_no_database_can_keep_is_refused_before_it_is_asked(
    signed_in: dict[str, Client], address: str, form: dict[str, str] | None
) -> None:
    answer = signed_in["owner"].get(address) if form is None else signed_in["owner"].post(address, form)
    assert answer.status_code == 400
