"""What people do on the practice network: comment, like, share, follow; and the stream that tells an account of it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from etalage.networks.practice.server.ledger import Ledger, Member, Row, clock
from etalage.networks.practice.server.web import Problem

COUNTED = {"comment": "comments", "like": "likes", "share": "shares"}


@dataclass(frozen=True)
class Author:
    """Who acts: a simulated person, or an account that answers."""

    id: str
    handle: str
    name: str


def author_of(member: Member) -> Author:
    """An account as the author of its own comments."""
    return Author(f"account:{member.id}", member.handle, member.name)


def act(
    ledger: Ledger,
    kind: str,
    author: Author,
    account_id: int,
    *,
    status_id: int | None = None,
    reply_to: int | None = None,
    text: str = "",
    language: str = "",
) -> int | None:
    """Write one act and count it on its status; returns its id, or None when this author had done it already."""
    try:
        with ledger.writing() as db:
            cursor = db.execute(
                "INSERT INTO acts (account_id, kind, status_id, reply_to, author_id, author_handle, author_name, "
                "text, language, at) VALUES (?,?,?,?,?,?,?,?,?,?)",
                (
                    account_id,
                    kind,
                    status_id,
                    reply_to,
                    author.id,
                    author.handle,
                    author.name,
                    text,
                    language,
                    clock(),
                ),
            )
            if column := COUNTED.get(kind):
                db.execute(f"UPDATE statuses SET {column} = {column} + 1 WHERE id=?", (status_id,))  # noqa: S608
    except sqlite3.IntegrityError:
        return None
    return cursor.lastrowid


def count(ledger: Ledger, status_id: int, figure: str) -> None:
    """Add one to a figure of a status: views, clicks, previews or reservations."""
    if figure not in {"views", "clicks", "previews", "reservations"}:
        raise ValueError(figure)
    ledger.db.execute(f"UPDATE statuses SET {figure} = {figure} + 1 WHERE id=?", (status_id,))  # noqa: S608


def comments_on(ledger: Ledger, status_id: int, *, newest: int | None = None) -> list[Row]:
    """Comments on a status, oldest first; with `newest`, only that many of the last ones."""
    rows = ledger.rows(
        "SELECT * FROM acts WHERE status_id=? AND kind='comment' ORDER BY id DESC LIMIT ?",
        status_id,
        newest or 500,
    )
    return rows[::-1]


def own_act(ledger: Ledger, member: Member, act_id: str) -> Row:
    """An act towards the member's account; raises `Problem` 404."""
    found = (
        ledger.row("SELECT * FROM acts WHERE id=? AND account_id=?", int(act_id), member.id)
        if act_id.isdecimal() and len(act_id) < 19
        else None
    )
    if found is None:
        raise Problem(404, "comment_unknown", "There is no such comment.")
    return found


def stream(ledger: Ledger, member: Member, after: int, limit: int) -> list[Row]:
    """What others did towards the account, oldest first, after the act `after`."""
    return ledger.rows(
        "SELECT * FROM acts WHERE account_id=? AND id>? AND author_id<>? ORDER BY id LIMIT ?",
        member.id,
        after,
        author_of(member).id,
        limit,
    )


def as_json(row: Row, base_url: str) -> dict[str, Any]:
    """An act as the API tells it."""
    return {
        "id": str(row["id"]),
        "kind": row["kind"],
        "status_id": _text(row["status_id"]),
        "in_reply_to": _text(row["reply_to"]),
        "author": {"id": row["author_id"], "handle": row["author_handle"], "name": row["author_name"]},
        "text": row["text"],
        "language": row["language"],
        "at": row["at"],
        "url": f"{base_url}/posts/{row['status_id']}#act-{row['id']}" if row["status_id"] else base_url,
    }


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
