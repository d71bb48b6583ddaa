"""Statuses on the practice network: created, edited, withdrawn, listed. Every rule that a network would refuse by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from etalage.networks.counting import measure_text
from etalage.networks.practice.rules import LIMITS
from etalage.networks.practice.server.ledger import Ledger, Member, Row, clock
from etalage.networks.practice.server.web import Problem

COLUMNS = (
    "s.id, s.account_id, s.text, s.language, s.link, s.idempotency_key, s.client_key, s.at, s.visible_at, s.edited_at, "
    "s.removed_at, s.views, s.likes, s.shares, s.comments, s.clicks, s.previews, s.reservations, a.handle, a.name"
)
FIGURES = ("views", "likes", "shares", "comments", "clicks", "previews", "reservations")


@dataclass(frozen=True)
class Wish:
    """A status as somebody wants it, checked against the network's rules."""

    text: str
    language: str
    link: str
    pictures: tuple[tuple[int, str], ...]  # (media id, alternative text)


def read_wish(ledger: Ledger, member: Member, data: dict[str, Any]) -> Wish:
    """Check a status to be; raises `Problem` 422 that names the field and the rule."""
    text = _text(data, "text")
    if measure_text(text, LIMITS.text_unit, LIMITS.link_length) > LIMITS.text_limit:
        raise Problem(422, "text_too_long", f"At most {LIMITS.text_limit} characters.", field="text")
    pictures = data.get("pictures", [])
    if not isinstance(pictures, list) or len(pictures) > LIMITS.max_pictures:
        raise Problem(422, "too_many_pictures", f"At most {LIMITS.max_pictures} pictures.", field="pictures")
    if not text.strip() and not pictures:
        raise Problem(422, "text_empty", "A status needs a text or a picture.", field="text")
    checked = tuple(_picture(ledger, member, picture) for picture in pictures)
    return Wish(text, _text(data, "language")[:8] or member.language, _text(data, "link")[:2000], checked)


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise Problem(422, "not_text", f"{name} must be text.", field=name)
    return value


def _picture(ledger: Ledger, member: Member, picture: Any) -> tuple[int, str]:
    if not isinstance(picture, dict) or not str(picture.get("id", "")).isdecimal():
        raise Problem(422, "media_unknown", "Each picture is {id, alt}.", field="pictures")
    media_id, alt = int(picture["id"]), _text(picture, "alt")
    if not ledger.value("SELECT 1 FROM media WHERE id=? AND account_id=?", media_id, member.id):
        raise Problem(422, "media_unknown", "There is no such picture of yours.", field="pictures")
    if len(alt) > LIMITS.alt_text_limit:
        raise Problem(422, "alt_too_long", f"At most {LIMITS.alt_text_limit} characters.", field="pictures")
    return media_id, alt


def create(
    ledger: Ledger,
    member: Member,
    wish: Wish,
    *,
    idempotency_key: str = "",
    client_key: str | None = None,
    at: float | None = None,
) -> int:
    """Write a new status (`at`: one of the past) and return its id; `Problem` 409 when the client's key is taken."""
    with ledger.writing():
        if client_key and (taken := _id_by_client_key(ledger, member, client_key)):
            raise Problem(409, "key_exists", "A status with this key exists.", id=str(taken))
        status_id = ledger.new_id() if at is None else ledger.old_id(at)
        at = clock() if at is None else at
        ledger.db.execute(
            "INSERT INTO statuses (id, account_id, text, language, link, idempotency_key, client_key, at, visible_at) "
            "VALUES (?,?,?,?,?,?,?,?,?)",
            (
                status_id,
                member.id,
                wish.text,
                wish.language,
                wish.link,
                idempotency_key,
                client_key,
                at,
                at + member.lag,
            ),
        )
        _set_pictures(ledger, status_id, wish)
    return status_id


def _id_by_client_key(ledger: Ledger, member: Member, client_key: str) -> int | None:
    found: int | None = ledger.value(
        "SELECT id FROM statuses WHERE account_id=? AND client_key=?", member.id, client_key
    )
    return found


def id_by_idempotency_key(ledger: Ledger, member: Member, key: str) -> int | None:
    """The status that this key made, while the network remembers keys."""
    found: int | None = ledger.value(
        "SELECT id FROM statuses WHERE account_id=? AND idempotency_key=? AND at > ? ORDER BY id LIMIT 1",
        member.id,
        key,
        clock() - member.key_seconds,
    )
    return found


