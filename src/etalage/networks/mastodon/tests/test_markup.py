"""The network's HTML becomes words that people can read, and nothing that a browser would run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.networks.mastodon.markup import links, plain

LINK = (
    '<a href="https://shop.example/l/abc" rel="nofollow"><span class="invisible">https://</span>'
    '<span class="ellipsis">shop.example</span><span class="invisible">/l/abc</span></a>'
)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>One<br>two</p><p>three</p>", "One\ntwo\n\nthree"),
        ("<p>R&amp;D &lt;b&gt; caf&eacute;</p>", "R&D <b> café"),
        (f"<p>See {LINK} now</p>", "See https://shop.example/l/abc now"),
        ('<p><a href="https://bank.evil.example/x">my bank</a></p>', "my bank https://bank.evil.example/x"),
        ('<a href="https://long.example/path/to">long.example/path…</a>', "https://long.example/path/to"),
        ('<a href="https://m.example/@ada" class="u-url mention">@<span>ada</span></a> hi', "@ada hi"),
        ('<a href="https://m.example/tags/sale" class="mention hashtag">#<span>sale</span></a>', "#sale"),
        ("<p>a</p><script>alert(1)</script><style>p{}</style><p>b</p>", "a\n\nb"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ("<ul><li>1</li><li>2</li></ul>", "1\n2"),
        ("مرحبا<br />بكم", "مرحبا\nبكم"),
        ("", ""),
        ("<p>open <b>ended", "open ended"),
        ("<p>half \ud83d and \0 none</p>", "half ? and none"),
    ],
)
def test_words_lines_and_addresses_stay(markup: str, words: str) -> None:
    assert plain(markup) == words


def test_every_address_is_found_whole() -> None:
    assert links(f'{LINK}<a href="https://x.example/?a=1&amp;b=2">x</a><a>none</a>') == [
        "https://shop.example/l/abc",
        "https://x.example/?a=1&b=2",
        "",
    ]


@settings(deadline=None)
@given(st.text(alphabet="<>/ap=\"'!-&;#x1 \nscriptbr"))
def test_broken_markup_never_breaks_the_reader(markup: str) -> None:
    assert plain(markup) == plain(markup).strip()


@pytest.mark.parametrize("piece", ["<a href='", "<a", "<!--", "</", "<div>", "<p>x", "&", "<![CDATA["])
def test_what_an_ill_wisher_never_closes_costs_no_time(piece: str) -> None:
    """Python's own reader alone takes some ten times as long for the first two, and for ever without a limit."""
    begun = time.process_time()
    plain(piece * 100_000)
    assert time.process_time() - begun < 2.0
