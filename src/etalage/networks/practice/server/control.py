"""The practice network's back door, open on this machine only: faults on order, the ledger, acts on command."""

from __future__ import annotations

from typing import Any

from etalage.networks.counting import LINK
from etalage.networks.practice.server import acts, members, statuses
from etalage.networks.practice.server.acts import Author
from etalage.networks.practice.server.happenings import happen
from etalage.networks.practice.server.ledger import Member, Row
from etalage.networks.practice.server.push import LOOPBACK
from etalage.networks.practice.server.web import Problem, Request, Response, Router, answer
from etalage.networks.practice.server.world import World


def add_routes(router: Router) -> None:
    """Register the back door."""
    for method, pattern, handler in (
        ("GET", "/health", health),
        ("GET", "/ledger", ledger),
        ("GET", "/script", get_script),
        ("POST", "/script", post_script),
        ("DELETE", "/script", delete_script),
        ("POST", "/script/accounts/{handle}", change_account),
        ("POST", "/script/people", set_people),
        ("POST", "/script/acts", post_act),
        ("POST", "/script/history", post_history),
    ):
        router.on(method, pattern)(handler)


def _only_here(request: Request) -> None:
    """Refuse a browser that was led here under another name: 403."""
    host = request.headers.get("host", "").rsplit(":", 1)[0].strip("[]")
    if host not in LOOPBACK:
        raise Problem(403, "not_here", "The back door opens on this machine only.")


async def health(world: World, request: Request) -> Response:
    """Whether it runs."""
    return answer({"running": True, "shop": world.shop, "pace": world.pace})


async def ledger(world: World, request: Request) -> Response:
    """Every publication ever accepted, oldest first, and every attempt to publish that reached the network."""
    _only_here(request)
    rows = world.ledger.rows(
        "SELECT s.*, a.handle FROM statuses s JOIN accounts a ON a.id = s.account_id ORDER BY s.id"
    )
    attempts = world.ledger.rows(
        "SELECT t.*, a.handle FROM attempts t JOIN accounts a ON a.id = t.account_id ORDER BY t.id"
    )
    return answer({"publications": [_entry(world, row) for row in rows], "attempts": attempts})


def _entry(world: World, row: Row) -> dict[str, Any]:
    """A ledger line: ids as text, the first link of the text as its marker."""
    links = LINK.findall(row["text"]) or [row["link"]]
    pictures = statuses.pictures_of(world.ledger, [row["id"]]).get(row["id"], [])
    return {
        **row,
        "id": str(row["id"]),
        "account_id": str(row["account_id"]),
        "marker": links[0],
        "url": f"{world.base_url}/posts/{row['id']}",
        "alts": [picture["alt"] for picture in pictures],
    }


async def get_script(world: World, request: Request) -> Response:
    """The standing orders."""
    _only_here(request)
    return answer({"orders": world.script.as_json()})


async def post_script(world: World, request: Request) -> Response:
    """Order a fault."""
    _only_here(request)
    world.script.add(request.json())
    return answer({"orders": world.script.as_json()}, 201)


async def delete_script(world: World, request: Request) -> Response:
    """Forget all orders."""
    _only_here(request)
    world.script.clear()
    return answer({"orders": []})


async def change_account(world: World, request: Request, handle: str) -> Response:
    """Give an account another face or lag, end its token, take its right to write."""
    _only_here(request)
    member = members.change(world.ledger, handle, request.json())
    return answer({"handle": member.handle, "face": member.face, "token_alive": bool(member.token_alive)})


async def set_people(world: World, request: Request) -> Response:
    """Set how busy people are, in acts per minute; 0 lets them rest."""
    _only_here(request)
    pace = request.json().get("pace")
    if isinstance(pace, bool) or not isinstance(pace, int | float) or not 0 <= pace <= 6000:
        raise Problem(422, "pace_invalid", "pace is a number of acts per minute, 0 to 6000.", field="pace")
    world.pace = float(pace)
    return answer({"pace": world.pace})


async def post_act(world: World, request: Request) -> Response:
    """Let somebody comment, like, share, follow or mention now: {kind, handle, status_id, author, text, language}."""
    _only_here(request)
    data = request.json()
    member = members.by_handle(world.ledger, str(data.get("handle", "")))
    kind, name = str(data.get("kind", "")), str(data.get("author", "somebody"))[:40]
    if kind not in {"comment", "like", "share", "follow", "mention"}:
        raise Problem(422, "act_invalid", "kind is comment, like, share, follow or mention.", field="kind")
    status_id = str(data.get("status_id", ""))
    act_id = happen(
        world, kind, Author(f"person:{name}", name, name), member.id,
        status_id=statuses.own(world.ledger, member, status_id)["id"] if status_id else None,
        text=str(data.get("text", ""))[:500], language=str(data.get("language", ""))[:8],
    )  # fmt: skip
    row = world.ledger.row("SELECT * FROM acts WHERE id=?", act_id)
    return answer(acts.as_json(row, world.base_url) if row else {}, 201)


async def post_history(world: World, request: Request) -> Response:
    """Put statuses of the past on the network: {handle, statuses: [{text, language, link, pictures, at, figures…}]}."""
    _only_here(request)
    data = request.json()
    member = members.by_handle(world.ledger, str(data.get("handle", "")))
    wanted = data.get("statuses")
    if not isinstance(wanted, list) or len(wanted) > 2000:
        raise Problem(422, "history_invalid", "statuses is a list of 2000 at most.", field="statuses")
    return answer({"ids": [str(_put_in_the_past(world, member, item)) for item in wanted]}, 201)


def _put_in_the_past(world: World, member: Member, item: Any) -> int:
    """Write one old status with the figures that it had; `at` is in seconds since 1970."""
    if not isinstance(item, dict) or not isinstance(item.get("at"), int | float):
        raise Problem(422, "history_invalid", "Each status is an object with a time (at).", field="statuses")
    figures = {name: item.get(name, 0) for name in statuses.FIGURES}
    if not all(isinstance(value, int) and 0 <= value < 2**53 for value in figures.values()):
        raise Problem(422, "history_invalid", "Figures are whole numbers.", field="statuses")
    wish = statuses.read_wish(world.ledger, member, item)
    status_id = statuses.create(world.ledger, member, wish, at=float(item["at"]))
    world.ledger.db.execute(
        f"UPDATE statuses SET {', '.join(f'{name}=?' for name in figures)} WHERE id=?",  # noqa: S608 own names
        (*figures.values(), status_id),
    )
    return status_id