def _set_pictures(ledger: Ledger, status_id: int, wish: Wish) -> None:
    ledger.db.execute("DELETE FROM status_pictures WHERE status_id=?", (status_id,))
    ledger.db.executemany(
        "INSERT INTO status_pictures VALUES (?,?,?,?)",
        [(status_id, position, media_id, alt) for position, (media_id, alt) in enumerate(wish.pictures)],
    )


def edit(ledger: Ledger, status_id: int, wish: Wish) -> None:
    """Replace text, language, link and pictures."""
    with ledger.writing():
        ledger.db.execute(
            "UPDATE statuses SET text=?, language=?, link=?, edited_at=? WHERE id=?",
            (wish.text, wish.language, wish.link, clock(), status_id),
        )
        _set_pictures(ledger, status_id, wish)


def withdraw(ledger: Ledger, status_id: int) -> None:
    """Take a status away. The ledger keeps it, with the time."""
    ledger.db.execute(
        "UPDATE statuses SET removed_at=? WHERE id=? AND removed_at IS NULL", (clock(), status_id)
    )


def own(ledger: Ledger, member: Member, status_id: str) -> Row:
    """The member's own, standing status; raises `Problem` 404 or 410."""
    found = (
        ledger.row("SELECT * FROM statuses WHERE id=? AND account_id=?", int(status_id), member.id)
        if status_id.isdecimal() and len(status_id) < 19
        else None
    )
    if found is None:
        raise Problem(404, "status_unknown", "There is no such status of yours.")
    if found["removed_at"] is not None:
        raise Problem(410, "status_gone", "This status was taken away.")
    return found


def newest(
    ledger: Ledger,
    *,
    limit: int,
    before: int | None = None,
    account_id: int | None = None,
    visible: bool = True,
) -> list[Row]:
    """Standing statuses, newest first, older than the id `before`; `visible`: without those not yet visible."""
    where, values = ["s.removed_at IS NULL"], list[Any]()
    if visible:
        where.append("s.visible_at <= ?")
        values.append(clock())
    if before is not None:
        where.append("s.id < ?")
        values.append(before)
    if account_id is not None:
        where.append("s.account_id = ?")
        values.append(account_id)
    return ledger.rows(
        f"SELECT {COLUMNS} FROM statuses s JOIN accounts a ON a.id = s.account_id "  # noqa: S608 only constants
        f"WHERE {' AND '.join(where)} ORDER BY s.id DESC LIMIT ?",
        *values,
        limit,
    )


def pictures_of(ledger: Ledger, status_ids: list[int]) -> dict[int, list[Row]]:
    """Pictures in order, by status."""
    marks = ",".join("?" * len(status_ids))
    by_status: dict[int, list[Row]] = {}
    for row in ledger.rows(
        "SELECT p.status_id, p.media_id, p.alt, m.width, m.height "  # noqa: S608 only marks
        "FROM status_pictures p JOIN media m ON m.id = p.media_id "
        f"WHERE p.status_id IN ({marks}) ORDER BY p.status_id, p.position",
        *status_ids,
    ):
        by_status.setdefault(row["status_id"], []).append(row)
    return by_status


def save_draft(ledger: Ledger, member: Member, wish: Wish) -> int:
    """Keep a status to be, which nobody sees; returns the draft's id."""
    draft_id = ledger.new_id()
    ledger.db.execute(
        "INSERT INTO drafts (id, account_id, wish, at) VALUES (?,?,?,?)",
        (draft_id, member.id, json.dumps(wish.__dict__), clock()),
    )
    return draft_id


def own_draft(ledger: Ledger, member: Member, draft_id: str) -> Row:
    """The member's own draft; raises `Problem` 404."""
    found = (
        ledger.row("SELECT * FROM drafts WHERE id=? AND account_id=?", int(draft_id), member.id)
        if draft_id.isdecimal() and len(draft_id) < 19
        else None
    )
    if found is None:
        raise Problem(404, "draft_unknown", "There is no such draft of yours.")
    return found


def publish_draft(ledger: Ledger, member: Member, draft: Row) -> int:
    """Make a draft visible; the second time answers with the first time's status."""
    if draft["status_id"] is not None:
        return int(draft["status_id"])
    data = json.loads(draft["wish"])
    wish = Wish(
        data["text"], data["language"], data["link"], tuple((item[0], item[1]) for item in data["pictures"])
    )
    status_id = create(ledger, member, wish)
    ledger.db.execute("UPDATE drafts SET status_id=? WHERE id=?", (status_id, draft["id"]))
    return status_id
