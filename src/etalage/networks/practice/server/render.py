"""The practice network's HTML: every text of people is escaped, isolated and finds its own direction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import urlsplit

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal

from etalage.networks.counting import LINK
from etalage.networks.practice.server.ledger import Row, clock
from etalage.networks.practice.server.page_texts import LANGUAGES, TEXTS

HUES = 8
ICONS: Mapping[str, str] = {
    "views": "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
    "likes": "M12 20s-8-5-8-11a4.5 4.5 0 0 1 8-2.8A4.5 4.5 0 0 1 20 9c0 6-8 11-8 11z",
    "comments": "M4 5h16v11H9l-5 4z",
    "shares": "M7 7h9a4 4 0 0 1 4 4v1M17 17H8a4 4 0 0 1-4-4v-1M10 4 7 7l3 3M14 14l3 3-3 3",
    "clicks": "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
    "reservations": "M5 8h14l-1 12H6zM9 8a3 3 0 0 1 6 0",
}


@dataclass(frozen=True)
class Voice:
    """A page's language: its words, numbers and times."""

    language: str

    def __getitem__(self, name: str) -> str:
        """The page's word for `name`, escaped."""
        return escape(TEXTS[self.language][name])

    @property
    def direction(self) -> str:
        """The direction of the page."""
        return "rtl" if self.language == "ar" else "ltr"

    def number(self, value: int) -> str:
        """A number as the language writes it."""
        return escape(format_decimal(value, locale=self.language))

    def ago(self, at: float) -> str:
        """A moment as a `<time>`: near ones as a distance, far ones as a date."""
        moment = datetime.fromtimestamp(at, UTC)
        passed = timedelta(seconds=max(1, round(clock() - at)))
        if passed < timedelta(days=7):
            text = format_timedelta(-passed, locale=self.language, add_direction=True, threshold=1)
        else:
            text = format_datetime(moment, "d MMM y", locale=self.language)
        return f'<time datetime="{moment.isoformat(timespec="seconds")}">{escape(text)}</time>'


def page(voice: Voice, path: str, title: str, body: str, aside: str = "") -> str:
    """A whole page; `path` is its own address without a language."""
    links = "".join(
        _language_link(path, code, name, code == voice.language) for code, name in LANGUAGES.items()
    )
    return f"""<!doctype html>
<html lang="{voice.language}" dir="{voice.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · {voice["title"]}</title>
<link rel="stylesheet" href="/static/practice.css">
<link rel="icon" href="/static/practice.svg" type="image/svg+xml">
<script src="/static/practice.js" defer></script>
<noscript><meta http-equiv="refresh" content="15"></noscript>
</head>
<body>
<a class="skip" href="#posts">{voice["skip"]}</a>
<header class="top">
<div class="banner" role="note">{voice["banner"]}</div>
<div class="bar">
<a class="brand" href="/?lang={voice.language}"><img src="/static/practice.svg" alt="" width="32" height="32">
<span>{voice["title"]}</span></a>
<nav class="languages" aria-label="{voice["languages"]}">{links}</nav>
</div>
</header>
<div class="columns" data-live>
<main id="posts" tabindex="-1">{body}</main>
{aside}
</div>
</body>
</html>
"""


def _language_link(path: str, code: str, name: str, is_current: bool) -> str:
    current = ' aria-current="true"' if is_current else ""
    return f'<a href="{escape(path)}?lang={code}" lang="{code}" hreflang="{code}"{current}>{name}</a>'


def card(voice: Voice, status: Row, pictures: list[Row], comments: list[Row], *, whole: bool) -> str:
    """One post; `whole`: with all its comments, on its own page."""
    address = f"/posts/{status['id']}?lang={voice.language}"
    level = "h1" if whole else "h3"
    edited = f" · {voice['edited']}" if status["edited_at"] else ""
    figures = "".join(
        _figure(voice, name, status[name])
        for name in ("views", "likes", "comments", "shares", "clicks", "reservations")
    )
    more = "" if whole else f'<a class="more" href="{address}#comments">{voice["all_comments"]}</a>'
    thread = "".join(_comment(voice, row) for row in comments)
    if whole and not comments:
        thread = f'<li class="quiet">{voice["no_comments"]}</li>'
    handle, name = escape(status["handle"]), f"<bdi>{escape(status['name'])}</bdi>"
    return f"""<article class="post">
<header>{_avatar(status["name"])}
<div><{level} class="author"><a href="/@{handle}?lang={voice.language}">{name}</a></{level}>
<p class="meta"><bdi>@{handle}</bdi> · <a href="{address}">{voice.ago(status["at"])}</a>{edited}</p></div>
</header>
<p class="text" dir="auto" lang="{escape(status["language"])}">{linked(status["text"])}</p>
{_pictures(voice, pictures)}
<ul class="figures">{figures}</ul>
{f'<ul class="thread" id="comments">{thread}</ul>' if thread else ""}
{more if len(comments) < status["comments"] else ""}
</article>"""


