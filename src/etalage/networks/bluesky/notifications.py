"""What people did towards an account, out of its notifications, and the place up to which they were read.

The network lists them newest first, by a moment that their author's clock can put back. So each reading goes a
little further back than the last one ended, and remembers what it has handed over from that stretch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from etalage.networks.base import Account, Received, ReceivedKind
from etalage.networks.bluesky.records import SITE, post_page

OVERLAP = timedelta(hours=1)
MOST_MARKS = 100  # what is remembered of the last stretch; beyond it something may be handed over twice

_KINDS: Mapping[str, ReceivedKind] = {
    "reply": ReceivedKind.COMMENT,
    "mention": ReceivedKind.MENTION,
    "quote": ReceivedKind.SHARE,
    "like": ReceivedKind.LIKE,
    "repost": ReceivedKind.SHARE,
    "follow": ReceivedKind.FOLLOW,
}
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """How far the notifications were read. `walk` is the network's own cursor while a long stretch is read."""

    newest: datetime = _BEGINNING  # of all that were handed over
    floor: datetime = _BEGINNING  # everything older than this was handed over before
    marks: tuple[str, ...] = ()  # what was handed over around the floor
    ahead: tuple[str, ...] = ()  # and around the newest, while a long stretch is read
    walk: str = ""

    @classmethod
    def read(cls, cursor: str) -> Place:
        """The place that `text` made; the beginning for an empty cursor. ValueError for anything else."""
        if not cursor:
            return cls()
        try:
            data = json.loads(cursor)
            marks, ahead = (tuple(str(mark) for mark in data[name]) for name in ("marks", "ahead"))
            return cls(moment(data["newest"]), moment(data["floor"]), marks, ahead, str(data["walk"]))
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("This is no cursor of ours.") from error

    def text(self) -> str:
        """A cursor for the next time; about 3,300 characters at most."""
        moments = {"newest": self.newest.isoformat(), "floor": self.floor.isoformat()}
        data = {**moments, "marks": self.marks, "ahead": self.ahead, "walk": self.walk}
        return json.dumps(data, separators=(",", ":"))

    def after(self, rows: list[Mapping[str, Any]], walk: str) -> tuple[list[Mapping[str, Any]], Place]:
        """The rows of a page that are new, and the place behind them; `walk` is empty on the last page."""
        near = [row for row in rows if moment(row["indexedAt"]) >= self.floor - OVERLAP]
        known = {*self.marks, *self.ahead}
        fresh = [row for row in near if _mark(row) not in known]
        ahead = self.ahead if self.walk else tuple(_mark(row) for row in fresh)[:MOST_MARKS]
        newest = max([self.newest, *(moment(row["indexedAt"]) for row in rows)])
        if len(near) == len(rows) and rows and walk:
            return fresh, replace(self, newest=newest, ahead=ahead, walk=walk)
        return fresh, Place(newest, newest, (ahead + self.marks)[:MOST_MARKS])


def moment(text: Any) -> datetime:
    """An aware moment out of the network's text. Raises ValueError, TypeError for what is none."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return read.astimezone(UTC)


def received(account: Account, row: Mapping[str, Any]) -> Received | None:
    """One notification in our words, None for a kind that is none of ours; raises what a wrong shape raises."""
    kind = _KINDS.get(row["reason"])
    if kind is None:
        return None
    author, record = row["author"], row["record"]
    did = str(author["did"])
    on, answers = _subject(account, row, record)
    languages = record.get("langs")
    return Received(
        kind=kind,
        remote_id=str(row["uri"]),
        author_id=did,
        author_handle=str(author["handle"]),
        author_name=_text(author.get("displayName")),
        at=moment(row["indexedAt"]),
        text=_text(record.get("text")),
        language=str(languages[0])[:2].lower() if isinstance(languages, list) and languages else "",
        on_remote_id=on,
        in_reply_to=answers,
        url=post_page(did, str(row["uri"])) or f"{SITE}/profile/{did}",
    )


def _subject(account: Account, row: Mapping[str, Any], record: Mapping[str, Any]) -> tuple[str, str]:
    """The post of ours that it belongs to, and the comment in between when it answers one."""
    reply = record.get("reply")
    if row["reason"] != "reply" or not isinstance(reply, dict):
        return str(row.get("reasonSubject") or ""), ""
    root, parent = str(reply["root"]["uri"]), str(reply["parent"]["uri"])
    ours = f"at://{account.remote_id}/"
    on = root if root.startswith(ours) else parent if parent.startswith(ours) else ""
    return on, parent if parent != on else ""


def _mark(row: Mapping[str, Any]) -> str:
    """A short sign for one notification; 48 bits, so that two of a stretch never look the same."""
    return hashlib.sha256(f"{row['reason']} {row['uri']}".encode()).hexdigest()[:12]


def _text(value: Any) -> str:
    """A text, empty for anything else."""
    return value if isinstance(value, str) else ""
