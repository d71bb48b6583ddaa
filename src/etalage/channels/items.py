"""One incoming thing on its way: as a row of the edge's journal when it was polled, and cleaned for the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Any

from etalage.channels.forgotten import keyed, own_key
from etalage.channels.models import Channel
from etalage.edge.deliveries import Delivery, delivery_key
from etalage.edge.journal import Waiting
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.kit.text import storable
from etalage.networks.base import Account, Received, ReceivedKind

SHAPE = "shape"  # no header can have this name in the journal: the edge keeps none that nobody asked for
POLLED = '{"shape": "received"}'
SET_ASIDE = '{"shape": "row"}'
LONGEST_ID = 500
LONGEST_URL = 2_000
LONGEST_TEXT = 10_000  # characters; a longer one is shortened
LONGEST_ROW = 64_000  # bytes of a row that could not be read
LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # later moments do not exist in every time zone
_LENGTHS = {"author_handle": 300, "author_name": 300, "language": 35}
_NAMES = tuple(field.name for field in fields(Received))
_IDS = ("remote_id", "author_id", "on_remote_id", "in_reply_to")


class Unreadable(ValueError):
    """A delivery that cannot be taken in as it is; its text is the code of the reason."""


def key_of(channel: Channel) -> str:
    """The channel's key in the journal, and in the address that its network delivers to."""
    return channel.pk.hex


def polled(channel: Channel, items: Sequence[Received]) -> list[Delivery]:
    """What was fetched, as rows of the journal: one for each thing, however often it is fetched."""
    if not items:
        return []
    now_us, key = clock.to_micros(clock.now()), own_key()
    return [
        Delivery(
            id=uuid7().hex,
            network=channel.network,
            key=key_of(channel),
            # A keyed digest: an id often says whose thing it is, can be guessed, and this stays when they are erased.
            delivery_id=f"item:{keyed(key, f'item:{item.kind}:{item.remote_id}')}",
            received_us=now_us,
            headers=POLLED,
            body=as_json([_bounded(item)]),
        )
        for item in items
    ]


def set_aside(channel: Channel, rows: Sequence[str]) -> list[Delivery]:
    """What was fetched and could not be read: it is tried again, and is then for a person to see.

    Of one that is endless only the beginning is kept, which stays unreadable.
    """
    now_us = clock.to_micros(clock.now())
    return [
        Delivery(
            id=uuid7().hex,
            network=channel.network,
            key=key_of(channel),
            delivery_id=delivery_key(None, row.encode()),
            received_us=now_us,
            headers=SET_ASIDE,
            body=row.encode()[:LONGEST_ROW],
        )
        for row in rows
    ]


def as_json(items: Sequence[Received]) -> bytes:
    """The body of a row of the journal that says `POLLED`."""
    return json.dumps(
        [{**asdict(item), "at": clock.to_micros(item.at)} for item in items], sort_keys=True
    ).encode()


def _bounded(item: Received) -> Received:
    """The same, as long as anything that is kept: a row of the journal must not grow with what a network says."""
    # Too long stays too long.
    limits = dict.fromkeys(_IDS, LONGEST_ID + 1) | _LENGTHS | {"url": LONGEST_URL + 1}
    texts = {name: getattr(item, name)[:limit] for name, limit in limits.items()}
    return replace(item, **texts, text=_shortened(item.text))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def is_polled(waiting: Waiting) -> bool:
    """Whether we fetched it, rather than the network sending it."""
    return SHAPE in waiting.headers


def items_in(waiting: Waiting, connector: Any, channel: Channel) -> list[Received]:
    """The things of a delivery, cleaned. Raises Unreadable when its bytes are not what they should be."""
    try:
        if waiting.headers_json == SET_ASIDE:
            found = connector.read_row(_without_token(channel), waiting.body)
        elif is_polled(waiting):
            found = [_from_json(one) for one in json.loads(waiting.body)]
        else:
            found = connector.parse(waiting.body)
        return [clean(item) for item in found]
    except Unreadable:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Unreadable("unreadable") from error


def _without_token(channel: Channel) -> Account:
    """The account, to read with and not to ask."""
    return Account(channel.network, channel.base_url, "", channel.remote_id, channel.handle)


def _from_json(data: Any) -> Received:
    return Received(**{**data, "kind": ReceivedKind(data["kind"]), "at": clock.from_micros(data["at"])})


def clean(item: Received) -> Received:
    """The same without what a database cannot hold. Raises Unreadable where an id would have to be cut."""
    values = ((name, getattr(item, name)) for name in _NAMES)
    texts = {name: storable(value) for name, value in values if isinstance(value, str)}
    if not texts["remote_id"] or item.at >= LATEST:
        raise Unreadable("unreadable")
    if any(len(texts[name]) > LONGEST_ID for name in _IDS):
        raise Unreadable("too_long")
    texts |= {name: texts[name][:length] for name, length in _LENGTHS.items()}
    texts["text"] = _shortened(texts["text"])
    if len(texts["url"]) > LONGEST_URL or not texts["url"].startswith(("https://", "http://")):
        texts["url"] = ""
    del texts["kind"]
    if item.kind is ReceivedKind.REMOVED:  # who took it away, and what it said, is nobody's business any more
        texts = {name: value if name == "remote_id" else "" for name, value in texts.items()}
    return replace(item, **texts)  # type: ignore[arg-type]  # all of them are texts
