"""The practice network's API for other programs, in the manner of a real one."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, UnidentifiedImageError

from etalage.networks.abilities import Mechanism
from etalage.networks.practice.rules import LIMITS, limits_of
from etalage.networks.practice.server import acts, members, statuses
from etalage.networks.practice.server.happenings import happen
from etalage.networks.practice.server.ledger import Member, Row, clock
from etalage.networks.practice.server.push import is_loopback
from etalage.networks.practice.server.web import Problem, Request, Response, Router, answer
from etalage.networks.practice.server.world import World, carry_out

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def add_routes(router: Router) -> None:
    """Register the API."""
    for method, pattern, handler in (
        ("POST", "/api/accounts", open_account),
        ("GET", "/api/me", me),
        ("GET", "/api/limits", limits),
        ("PUT", "/api/push", set_push),
        ("POST", "/api/media", post_media),
        ("POST", "/api/statuses", post_status),
        ("GET", "/api/statuses", own_statuses),
        ("GET", "/api/statuses/{status_id}", get_status),
        ("PUT", "/api/statuses/{status_id}", put_status),
        ("DELETE", "/api/statuses/{status_id}", delete_status),
        ("GET", "/api/statuses/{status_id}/comments", get_comments),
        ("POST", "/api/statuses/{status_id}/comments", post_comment),
        ("POST", "/api/drafts", post_draft),
        ("GET", "/api/drafts/{draft_id}", get_draft),
        ("POST", "/api/drafts/{draft_id}/publish", publish_draft),
        ("GET", "/api/stream", get_stream),
        ("GET", "/api/stats", get_stats),
    ):
        router.on(method, pattern)(handler)


def status_json(world: World, row: Row) -> dict[str, Any]:
    """A status as the API tells it."""
    pictures = statuses.pictures_of(world.ledger, [row["id"]]).get(row["id"], [])
    return {
        "id": str(row["id"]),
        "url": f"{world.base_url}/posts/{row['id']}",
        "text": row["text"],
        "language": row["language"],
        "link": row["link"],
        "key": row["client_key"] or "",
        "at": row["at"],
        "edited_at": row["edited_at"],
        "pictures": [
            {
                "id": str(item["media_id"]),
                "alt": item["alt"],
                "url": f"{world.base_url}/media/{item['media_id']}",
            }
            for item in pictures
        ],
    }


def _status_answer(world: World, status_id: int, status: int = 200) -> Response:
    row = world.ledger.row("SELECT * FROM statuses WHERE id=?", status_id)
    if row is None:
        raise Problem(404, "status_unknown", "There is no such status.")
    return answer(status_json(world, row), status)


async def open_account(world: World, request: Request) -> Response:
    """Register an account; the answer holds its token."""
    member = members.register(world.ledger, request.json())
    return answer({**_member_json(world, member), "token": member.token}, 201)


def _member_json(world: World, member: Member) -> dict[str, Any]:
    return {
        "id": str(member.id),
        "handle": member.handle,
        "name": member.name,
        "language": member.language,
        "face": member.face,
        "url": f"{world.base_url}/@{member.handle}",
        "permissions": ["read", "write"] if member.may_write else ["read"],
    }


async def me(world: World, request: Request) -> Response:
    """The account that the token opens."""
    member = members.by_token(world.ledger, request)
    return await carry_out(
        world, request, member, "account", lambda: (answer(_member_json(world, member)), None)
    )


async def limits(world: World, request: Request) -> Response:
    """What this account may do."""
    member = members.by_token(world.ledger, request)
    return answer(limits_of(member.face, member.lag, member.key_seconds, member.stated_settle).to_json())


async def set_push(world: World, request: Request) -> Response:
    """Ask for webhooks at an address on this machine, signed with the given secret; an empty address ends them."""
    member, data = members.writer(world.ledger, request), request.json()
    url, secret = str(data.get("url", "")), str(data.get("secret", ""))
    if url and (not is_loopback(url) or len(secret) < 16):
        raise Problem(
            422, "push_invalid", "An http address on this machine and a secret of 16 signs or more."
        )
    world.ledger.db.execute(
        "UPDATE accounts SET push_url=?, push_secret=? WHERE id=?", (url, secret, member.id)
    )
    return answer({"url": url})


async def post_media(world: World, request: Request) -> Response:
    """Keep a picture: the body is the file itself."""
    member = members.writer(world.ledger, request)

    def work() -> tuple[Response, int | None]:
        media_type, width, height = _inspect(request.body)
        media_id = world.ledger.new_id()
        world.ledger.db.execute(
            "INSERT INTO media VALUES (?,?,?,?,?,?,?)",
            (media_id, member.id, media_type, width, height, request.body, clock()),
        )
        return answer({"id": str(media_id), "width": width, "height": height}, 201), None

    return await carry_out(world, request, member, "media", work)


def _inspect(content: bytes) -> tuple[str, int, int]:
    """MIME type, width and height of a picture within the rules; raises `Problem` 422."""
    if len(content) > LIMITS.picture_max_bytes:
        raise Problem(422, "media_too_large", f"At most {LIMITS.picture_max_bytes} bytes.", field="media")
    try:
        with Image.open(io.BytesIO(content), formats=list(FORMATS)) as picture:
            kind, (width, height) = FORMATS[picture.format or ""], picture.size
    except (UnidentifiedImageError, Image.DecompressionBombError, KeyError, OSError, ValueError) as error:
        raise Problem(422, "media_invalid", "This is no JPEG, PNG or WebP picture.", field="media") from error
    if width > LIMITS.picture_max_width or height > LIMITS.picture_max_height:
        raise Problem(
            422, "media_too_wide", f"At most {LIMITS.picture_max_width} pixels a side.", field="media"
        )
    if not LIMITS.picture_min_ratio <= width / height <= LIMITS.picture_max_ratio:
        raise Problem(422, "media_ratio", "Too narrow or too wide.", field="media")
    return kind, width, height


async def post_status(world: World, request: Request) -> Response:
    """Publish; the same Idempotency-Key again answers with the first one's status, where the face has that."""
    member, data = members.writer(world.ledger, request), request.json()
    if member.face == Mechanism.TWO_PHASE:
        raise Problem(422, "use_drafts", "This account publishes through drafts.")

    def work() -> tuple[Response, int | None]:
        wish = statuses.read_wish(world.ledger, member, data)
        key = (
            request.headers.get("idempotency-key", "")[:200]
            if member.face == Mechanism.IDEMPOTENCY_KEY
            else ""
        )
        if key and (known := statuses.id_by_idempotency_key(world.ledger, member, key)):
            return _status_answer(world, known), known
        client_key = str(data.get("key", ""))[:200] if member.face == Mechanism.CLIENT_KEY else ""
        status_id = statuses.create(
            world.ledger, member, wish, idempotency_key=key, client_key=client_key or None
        )
        return _status_answer(world, status_id, 201), status_id

    return await carry_out(world, request, member, "publish", work)


