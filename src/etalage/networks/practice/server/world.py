"""What a handler of the practice network works with, and how an act passes through the ordered faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from etalage.networks.practice.server.faults import Fault, Script, wrong_reply
from etalage.networks.practice.server.ledger import Ledger, Member, clock
from etalage.networks.practice.server.push import Pusher
from etalage.networks.practice.server.web import CutConnection, Request, Response

#: Carries an act out: answers the asker's response, and the id of the status that it made or touched.
Work = Callable[[], tuple[Response, int | None]]


@dataclass
class World:
    """One running practice network."""

    ledger: Ledger
    base_url: str
    script: Script = field(default_factory=Script)
    pusher: Pusher = field(default_factory=Pusher)
    shop: str = ""  # the only address that simulated people visit
    pace: float = 0.0  # acts of people per minute
    seed: int = 1
    started_at: float = field(default_factory=clock)


async def carry_out(world: World, request: Request, member: Member, place: str, work: Work) -> Response:
    """Do `work` as the script wants it: not at all, late, or with another answer than the true one."""
    fault = world.script.strike(place, member.handle)
    if fault is None:
        response, status_id = work()
        _remember(world, request, member, place, status_id=status_id)
        return response
    if not fault.is_accepted:
        _remember(world, request, member, place, fault.fault)
        return _reply(fault, None, request.path)
    if fault.fault == "slow_before":
        await asyncio.sleep(fault.seconds)
    response, status_id = work()
    _remember(world, request, member, place, fault.fault, status_id=status_id)
    if fault.fault == "late_visible":
        world.ledger.db.execute(
            "UPDATE statuses SET visible_at = at + ? WHERE id=?", (fault.seconds, status_id)
        )
    if fault.fault == "slow":
        await asyncio.sleep(fault.seconds)
    return _reply(fault, response, request.path)


def _reply(fault: Fault, true_answer: Response | None, path: str) -> Response:
    """The answer that the fault leaves; raises `CutConnection` where it leaves none."""
    if fault.reply == "cut":
        raise CutConnection
    if fault.reply == "answer" and true_answer is not None:
        return true_answer
    return wrong_reply(fault, true_answer, path)


def _remember(
    world: World,
    request: Request,
    member: Member,
    place: str,
    fault: str = "",
    *,
    status_id: int | None = None,
) -> None:
    """Keep what reached the network, for whoever proves that nothing went out twice."""
    if place == "publish":
        world.ledger.db.execute(
            "INSERT INTO attempts (account_id, idempotency_key, fault, status_id, at) VALUES (?,?,?,?,?)",
            (member.id, request.headers.get("idempotency-key", ""), fault, status_id, clock()),
        )
