"""What people do towards the account: the server's notifications, read into `Received`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from etalage.kit.http_network import Answer
from etalage.networks.base import Account, ChannelRefused, CouldNotRead, Page, Received, ReceivedKind
from etalage.networks.mastodon.answers import could_not_read, lasting
from etalage.networks.mastodon.instance import host_of
from etalage.networks.mastodon.markup import plain
from etalage.networks.mastodon.wire import Wire
from etalage.networks.rows import ODD, each_read
from etalage.networks.wire import id_of, its_time, json_of, web_address

ROWS = 80  # the most that real Mastodon gives at once
PAGES_BACK = 25
SETTLED_AFTER = timedelta(minutes=1)  # by the server's clock
_KINDS = {
    "mention": ReceivedKind.MENTION,
    "favourite": ReceivedKind.LIKE,
    "reblog": ReceivedKind.SHARE,
    "follow": ReceivedKind.FOLLOW,
    "follow_request": ReceivedKind.FOLLOW,  # accounts that are locked are asked first
}
LONGEST_LINKS = 2_000  # characters of the header
_LINK = re.compile(r'<([^<>]*)>\s*;\s*rel="?(\w+)"?')


def fetch(wire: Wire, account: Account, cursor: str) -> Page | CouldNotRead | ChannelRefused:
    """The notifications after `cursor` (an id of one), oldest first. None is marked as read or dismissed."""
    answer = wire.answer("/api/v1/notifications", _asked(min_id=cursor or "0"))
    if not isinstance(answer, Answer):
        return answer
    rows = rows_of(answer, enough=any)
    if not isinstance(rows, list):
        return rows
    if not rows:
        return Page((), cursor)
    newest = _ids(rows)[0]
    forward = link_value(answer, "prev", "min_id")
    if not forward:
        # No links: such a server gives its newest whatever `min_id` is, and as few at once as it likes. So the way goes
        # back until the place is met.
        older = _back_to(wire, cursor, rows)
        if not isinstance(older, list):
            return older
        rows = older
    items, odd = each_read(reversed(rows), lambda row: received(row, account))
    settled = _settled(rows, its_time(answer))
    if len(settled) < len(rows) and forward in ("", newest):
        return Page(tuple(items), _ids(settled)[0] if _ids(settled) else cursor, odd=odd)
    return Page(tuple(items), forward or newest, bool(forward), odd)


def _settled(rows: list[Any], now: datetime) -> list[Any]:
    """The rows that have none beside or behind them from the last minute; what claims to be of the future is old.

    A server of several processes deals out ids that become visible in another order: behind a young row an older one
    may still appear, and nobody asks there again. What is read twice is known to be the same.
    """
    for place in reversed(range(len(rows))):
        try:
            is_young = abs(moment(rows[place]["created_at"]) - now) < SETTLED_AFTER
        except ODD:
            continue
        if is_young:
            return rows[place + 1 :]
    return rows


def _back_to(wire: Wire, cursor: str, rows: list[Any]) -> list[Any] | CouldNotRead | ChannelRefused:
    """The rows and all that are older, until the one called `cursor`."""
    known = set(_ids(rows))
    for _ in range(PAGES_BACK):
        if cursor in known:
            break
        older = wire.answer("/api/v1/notifications", _asked(max_id=_ids(rows)[-1]))
        page = rows_of(older, enough=any)
        if not isinstance(page, list):
            return page
        page = [row for row in page if id_of(row) not in known]
        if not _ids(page):
            break
        rows = rows + page
        known.update(_ids(page))
    places = [id_of(row) for row in rows]
    return rows[: places.index(cursor)] if cursor in known else rows


def _asked(**place: str) -> dict[str, Any]:
    """What is asked: also what the server lays aside, such as private mentions by whom the shop does not follow."""
    return {"limit": str(ROWS), "types[]": list(_KINDS), "include_filtered": "true", **place}


def _ids(rows: list[Any]) -> list[str]:
    return [found for row in rows if (found := id_of(row))]


def rows_of(
    answer: Answer | CouldNotRead | ChannelRefused, *, enough: Callable[[Iterable[bool]], bool] = all
) -> list[Any] | CouldNotRead | ChannelRefused:
    """A list of objects, newest first. `enough`: how many must have an id, else this is another language."""
    if not isinstance(answer, Answer):
        return answer
    rows = json_of(answer)
    if isinstance(rows, list) and (not rows or enough(bool(id_of(row)) for row in rows)):
        return rows
    return could_not_read(answer)


def link_value(answer: Answer, relation: str, name: str) -> str:
    """A parameter out of the answer's link header (RFC 8288); the ids in it may be of another kind than the rows'."""
    for address, found in _LINK.findall(answer.headers.get("link", "")[:LONGEST_LINKS]):
        if found == relation:
            try:
                values: list[str] = parse_qs(urlsplit(address).query).get(name, [""])
            except ValueError:
                return ""
            return values[0]
    return ""


def moment(text: Any) -> datetime:
    """A moment of the API; raises ValueError or TypeError when it is none."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def received(row: Mapping[str, Any], account: Account) -> Received | None:
    """One notification, or None for one that says nothing here; raises what a wrong shape raises."""
    kind = _KINDS.get(str(row["type"]))
    if kind is None:
        return None
    author, status = row["account"], row.get("status") or {}
    author_id = str(author["id"])
    if author_id == account.remote_id:
        return None
    facts: dict[str, Any] = {
        "author_id": author_id,
        "author_handle": _full_handle(str(author["acct"]), account.base_url),
        "author_name": str(author.get("display_name") or author["acct"]),
        "at": moment(row["created_at"]),
    }
    if kind is ReceivedKind.FOLLOW:
        # A request that is granted may come again as a follow: one person follows once.
        return Received(kind, author_id, url=web_address(author), **facts)
    if kind is not ReceivedKind.MENTION:
        ours = status.get("reblog") or status
        return Received(
            kind, str(row["id"]), on_remote_id=lasting(str(ours["id"])), url=web_address(ours), **facts
        )
    before = lasting(str(status.get("in_reply_to_id") or ""))
    answers_us = bool(before) and str(status.get("in_reply_to_account_id")) == account.remote_id
    if status.get("visibility") == "direct":
        kind = ReceivedKind.MESSAGE
    elif answers_us:
        kind = ReceivedKind.COMMENT
    return Received(
        kind,
        lasting(str(status["id"])),
        text=plain(str(status["content"])),
        language=str(status.get("language") or ""),
        on_remote_id=before if answers_us else "",
        in_reply_to="" if answers_us else before,
        url=web_address(status),
        **facts,
    )


def _full_handle(acct: str, origin: str) -> str:
    """The handle with its server, which the API leaves out for its own people."""
    return acct if "@" in acct else f"{acct}@{host_of(origin)}"