async def own_statuses(world: World, request: Request) -> Response:
    """The account's visible statuses, newest first; `before` is an id, `key` asks for one by the client's key."""
    member = members.by_token(world.ledger, request)
    if member.face == Mechanism.NONE:
        raise Problem(403, "not_offered", "This network does not list statuses.", permission="list")

    def work() -> tuple[Response, int | None]:
        before, limit = request.query.get("before", ""), request.query.get("limit", "40")
        rows = statuses.newest(
            world.ledger,
            limit=min(int(limit) if limit.isdecimal() else 40, 40),
            before=int(before) if before.isdecimal() else None,
            account_id=member.id,
        )
        if key := request.query.get("key"):
            rows = world.ledger.rows(
                "SELECT * FROM statuses WHERE account_id=? AND client_key=? AND removed_at IS NULL",
                member.id,
                key,
            )
        return answer({"statuses": [status_json(world, row) for row in rows]}), None

    return await carry_out(world, request, member, "read", work)


async def get_status(world: World, request: Request, status_id: str) -> Response:
    """One own status."""
    member = members.by_token(world.ledger, request)
    return answer(status_json(world, statuses.own(world.ledger, member, status_id)))


async def put_status(world: World, request: Request, status_id: str) -> Response:
    """Edit text, language, link and pictures."""
    member, data = members.writer(world.ledger, request), request.json()

    def work() -> tuple[Response, int | None]:
        row = statuses.own(world.ledger, member, status_id)
        statuses.edit(world.ledger, row["id"], statuses.read_wish(world.ledger, member, data))
        return _status_answer(world, row["id"]), row["id"]

    return await carry_out(world, request, member, "edit", work)


