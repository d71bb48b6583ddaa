"""Reads the forms of a page the way a browser fills them in."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

Fields = dict[str, list[str]]


class _Forms(HTMLParser):
    """Collects each form of a page: where it goes, and what it would send as it stands."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[tuple[str, Fields]] = []
        self._inside = False
        self._select = self._area = ""
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((urlsplit(urljoin(self.address, found.get("action", ""))).path, {}))
            self._inside = found.get("method", "get").lower() == "post"
            if not self._inside:
                self.forms.pop()
        elif not self._inside:
            return
        elif tag == "input" and "disabled" not in found:
            self._input(found)
        elif tag == "select":
            self._select, self._options = found.get("name", ""), []
        elif tag == "option" and self._select:
            self._options.append((found.get("value", ""), "selected" in found))
        elif tag == "textarea":
            self._area = found.get("name", "")
            self._keep(self._area, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected]
            first = [value for value, _selected in self._options[:1]]
            for value in chosen or first:
                self._keep(self._select, value)
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][1][self._area][-1] += data.lstrip("\n")

    def _input(self, found: dict[str, str]) -> None:
        kind = found.get("type", "text")
        if kind in {"submit", "button", "file", "image", "reset"} or not found.get("name"):
            return
        if kind in {"checkbox", "radio"} and "checked" not in found:
            return
        default = "on" if kind in {"checkbox", "radio"} else ""
        self._keep(found["name"], found.get("value", default))

    def _keep(self, name: str, value: str) -> None:
        if name and self.forms:
            self.forms[-1][1].setdefault(name, []).append(value)


def form_for(address: str, html: str, page: str = "") -> dict[str, Any]:
    """What the first form of `html` that goes to `address` would send; empty when there is none."""
    reader = _Forms(page or address)
    reader.feed(html)
    path = urlsplit(address).path
    fields = next((fields for action, fields in reader.forms if action == path), {})
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}
