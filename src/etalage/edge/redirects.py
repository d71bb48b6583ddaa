"""Where a tracked link leads: always to a page of our own site, whatever the table says."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from etalage.edge.answers import NO_STORE, Answer
from etalage.edge.links import Link

LONGEST_TARGET = 2000
_POLICY = (b"referrer-policy", b"no-referrer")
_ROBOTS = (b"x-robots-tag", b"noindex, nofollow")


def stays_at_home(target: str) -> bool:
    """True when every browser resolves this target to a page of our own site.

    Refused: other schemes and hosts (`//host`), backslashes (browsers read them as slashes), control
    characters and blanks (browsers drop some of them before they look for `//`), and dot segments, also
    encoded, which proxies fold into something else.
    """
    if not target.startswith("/") or len(target) > LONGEST_TARGET:
        return False
    if any(sign <= " " or sign in {"\x7f", "\\"} or "\ud800" <= sign <= "\udfff" for sign in target):
        return False
    path = target.partition("#")[0].partition("?")[0]
    seen = unquote(path)
    if "\\" in seen or any(sign < " " for sign in seen) or "//" in seen:
        return False
    return not any(part in {".", ".."} for part in seen.split("/"))


def redirect(location: str) -> Answer:
    """A 302 that nobody keeps. `location` is a checked path; what is not ASCII is percent-encoded."""
    encoded = quote(location, safe="/:?#[]@!$&'()*+,;=%-._~").encode("ascii")
    return Answer(302, b"", (b"location", encoded), NO_STORE, _POLICY, _ROBOTS)


def with_code(target: str, code: str) -> str:
    """The target with `l=<code>` in its query, before a fragment, so that the page knows the link."""
    address, mark, fragment = target.partition("#")
    return f"{address}{'&' if '?' in address else '?'}l={code}{mark}{fragment}"


LOST = redirect("/shop/?lost=link")  # nobody knows this code
MOMENT = redirect("/shop/?lost=moment")  # the links cannot be read now


@dataclass(frozen=True, slots=True)
class Landing:
    """A link with its two answers made ready: while it lives, and afterwards."""

    link: Link
    live: Answer
    ended: Answer


def landing(link: Link) -> Landing | None:
    """The answers for a link, None when its target would leave our site."""
    if not stays_at_home(link.target_path):
        return None
    return Landing(
        link, redirect(with_code(link.target_path, link.code)), redirect(f"/shop/ended/?l={link.code}")
    )
