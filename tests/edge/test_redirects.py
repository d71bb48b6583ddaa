"""No open redirect: whatever stands in the table, a browser stays on our site (T14)."""

from __future__ import annotations

import itertools
import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.edge.links import Link
from etalage.edge.redirects import landing, stays_at_home
from tests.edge.world import Shop, running

HOME = "https://shop.example/l/VASE22"
HOSTS = ["evil.example", "evil.example:443", "user@evil.example", "shop.example@evil.example", "shop.example.evil",
         "127.0.0.1", "[::1]", "2130706433", "xn--evl-3ma.example", "evil%E3%80%82example"]  # fmt: skip
LEADS = [
    "//{}", "///{}", "////{}", "/\\{}", "\\\\{}", "\\/{}", "/\\/{}", "/\t/{}", "/\n/{}", "/\r/{}", "\t//{}", " //{}",
    "/\t\\{}", "/ /{}", "http://{}", "https://{}", "https:{}", "https:/{}", "http:\\\\{}", "HTTPS://{}", "ftp://{}",
    "javascript://{}/%0aalert(1)", "data:text/html,{}", "blob:https://{}", "{}", "/%5c{}", "/%09/{}", "/%2f{}",
    "/%2f%2f{}", "/..//{}", "/../../{}", "/.//{}", "/%2e%2e//{}", "/shop/..//..//{}", "/shop//{}", "/\x00/{}",
    "/\x7f/{}", "/\x0b/{}", "/shop\r\nLocation: https://{}", "/shop\r\n\r\n<script>{}", "", "?//{}", "#//{}",
    "/\ud800{}", "/shop/\\..\\{}", "/%0d%0aLocation:%20https://{}", "/%00{}",
]  # fmt: skip
HOSTILE = sorted({lead.format(host) for lead, host in itertools.product(LEADS, HOSTS)})


def test_the_corpus_is_as_large_as_the_bar_asks() -> None:
    assert len(HOSTILE) >= 400


def test_every_hostile_target_is_refused() -> None:
    assert [target for target in HOSTILE if stays_at_home(target)] == []


def test_a_hostile_target_in_the_table_lands_in_the_shop(shop: Shop) -> None:
    storable = [target for target in HOSTILE if "\ud800" not in target][::8]
    for number, target in enumerate(storable):
        shop.link(f"BAD{number:03}", target)
    with running(shop.config()) as edge:
        answers = {edge.tap(f"/l/BAD{number:03}").headers["location"] for number in range(len(storable))}
    assert answers == {"/shop/?lost=link"}


@pytest.mark.parametrize(
    "target",
    ["/", "/shop/", "/shop/fr/vase-bleu/", "/shop/?q=a//b", "/p?next=//evil.example", "/p#//evil.example",
     "/shop/ar/مزهرية/", "/shop/50%25-off", "/p;v=1", "/p:1", "/shop/a.b/..c"],
)  # fmt: skip
def test_pages_of_our_own_are_let_through(target: str) -> None:
    assert stays_at_home(target)


def browser_host(location: str) -> str | None:
    """The host where a browser goes: it drops tabs and line ends and reads backslashes as slashes first."""
    seen = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    return urlsplit(urljoin(HOME, seen)).hostname


@settings(deadline=None, max_examples=400)
@given(
    st.one_of(st.text(), st.text().map("/".__add__), st.text(alphabet="/\\.:@%20ace?#\t\n").map("/".__add__))
)
def test_whatever_is_let_through_stays_on_our_site_and_in_one_header_line(target: str) -> None:
    found = landing(Link("VASE22", target, None, "0" * 32))
    if found is None:
        return
    location = dict(found.live.headers)[b"location"].decode("ascii")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert location.isprintable()
    assert browser_host(location) == "shop.example"
    assert "l=VASE22" in location
