"""An act of somebody, written to the ledger and told to the account by webhook."""

from __future__ import annotations

from etalage.networks.practice.server import acts
from etalage.networks.practice.server.acts import Author
from etalage.networks.practice.server.push import Parcel
from etalage.networks.practice.server.world import World


def happen(
    world: World,
    kind: str,
    author: Author,
    account_id: int,
    *,
    status_id: int | None = None,
    reply_to: int | None = None,
    text: str = "",
    language: str = "",
) -> int | None:
    """Write the act; None when this author had done it already. The account's own acts are not pushed."""
    act_id = acts.act(
        world.ledger, kind, author, account_id,
        status_id=status_id, reply_to=reply_to, text=text, language=language,
    )  # fmt: skip
    if act_id is not None and author.id != f"account:{account_id}":
        _push(world, account_id, act_id)
    return act_id


def _push(world: World, account_id: int, act_id: int) -> None:
    """Queue the webhook, twice when the script wants a repeated one."""
    account = world.ledger.row("SELECT handle, push_url, push_secret FROM accounts WHERE id=?", account_id)
    row = world.ledger.row("SELECT * FROM acts WHERE id=?", act_id)
    if not account or not row or not account["push_url"]:
        return
    payload = {"items": [acts.as_json(row, world.base_url)]}
    fault = world.script.strike("push", account["handle"])
    if fault and not fault.is_accepted:
        return  # a webhook that is lost: polling has to bring it
    for _ in range(2 if fault else 1):
        world.pusher.send(Parcel(account["push_url"], account["push_secret"], f"act-{act_id}", payload))
