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

from etalage.kit import clock
from etalage.networks.base import Account, Received, ReceivedKind
from etalage.networks.bluesky.records import SITE, post_page
from etalage.networks.rows import ODD

OVERLAP = timedelta(days=1)
SURE_OVERLAP = timedelta(hours=1)
# Rows that are read again beyond the sure stretch, so that a busy account costs no more each time.
MOST_AGAIN = 500
MOST_PAGES = 500  # of one walk: 50,000 rows; what lies behind them is not read
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
    again: int = 0  # rows that this walk has read beyond the sure stretch
    pages: int = 0  # that this walk has read

    @classmethod
    def read(cls, cursor: str) -> Place:
        """The place that `text` made; the beginning for an empty cursor.

        Raises ValueError for anything else, and for a place that nobody can have read up to yet.
        """
        if not cursor:
            return cls()
        try:
            data = json.loads(cursor)
            marks, ahead = (tuple(str(mark) for mark in data[name]) for name in ("marks", "ahead"))
            newest, floor = moment(data["newest"]), moment(data["floor"])
            again, pages = (int(data.get(name, 0)) for name in ("again", "pages"))
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError("This is no cursor of ours.") from error
        if max(newest, floor) > clock.now() + SURE_OVERLAP:
            raise ValueError("From there on, nothing would ever be new.")
        return cls(newest, floor, marks, ahead, str(data["walk"]), again, pages)

    def text(self) -> str:
        """A cursor for the next time; about 3,300 characters at most."""
        moments = {"newest": self.newest.isoformat(), "floor": self.floor.isoformat()}
        data = {
            **moments,
            "marks": self.marks,
            "ahead": self.ahead,
            "walk": self.walk,
            "again": self.again,
            "pages": self.pages,
        }
        return json.dumps(data, separators=(",", ":"))

    def after(self, rows: list[Any], walk: str) -> tuple[list[Any], Place]:
        """The rows of a page that are new, and the place behind them; `walk` is empty on the last page.

        A row without a moment counts as new. Raises ValueError when none has one: this is another language.
        """
        moments = [at for row in rows if (at := _moment_of(row))]
        if rows and not moments:
            raise ValueError("These are no notifications.")
        near = [row for row in rows if (_moment_of(row) or self.floor) >= self.floor - OVERLAP]
        again = self.again + sum(at < self.floor - SURE_OVERLAP for at in moments)
        known = {*self.marks, *self.ahead}
        fresh = [row for row in near if _mark(row) not in known]
        ahead = self.ahead if self.walk else tuple(_mark(row) for row in fresh)[:MOST_MARKS]
        # A row that claims to be of the future must not make all that comes until then look old.
        newest = min(max([self.newest, *moments]), clock.now())
        pages = self.pages + 1
        # A page may be empty and still not the last: who is muted or blocked is taken off it after it was cut.
        goes_on = len(near) == len(rows) and walk not in ("", self.walk)
        if goes_on and again < MOST_AGAIN and pages < MOST_PAGES:
            return fresh, replace(self, newest=newest, ahead=ahead, walk=walk, again=again, pages=pages)
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


def _moment_of(row: Any) -> datetime | None:
    """When a notification was, None for an odd one."""
    try:
        return moment(row["indexedAt"])
    except ODD:
        return None


def _mark(row: Any) -> str:
    """A short sign for one notification; 48 bits, so that two of a stretch never look the same."""
    names = (row.get("reason"), row.get("uri")) if isinstance(row, dict) else (None,)
    is_known = all(isinstance(name, str) for name in names)
    sign = " ".join(map(str, names)) if is_known else json.dumps(row, sort_keys=True)
    return hashlib.sha256(sign.encode()).hexdigest()[:12]


def _text(value: Any) -> str:
    """A text, empty for anything else."""
    return value if isinstance(value, str) else ""
