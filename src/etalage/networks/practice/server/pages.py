"""The pages that people see: the feed, one account, one post, pictures and the page's own files."""

from __future__ import annotations

from pathlib import Path

from etalage.networks.practice.server import acts, statuses
from etalage.networks.practice.server.ledger import Row
from etalage.networks.practice.server.page_texts import choose_language
from etalage.networks.practice.server.render import Voice, card, page, side
from etalage.networks.practice.server.web import Request, Response, Router, no_such_thing
from etalage.networks.practice.server.world import World

FEED_LENGTH = 20
FOLDER = Path(__file__).parent / "static"
STATIC = {
    "practice.css": "text/css",
    "practice.js": "text/javascript",
    "practice.svg": "image/svg+xml",
}


def add_routes(router: Router) -> None:
    """Register the pages."""
    for pattern, handler in (
        ("/", feed),
        ("/@{handle}", profile),
        ("/posts/{status_id}", post),
        ("/media/{media_id}", media),
        ("/static/{name}", static),
    ):
        router.on("GET", pattern)(handler)


def _voice(request: Request) -> Voice:
    return Voice(choose_language(request.query.get("lang", ""), request.headers.get("accept-language", "")))


def _html(text: str, status: int = 200) -> Response:
    return Response(status, text.encode(), "text/html", {"vary": "accept-language"})


async def feed(world: World, request: Request) -> Response:
    """All posts, newest first."""
    voice = _voice(request)
    return _html(page(voice, "/", voice["feed"], _list(world, request, voice, "/"), _side(world, voice)))


async def profile(world: World, request: Request, handle: str) -> Response:
    """The posts of one account."""
    voice = _voice(request)
    account = world.ledger.row("SELECT id, name FROM accounts WHERE handle=?", handle)
    if account is None:
        return _gone(voice)
    path = f"/@{handle}"
    body = _list(world, request, voice, path, account["id"])
    return _html(page(voice, path, f"@{handle}", body, _side(world, voice)))


def _list(world: World, request: Request, voice: Voice, path: str, account_id: int | None = None) -> str:
    """The posts of a page, a link to older ones when there are, a friendly word when there are none."""
    before = request.query.get("before", "")
    rows = statuses.newest(
        world.ledger,
        limit=FEED_LENGTH + 1,
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
        account_id=account_id,
    )
    shown = rows[:FEED_LENGTH]
    older = ""
    if len(rows) > FEED_LENGTH:
        query = f"lang={voice.language}&amp;before={shown[-1]['id']}"
        older = f'<a class="older" href="{path}?{query}">{voice["older"]}</a>'
    if not shown:
        return (
            f"<h1>{voice['feed']}</h1>"
            f'<div class="empty"><img src="/static/practice.svg" alt="" width="96" height="96">'
            f"<h2>{voice['empty']}</h2><p>{voice['empty_hint']}</p></div>"
        )
    pictures = statuses.pictures_of(world.ledger, [row["id"] for row in shown])
    cards = "".join(
        card(
            voice,
            row,
            pictures.get(row["id"], []),
            acts.comments_on(world.ledger, row["id"], newest=3),
            whole=False,
        )
        for row in shown
    )
    return f"<h1>{voice['title']}</h1><h2>{voice['feed']}</h2>{cards}{older}"


async def post(world: World, request: Request, status_id: str) -> Response:
    """One post with all that was said to it."""
    voice = _voice(request)
    row = _standing(world, status_id)
    if row is None:
        return _gone(voice)
    pictures = statuses.pictures_of(world.ledger, [row["id"]]).get(row["id"], [])
    back = f'<a class="back" href="/?lang={voice.language}">{voice["back"]}</a>'
    body = back + card(voice, row, pictures, acts.comments_on(world.ledger, row["id"]), whole=True)
    return _html(page(voice, f"/posts/{row['id']}", f"@{row['handle']}", body, _side(world, voice)))


def _standing(world: World, status_id: str) -> Row | None:
    """A visible post that was not taken away."""
    if not status_id.isdecimal() or len(status_id) > 18:
        return None
    rows = statuses.newest(world.ledger, limit=1, before=int(status_id) + 1)
    return rows[0] if rows and str(rows[0]["id"]) == status_id else None


def _gone(voice: Voice) -> Response:
    body = (
        f'<div class="empty"><h1>{voice["gone"]}</h1><p>{voice["gone_hint"]}</p>'
        f'<p><a class="back" href="/?lang={voice.language}">{voice["back"]}</a></p></div>'
    )
    return _html(page(voice, "/", voice["gone"], body), 404)


def _side(world: World, voice: Voice) -> str:
    """The running figures over all that stands, and the last acts."""
    totals = world.ledger.row(
        "SELECT COUNT(*) AS posts, (SELECT COUNT(DISTINCT author_id) FROM acts) AS people, "
        "COALESCE(SUM(views), 0) AS views, COALESCE(SUM(likes), 0) AS likes, "
        "COALESCE(SUM(comments), 0) AS comments, COALESCE(SUM(shares), 0) AS shares, "
        "COALESCE(SUM(clicks), 0) AS clicks, COALESCE(SUM(reservations), 0) AS reservations "
        "FROM statuses WHERE removed_at IS NULL"
    )
    lately = world.ledger.rows(
        "SELECT t.author_name, t.kind, t.at, a.name FROM acts t JOIN accounts a ON a.id = t.account_id "
        "ORDER BY t.id DESC LIMIT 8"
    )
    return side(voice, totals or {}, lately)


async def media(world: World, request: Request, media_id: str) -> Response:
    """A picture."""
    row = world.ledger.row("SELECT media_type, content FROM media WHERE id=?", media_id)
    if row is None:
        no_such_thing()
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(200, row["content"], row["media_type"], headers)


async def static(world: World, request: Request, name: str) -> Response:
    """One of the page's own files."""
    if name not in STATIC:
        no_such_thing()
    return Response(200, (FOLDER / name).read_bytes(), STATIC[name], {"cache-control": "no-cache"})
