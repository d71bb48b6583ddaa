"""Accounts of the practice network and their tokens."""

from __future__ import annotations

import re
import secrets
from typing import Any

from etalage.networks.abilities import Mechanism
from etalage.networks.practice.server.ledger import Ledger, Member, clock, member_of
from etalage.networks.practice.server.web import Problem, Request

HANDLE = re.compile(r"[a-z0-9_.]{2,30}")


def register(ledger: Ledger, data: dict[str, Any]) -> Member:
    """Open an account; whoever asks gets one. Raises `Problem` 422 or 409."""
    handle = str(data.get("handle", "")).strip().lstrip("@").lower()
    face = str(data.get("face", Mechanism.IDEMPOTENCY_KEY))
    if not HANDLE.fullmatch(handle):
        raise Problem(422, "handle_invalid", "2 to 30 of a-z, 0-9, _ and .", field="handle")
    if face not in set(Mechanism):
        raise Problem(422, "face_unknown", f"One of {', '.join(Mechanism)}.", field="face")
    with ledger.writing():
        if ledger.value("SELECT 1 FROM accounts WHERE handle=?", handle):
            raise Problem(409, "handle_taken", "This handle is taken.", field="handle")
        ledger.db.execute(
            "INSERT INTO accounts (id, handle, name, language, face, lag, key_seconds, token, at, "
            "stated_settle) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                ledger.new_id(),
                handle,
                str(data.get("name") or handle)[:80],
                str(data.get("language") or "en")[:8],
                face,
                _seconds(data, "lag", 0.0),
                _seconds(data, "key_seconds", 3600.0),
                secrets.token_urlsafe(24),
                clock(),
                _seconds(data, "settle", 0.0) if "settle" in data else None,
            ),
        )
    return by_handle(ledger, handle)


def _seconds(data: dict[str, Any], name: str, default: float) -> float:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400:
        raise Problem(422, "seconds_invalid", f"{name} is a number of seconds up to a day.", field=name)
    return float(value)


def by_handle(ledger: Ledger, handle: str) -> Member:
    """The account with this handle; raises `Problem` 404."""
    found = member_of(ledger.row("SELECT * FROM accounts WHERE handle=?", handle.lstrip("@").lower()))
    if found is None:
        raise Problem(404, "account_unknown", "There is no such account.")
    return found


def by_token(ledger: Ledger, request: Request) -> Member:
    """The account that the request's bearer token opens; raises `Problem` 401."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    found = member_of(ledger.row("SELECT * FROM accounts WHERE token=?", token)) if kind == "Bearer" else None
    if found is None or not found.token_alive:
        raise Problem(401, "token_dead", "This token opens no account.")
    return found


def writer(ledger: Ledger, request: Request) -> Member:
    """As `by_token`, and the account may write; raises `Problem` 403."""
    found = by_token(ledger, request)
    if not found.may_write:
        raise Problem(403, "permission_missing", "This token may only read.", permission="write")
    return found


def change(ledger: Ledger, handle: str, data: dict[str, Any]) -> Member:
    """Change what the network does with an account: face, lag, key_seconds, token_alive, may_write."""
    member = by_handle(ledger, handle)
    face = str(data.get("face", member.face))
    if face not in set(Mechanism):
        raise Problem(422, "face_unknown", f"One of {', '.join(Mechanism)}.", field="face")
    ledger.db.execute(
        "UPDATE accounts SET face=?, lag=?, key_seconds=?, token_alive=?, may_write=? WHERE id=?",
        (
            face,
            _seconds(data, "lag", member.lag),
            _seconds(data, "key_seconds", member.key_seconds),
            bool(data.get("token_alive", member.token_alive)),
            bool(data.get("may_write", member.may_write)),
            member.id,
        ),
    )
    return by_handle(ledger, handle)
