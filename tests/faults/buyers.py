"""Buyers and the staff at the counter, as their browsers are: they read the pages, send the forms, and send again."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from django.utils.crypto import get_random_string

from etalage.accounts.models import Store
from etalage.catalogue.models import Product, Stock, Variant
from tests.faults.crowd import Answer, Caller

CODE, CODE_LIMIT_SHARE = "BOOTS", 0.15  # of the pieces on all shelves
TWICE = 0.25  # a button pressed twice, at once
CANCELS, COLLECTS, BOTH = 0.3, 0.5, 0.1  # what becomes of a reservation; the rest waits on
REDEEMS = 0.2  # of flows, a code used at the till


@dataclass(frozen=True)
class Shelf:
    """Pieces of one variant in the one store of this run."""

    slug: str
    sku: str
    variant: str
    store: str
    pieces: int


def new_shelf(store: Store, pieces: int) -> Shelf:
    """A product that nobody else has, and so many pieces of it in this store."""
    name = f"boots-{uuid4().hex[:8]}"
    product = Product.objects.create(handle=name, slug=name, title={"en": name}, search_text=name)
    variant = Variant.objects.create(product=product, sku=name.upper(), price_minor=4900, currency="EUR")
    Stock.objects.create(variant=variant, store=store, on_hand=pieces)
    return Shelf(name, variant.sku, str(variant.pk), str(store.pk), pieces)


@dataclass
class Buyers:
    """What each caller does again and again. `forgets_key`: the control, a form that is sent anew as another."""

    shelves: list[Shelf]
    staff: list[dict[str, str]]  # cookies of people at the counter
    forgets_key: bool = False
    only_reserves: bool = False
    code_is_used_up: threading.Event = field(default_factory=threading.Event)
    numbers: dict[int, int] = field(default_factory=dict)

    def __call__(self, caller: Caller) -> None:
        """One visit: reserve, and see what becomes of it."""
        caller.from_anywhere()
        chance = caller.chance
        code, secret, pieces = self._reserve(caller)
        luck = chance.random()
        if self.only_reserves or not code:
            return
        if luck < CANCELS:
            self._cancel(caller, code, secret)
        elif luck < CANCELS + COLLECTS:
            self._collect(caller, code, in_parts=pieces > 1 and chance.random() < 0.4)
        elif luck < CANCELS + COLLECTS + BOTH:
            other = caller.another()
            thread = threading.Thread(target=self._cancel, args=(other, code, secret), kwargs={"races": True})
            thread.start()
            self._collect(caller, code, races=True)
            thread.join()
        if chance.random() < REDEEMS and not self.code_is_used_up.is_set():
            self._redeem(caller)

    def _reserve(self, caller: Caller) -> tuple[str, str, int]:
        """Code, secret and pieces of a new reservation; an empty code when the shelf was empty."""
        chance = caller.chance
        self.numbers[caller.number] = self.numbers.get(caller.number, 0) + 1
        name = f"Buyer {caller.number} visit {self.numbers[caller.number]}"
        shelf, pieces = chance.choice(self.shelves), chance.choice((1, 1, 2, 3))
        address = f"/en/shop/p/{shelf.slug}/"
        found = fields_of(caller.page(f"{address}?v={shelf.sku}", {}))
        if "request_key" not in found:  # the page has no form where nothing is left
            caller.note(did="refused", name=name, status=409)
            return "", "", 0
        hidden = ("variant", "seen", "request_key", "sku", "l")
        form: dict[str, str] = {field: found[field] for field in hidden if field in found}
        form |= {"store": shelf.store, "quantity": str(pieces), "name": name}
        form |= {"email": f"{name.replace(' ', '.').lower()}@example.com"}
        answer = self._send(caller, f"{address}reserve/", form)
        if answer.status == 302:
            place = urlsplit(answer.headers["location"])
            code, secret = place.path.rstrip("/").rpartition("/")[2], parse_qs(place.query)["k"][0]
            caller.note(did="reserved", name=name, code=code, pieces=pieces, sku=shelf.sku)
            return code, secret, pieces
        caller.note(did="refused", name=name, status=answer.status)
        return "", "", 0

    def _send(self, caller: Caller, path: str, form: dict[str, str]) -> Answer:
        """The form, sent until it is answered, now and then from two windows at once."""
        if self.forgets_key:
            return _with_new_keys(caller, path, form)
        if caller.chance.random() < TWICE:
            other = threading.Thread(target=_quietly, args=(caller.another(), path, form))
            other.start()
            answer = caller.form(path, form, {})
            other.join()
            return answer
        return caller.form(path, form, {})

    def _cancel(self, caller: Caller, code: str, secret: str, *, races: bool = False) -> None:
        answer = caller.form(f"/en/shop/r/{code}/cancel/", {"k": secret}, {})
        did = "cancelled" if answer.status == 302 else "odd"
        caller.note(did=did, code=code, races=races, status=answer.status)

    def _collect(self, caller: Caller, code: str, *, in_parts: bool = False, races: bool = False) -> None:
        """Handed over as the page shows it, again until the page says that it is; the first of the parts alone."""
        staff, chance, address = caller.chance.choice(self.staff), caller.chance, f"/counter/r/{code}/"
        parts = 0
        while True:
            page = caller.page(address, staff)
            found = fields_of(page)
            pieces = {name: value for name, value in found.items() if name.startswith("piece-")}
            if page.status != 200 or not pieces:
                break
            form = {"seen": found["seen"], **pieces, "rest": "free"}
            if in_parts and not parts:
                form |= dict.fromkeys(pieces, "1") | {"rest": "keep"}
            if chance.random() < 0.3 and not self.code_is_used_up.is_set():
                form |= {"code": CODE}
            if chance.random() < TWICE:
                _quietly(caller.another(), f"{address}hand-over/", form, staff)
            answer = caller.form(f"{address}hand-over/", form, staff)
            parts += 1
            if answer.status != 302:
                caller.note(did="odd", code=code, status=answer.status)
                break
            if "code" in form:
                self._look_at_code(caller, address, staff)
        caller.note(did="collected", code=code, races=races, parts=parts)

    def _look_at_code(self, caller: Caller, address: str, staff: dict[str, str]) -> None:
        """Nobody goes on with a code that is used up: the counter has a brake on guessing."""
        if "piece-" in caller.page(address, staff).text:
            self.code_is_used_up.set()

    def _redeem(self, caller: Caller) -> None:
        staff = caller.chance.choice(self.staff)
        key = fields_of(caller.page("/counter/", staff)).get("request_key", "")
        receipt = get_random_string(12)
        form = {"request_key": key, "code": CODE, "receipt": receipt}
        if caller.chance.random() < TWICE:
            _quietly(caller.another(), "/counter/redeem/", form, staff)
        answer = caller.form("/counter/redeem/", form, staff)
        if answer.status == 302:
            caller.note(did="redeemed", receipt=receipt)
        else:
            self.code_is_used_up.set()
            caller.note(did="not redeemed", receipt=receipt, status=answer.status)


def _quietly(caller: Caller, path: str, form: dict[str, str], cookies: dict[str, str] | None = None) -> None:
    """The same form from another window, once; whatever is answered, if anything."""
    caller.form_once(path, form, cookies or {})


def _with_new_keys(caller: Caller, path: str, form: dict[str, str]) -> Answer:
    """As a form without a key of its own would do it: each try is a wish of its own."""
    while True:
        answer = caller.form_once(path, {**form, "request_key": get_random_string(32)}, {})
        if answer is not None and answer.status < 500:
            return answer


_FIELD = re.compile(r"<input\b[^>]*>")
_NAME, _VALUE = re.compile(r'\bname="([^"]*)"'), re.compile(r'\bvalue="([^"]*)"')


def fields_of(page: Answer) -> dict[str, Any]:
    """The hidden fields and numbers of a page, as its forms would send them."""
    found: dict[str, Any] = {}
    for text in _FIELD.findall(page.text):
        name, value = _NAME.search(text), _VALUE.search(text)
        if name and value and ('type="hidden"' in text or 'type="number"' in text):
            found[name[1]] = value[1]
    return found
