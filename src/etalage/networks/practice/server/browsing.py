"""A simulated person's browser: follows links inside the shop, keeps cookies, reads forms and fills them in."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from etalage.networks.practice.server.push import LOOPBACK

MOST_REDIRECTS = 5
MOST_BYTES = 2_000_000
PRODUCT_PAGE = re.compile(r"/shop/p/[^/]+/(\?|$)")


@dataclass
class Field:
    """A control of a form: its kind ("text", "email", "select", "radio", "submit"…), name, value and choices."""

    kind: str
    name: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    is_on: bool = False
    hint: str = ""  # autocomplete


@dataclass
class Form:
    """A form of a page; `marks` are the names of its data- attributes, without `data-`."""

    action: str
    method: str
    marks: frozenset[str]
    fields: list[Field] = field(default_factory=list)


@dataclass(frozen=True)
class Link:
    """A link of a page and the names of its data- attributes."""

    href: str
    marks: frozenset[str]


class PageReader(HTMLParser):
    """Finds the forms and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[Link] = []
        self._form: Form | None = None
        self._select: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a tag opens."""
        has = {name: value or "" for name, value in attrs}
        marks = frozenset(name.removeprefix("data-") for name in has if name.startswith("data-"))
        if tag == "a" and has.get("href"):
            self.links.append(Link(has["href"], marks))
        elif tag == "form":
            self._form = Form(has.get("action", ""), has.get("method", "get").lower(), marks)
            self.forms.append(self._form)
        elif tag == "option" and self._select is not None and "disabled" not in has:
            self._select.options.append(has.get("value", ""))
            if "selected" in has:
                self._select.value = has.get("value", "")
        elif self._form is not None and has.get("name") and "disabled" not in has:
            self._take_control(tag, has)

    def _take_control(self, tag: str, has: dict[str, str]) -> None:
        """Take a named control of the open form."""
        kinds = {"input": has.get("type", "text").lower(), "button": has.get("type", "submit").lower()}
        kind = kinds.get(tag, tag)
        if tag not in {"input", "button", "select", "textarea"} or self._form is None:
            return
        is_on = "checked" in has
        control = Field(
            kind, has["name"], has.get("value", ""), is_on=is_on, hint=has.get("autocomplete", "")
        )
        self._form.fields.append(control)
        if tag == "select":
            self._select = control

    def handle_endtag(self, tag: str) -> None:
        """Close what a tag closes."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None


@dataclass(frozen=True)
class Visit:
    """A page that was reached: its address, status, forms and links."""

    url: str
    status: int
    forms: list[Form]
    links: list[Link]

    def form(self, mark: str) -> Form | None:
        """The first form with this data- attribute."""
        return next((form for form in self.forms if mark in form.marks), None)

    def consent(self) -> Form | None:
        """The shop's question whether it may recognise this browser."""
        asked = (form for form in self.forms if "consent" in form.marks or "/consent/" in form.action)
        return next(asked, None)

    def products(self) -> list[str]:
        """Addresses of the product pages that this page links to."""
        wanted = (
            link.href for link in self.links if "product" in link.marks or PRODUCT_PAGE.search(link.href)
        )
        return list(dict.fromkeys(urljoin(self.url, href) for href in wanted))


@dataclass(frozen=True)
class Visitor:
    """What somebody writes into a form."""

    name: str
    email: str
    agrees: bool


class Browser:
    """One person's browser. It refuses every address outside the shop."""

    def __init__(self, shop: str, agent: str, language: str, transport: httpx.AsyncBaseTransport) -> None:
        self.shop = shop
        self._client = httpx.AsyncClient(
            transport=transport,
            trust_env=False,
            timeout=10.0,
            headers={"user-agent": agent, "accept-language": language, "accept": "text/html"},
        )

    async def open(self, url: str) -> Visit:
        """GET an address of the shop and follow its redirects inside the shop."""
        return await self._go("GET", url)

    async def send(self, visit: Visit, form: Form, values: list[tuple[str, str]]) -> Visit:
        """Send a filled form of a page."""
        target = urljoin(visit.url, form.action) if form.action else visit.url
        parts = urlsplit(visit.url)
        headers = {"referer": visit.url, "origin": f"{parts.scheme}://{parts.netloc}"}
        if form.method == "post":
            data: dict[str, list[str]] = {}
            for name, value in values:
                data.setdefault(name, []).append(value)
            return await self._go("POST", target, data=data, headers=headers)
        return await self._go("GET", str(httpx.URL(target, params=values)))

    async def _go(
        self,
        method: str,
        url: str,
        *,
        data: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Visit:
        for _ in range(MOST_REDIRECTS + 1):
            if not is_of_shop(url, self.shop):
                raise ValueError(f"{url} is not of the shop")
            answer = await self._client.request(method, url, data=data, headers=headers)
            if not answer.is_redirect:
                return read_page(url, answer)
            url = urljoin(url, answer.headers.get("location", ""))
            method, data = "GET", None  # what a browser does after 302 and 303
        raise ValueError(f"{url} redirects without an end")


def is_of_shop(url: str, shop: str) -> bool:
    """True for an address of the shop on this machine; localhost and 127.0.0.1 are the same."""
    here, home = urlsplit(url), urlsplit(shop)
    return bool(shop) and here.scheme == "http" and here.hostname in LOOPBACK and here.port == home.port


def read_page(url: str, answer: httpx.Response) -> Visit:
    """Read forms and links of an answer; none when it is not HTML."""
    reader = PageReader()
    if "html" in answer.headers.get("content-type", ""):
        reader.feed(answer.text[:MOST_BYTES])
    return Visit(url, answer.status_code, reader.forms, reader.links)


def fill(form: Form, visitor: Visitor, chance: random.Random) -> list[tuple[str, str]]:
    """The form's names and values as this person fills it in: required choices by chance, unknown texts left empty."""
    return [*_typed(form, visitor, chance), *_chosen(form, chance), *_pressed(form)]


def _typed(form: Form, visitor: Visitor, chance: random.Random) -> Iterator[tuple[str, str]]:
    for control in form.fields:
        if control.kind in {"submit", "button", "image", "reset", "file", "radio"}:
            continue
        if control.kind == "checkbox":
            if control.is_on or (visitor.agrees and _asks_consent(control)):
                yield control.name, control.value or "on"
        elif control.kind == "select":
            choices = [option for option in control.options if option]
            yield control.name, control.value or (chance.choice(choices) if choices else "")
        else:
            yield control.name, _text_for(control, visitor)


def _text_for(control: Field, visitor: Visitor) -> str:
    """What belongs into a text control."""
    name = control.name.lower()
    if control.kind == "hidden":
        return control.value
    if control.kind == "email" or "mail" in name:
        return visitor.email
    if control.hint in {"name", "given-name"} or name in {"name", "full_name", "customer_name"}:
        return visitor.name
    return control.value


def _asks_consent(control: Field) -> bool:
    return any(word in control.name.lower() for word in ("consent", "agree", "remember"))


def _chosen(form: Form, chance: random.Random) -> Iterator[tuple[str, str]]:
    """One choice for each group of radio buttons."""
    groups: dict[str, list[str]] = {}
    for control in form.fields:
        if control.kind == "radio":
            groups.setdefault(control.name, []).append(control.value)
    for name, values in groups.items():
        yield name, chance.choice(values)


def _pressed(form: Form) -> Iterator[tuple[str, str]]:
    """The first button, where it has a name."""
    for control in form.fields:
        if control.kind == "submit":
            yield control.name, control.value
            return