def linked(text: str) -> str:
    """Text with its web addresses as links, shown without their scheme; line breaks are kept."""
    parts: list[str] = []
    place = 0
    for match in LINK.finditer(text):
        url = match.group()
        shown = re.sub(r"^https?://(www\.)?", "", url)
        shown = shown if len(shown) <= 34 else shown[:33] + "…"
        parts.append(_plain(text[place : match.start()]))
        if urlsplit(url).hostname:
            parts.append(
                f'<a href="{escape(url)}" rel="nofollow noopener"><bdi dir="ltr">{escape(shown)}</bdi></a>'
            )
        else:
            parts.append(escape(url))
        place = match.end()
    return "".join(parts) + _plain(text[place:])


def _plain(text: str) -> str:
    """Escaped text with hashtags marked."""
    return re.sub(r"(^|[^\w&])(#\w+)", r'\1<span class="tag">\2</span>', escape(text))


def _avatar(name: str) -> str:
    """A coloured disc with the first letter of a name."""
    hue = sum(map(ord, name)) % HUES
    return f'<span class="avatar hue-{hue}" aria-hidden="true">{escape(name[:1].upper())}</span>'


def _icon(name: str) -> str:
    return (
        f'<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="{ICONS[name]}"/></svg>'
    )


def _figure(voice: Voice, name: str, value: int) -> str:
    return (
        f'<li class="{name}">{_icon(name)}<span>{voice.number(value)}</span> '
        f'<span class="unseen">{voice[name]}</span></li>'
    )


def _pictures(voice: Voice, pictures: list[Row]) -> str:
    """The pictures in a grid, each with its description to open."""
    if not pictures:
        return ""
    cells = "".join(
        f'<figure><a href="/media/{row["media_id"]}"><img src="/media/{row["media_id"]}" alt="{escape(row["alt"])}" '
        f'width="{row["width"]}" height="{row["height"]}" loading="lazy" decoding="async"></a>'
        f'<figcaption><details><summary>ALT<span class="unseen"> {voice["alt"]}</span></summary>'
        f'<p dir="auto">{escape(row["alt"]) or voice["no_alt"]}</p></details></figcaption></figure>'
        for row in pictures
    )
    return f'<div class="pictures count-{min(len(pictures), 4)}">{cells}</div>'


def _comment(voice: Voice, row: Row) -> str:
    """One comment; the shop's own answer is marked."""
    is_shop = row["author_id"].startswith("account:")
    badge = f' <span class="badge">{voice["answer_of"]}</span>' if is_shop else ""
    kind, name = ' class="answer"' if is_shop else "", f'<bdi class="name">{escape(row["author_name"])}</bdi>'
    return f"""<li id="act-{row["id"]}"{kind}>{_avatar(row["author_name"])}
<div class="bubble"><p class="meta">{name}{badge} · {voice.ago(row["at"])}</p>
<p class="said" dir="auto" lang="{escape(row["language"])}">{linked(row["text"])}</p></div></li>"""


def side(voice: Voice, totals: Mapping[str, int], lately: list[Row]) -> str:
    """The running figures and what people did last."""
    tiles = "".join(
        f'<div class="tile {name}"><dt>{voice[name]}</dt><dd>{voice.number(value)}</dd></div>'
        for name, value in totals.items()
    )
    rows = "".join(
        f'<li>{_avatar(row["author_name"])}<p><bdi class="name">{escape(row["author_name"])}</bdi> '
        f"{voice['act_' + row['kind']]} <bdi>{escape(row['name'])}</bdi><br>{voice.ago(row['at'])}</p></li>"
        for row in lately
    )
    return f"""<aside>
<section aria-labelledby="figures"><h2 id="figures">{voice["figures"]}</h2><dl class="tiles">{tiles}</dl></section>
<section class="lately" aria-labelledby="now"><h2 id="now">{voice["now"]}</h2>
{f"<ul>{rows}</ul>" if rows else f'<p class="quiet">{voice["quiet"]}</p>'}</section>
</aside>"""