async def delete_status(world: World, request: Request, status_id: str) -> Response:
    """Take a status away."""
    member = members.writer(world.ledger, request)

    def work() -> tuple[Response, int | None]:
        row = statuses.own(world.ledger, member, status_id)
        statuses.withdraw(world.ledger, row["id"])
        return answer({"id": status_id}), row["id"]

    return await carry_out(world, request, member, "withdraw", work)


async def get_comments(world: World, request: Request, status_id: str) -> Response:
    """Comments on an own status, oldest first."""
    row = statuses.own(world.ledger, members.by_token(world.ledger, request), status_id)
    rows = acts.comments_on(world.ledger, row["id"])
    return answer({"comments": [acts.as_json(item, world.base_url) for item in rows]})


async def post_comment(world: World, request: Request, status_id: str) -> Response:
    """Comment on an own status, or answer one of its comments (`in_reply_to`)."""
    member, data = members.writer(world.ledger, request), request.json()
    row = statuses.own(world.ledger, member, status_id)
    text = data.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > LIMITS.text_limit:
        raise Problem(422, "text_invalid", f"1 to {LIMITS.text_limit} characters.", field="text")
    target = str(data.get("in_reply_to", ""))
    reply_to = acts.own_act(world.ledger, member, target)["id"] if target else None
    act_id = happen(
        world, "comment", acts.author_of(member), member.id,
        status_id=row["id"], reply_to=reply_to, text=text, language=str(data.get("language", ""))[:8],
    )  # fmt: skip
    made = world.ledger.row("SELECT * FROM acts WHERE id=?", act_id)
    return answer(acts.as_json(made or {}, world.base_url), 201)


async def post_draft(world: World, request: Request) -> Response:
    """Keep a status that nobody sees yet."""
    member, data = members.writer(world.ledger, request), request.json()
    if member.face != Mechanism.TWO_PHASE:
        raise Problem(422, "no_drafts", "This account publishes at once.")

    def work() -> tuple[Response, int | None]:
        draft_id = statuses.save_draft(world.ledger, member, statuses.read_wish(world.ledger, member, data))
        return answer({"id": str(draft_id)}, 201), None

    return await carry_out(world, request, member, "draft", work)


async def get_draft(world: World, request: Request, draft_id: str) -> Response:
    """Whether a draft is out, and as which status."""
    member = members.by_token(world.ledger, request)

    def work() -> tuple[Response, int | None]:
        draft = statuses.own_draft(world.ledger, member, draft_id)
        return answer({"id": draft_id, "status_id": str(draft["status_id"] or "")}), None

    return await carry_out(world, request, member, "read", work)


async def publish_draft(world: World, request: Request, draft_id: str) -> Response:
    """Make a draft visible; twice is once."""
    member = members.writer(world.ledger, request)

    def work() -> tuple[Response, int | None]:
        draft = statuses.own_draft(world.ledger, member, draft_id)
        status_id = statuses.publish_draft(world.ledger, member, draft)
        return _status_answer(world, status_id), status_id

    return await carry_out(world, request, member, "publish", work)


async def get_stream(world: World, request: Request) -> Response:
    """What people did towards the account after the cursor `after`, oldest first."""
    member = members.by_token(world.ledger, request)
    after = request.query.get("after", "0")
    if not after.isdecimal():
        raise Problem(422, "cursor_invalid", "after is a cursor that this network gave.", field="after")

    def work() -> tuple[Response, int | None]:
        rows = acts.stream(world.ledger, member, int(after), 101)
        page = rows[:100]
        told = {
            "items": [acts.as_json(row, world.base_url) for row in page],
            "cursor": str(page[-1]["id"]) if page else after,
            "more": len(rows) > len(page),
        }
        return answer(told), None

    return await carry_out(world, request, member, "stream", work)


async def get_stats(world: World, request: Request) -> Response:
    """Figures of up to 100 own statuses, `ids` separated by commas; unknown ones are left out."""
    member = members.by_token(world.ledger, request)
    ids = [int(part) for part in request.query.get("ids", "").split(",") if part.isdecimal()][:100]
    marks = ",".join("?" * len(ids))
    rows = world.ledger.rows(
        f"SELECT * FROM statuses WHERE account_id=? AND removed_at IS NULL AND id IN ({marks})",  # noqa: S608
        member.id,
        *ids,
    )
    shown = ("views", "likes", "comments", "shares", "clicks")
    return answer({"stats": [{"id": str(row["id"]), **{name: row[name] for name in shown}} for row in rows]})
