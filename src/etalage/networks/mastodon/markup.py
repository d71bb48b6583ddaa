"""The HTML in which the network writes texts, made plain: words, line breaks and addresses stay."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

from etalage.kit.text import storable

LONGEST = 50_000  # characters that are read of one status
_LINES = frozenset({"br", "li", "div", "tr"})
_OPENING = frozenset({"br", "li"})  # their end is no break of its own
_PARAGRAPHS = frozenset({"p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})


class _Reader(HTMLParser):
    """Gathers the words, and every address that something was linked to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self._link: tuple[str, int] | None = None  # its address, and where its words begin

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)
        if tag == "a":
            facts = dict(attrs)
            address, names = facts.get("href") or "", (facts.get("class") or "").split()
            self.links.append(address)
            # A mention or a hashtag is a word; only the address of a true link is worth reading.
            is_word = "mention" in names or "hashtag" in names
            self._link = ("" if is_word else address, len(self.words))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            address, begin = self._link
            shown = "".join(self.words[begin:]).strip()
            if address.startswith(("http://", "https://")) and shown != address:
                # Shown in parts ("https://", "shop.example/", "l/abc") or shortened, it is the address itself.
                named = [] if not shown or shown.rstrip("…") in address else [f"{shown} "]
                self.words[begin:] = [*named, address]
            self._link = None
        if tag not in _OPENING:
            self._break(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        self.words.append("\n\n" if tag in _PARAGRAPHS else "\n" if tag in _LINES else "")


def _read(markup: str) -> _Reader:
    # Made well-formed first: the reader takes minutes for what an ill-wisher leaves open, and the cleaner does not.
    allowed = {"a": {"href", "class"}}
    tidy = nh3.clean(
        storable(markup[:LONGEST]), tags={"a", *_LINES, *_PARAGRAPHS}, attributes=allowed, link_rel=None
    )
    reader = _Reader()
    reader.feed(tidy)
    reader.close()
    return reader


def plain(markup: str) -> str:
    """The words of a status: a line per break, an empty line between paragraphs, links with their addresses."""
    lines = [" ".join(line.split()) for line in "".join(_read(markup).words).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def links(markup: str) -> list[str]:
    """All addresses that a status links to, as they stand in it."""
    return _read(markup).links
