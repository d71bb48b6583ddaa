"""A click on a tracked link: what is kept of it, and what is not (no address, no full agent, no full
referrer).

Loss window: a click is committed a tenth of a second after its redirect, and on a busy machine within half a
second (`LOSS_WINDOW_S`): those may be gone after `kill -9`, and none before them. A power cut may take one second
more, as the file is synced every 0.8 s and not per commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from etalage.edge.store import SQLiteStore

LINGER_S = 0.1
SETTLE_S = 0.8
LOSS_WINDOW_S = 0.5

_SCHEMA = (
    # AUTOINCREMENT: a place is never given out twice, also after pruning, so that readers' cursors hold.
    """
    CREATE TABLE click (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        code TEXT NOT NULL,
        link_id TEXT NOT NULL,
        happened_us INTEGER NOT NULL,
        bot TEXT NOT NULL,
        visitor TEXT,
        method TEXT NOT NULL,
        kind TEXT NOT NULL,
        late INTEGER NOT NULL,
        referrer_host TEXT NOT NULL,
        language TEXT NOT NULL
    )
    """,
    "CREATE INDEX click_time ON click (happened_us)",
)


class Click(NamedTuple):
    """One use of a link. `bot` says why it does not count, empty for people; no consent, no `visitor`.

    `late`: the link had ended. `kind`: "link" or "qr". `language`: two letters or empty. UTC microseconds.
    """

    id: str
    code: str
    link_id: str
    happened_us: int
    bot: str
    visitor: str | None
    method: str
    kind: str
    late: bool
    referrer_host: str
    language: str


def click_store(path: Path) -> SQLiteStore[Click]:
    """The file of clicks."""
    return SQLiteStore(path, _SCHEMA, "click", Click._fields, "NORMAL")


def referrer_host(headers: Mapping[bytes, bytes]) -> str:
    """The host that the click came from, in lower case, without port, user and path; empty when not said."""
    address = headers.get(b"referer", b"").partition(b"://")[2]
    host = address.partition(b"/")[0].partition(b"?")[0].rpartition(b"@")[2].partition(b":")[0]
    if not host or len(host) > 253 or not host.replace(b".", b"").replace(b"-", b"").isalnum():
        return ""
    return host.decode("ascii").lower()


def language_guess(headers: Mapping[bytes, bytes]) -> str:
    """The first language that the browser names, as two letters; empty when it names none."""
    wanted = headers.get(b"accept-language", b"").lstrip()[:3].lower()
    if not wanted[:2].isalpha() or wanted[2:].isalpha():  # three letters are another language
        return ""
    return wanted[:2].decode("ascii") if len(wanted) >= 2 else ""
