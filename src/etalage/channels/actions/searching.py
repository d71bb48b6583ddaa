"""Finding in the edge's journal what somebody did who was erased, and taking its bytes away, and nobody else's."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, replace
from datetime import datetime

from etalage.channels.forgotten import is_forgotten
from etalage.channels.items import POLLED, as_json, items_in
from etalage.channels.models import Channel
from etalage.edge.journal import Journal, Waiting
from etalage.networks import registry
from etalage.networks.base import Received

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """Whom to find: their id at their network, and when they were erased."""

    author_id: str
    erased_at: datetime


def search(journal: Journal, channel: Channel, wanted: Wanted) -> None:
    """Empty the deliveries to a channel that hold what they did.

    Where others speak in the same one, and it still waits or failed, their things stay. A number is looked for where
    an author stands only; a name that is unlike everything else, wherever it stands, in what was handled.
    """
    speaks, is_number, emptied = speaks_of(wanted.author_id), wanted.author_id.isdigit(), []
    for one, is_done in journal.find(channel.pk.hex, lambda body: speaks.search(body) is not None):
        items = _read(one, channel)
        if items is None:
            if not is_number or _as_id(wanted.author_id).search(one.body):
                emptied.append(one.id)
            continue
        others = [item for item in items if not _is_theirs(item, one, wanted)]
        if others == items and (is_number or _is_of(others, wanted)):
            continue
        if others and not is_done:
            rest = others if is_number else [_untied(item, speaks) for item in others]
            journal.rewrite(one.id, POLLED, as_json(rest))
        else:
            emptied.append(one.id)
    journal.empty(*emptied)


def speaks_of(author_id: str) -> re.Pattern[bytes]:
    """Finds an id in the bytes of a delivery, as a text of its own, however JSON writes it."""
    plain = json.dumps(author_id)[1:-1]
    forms = {plain, author_id, plain.replace("/", "\\/")}
    either = b"|".join(re.escape(form.encode("utf-8", "replace")) for form in sorted(forms))
    return re.compile(rb"(?<![\w.:-])(?:" + either + rb")(?![\w.:-])")


def _as_id(number: str) -> re.Pattern[bytes]:
    """Finds a number where it is an id, and not how many there are of something."""
    digits = number.encode()
    return re.compile(rb'"' + digits + rb'"|id"\s*:\s*' + digits + rb"(?!\d)")


def _read(waiting: Waiting, channel: Channel) -> list[Received] | None:
    """The things of a delivery; None where it cannot be read."""
    try:
        return items_in(waiting, registry.get(channel.network), channel)
    except Exception as error:  # taking it in notes why; nobody else's erasure waits for it
        log.info("delivery %s cannot be searched: %s", waiting.id, type(error).__name__)
        return None


def _is_theirs(item: Received, waiting: Waiting, wanted: Wanted) -> bool:
    return item.author_id == wanted.author_id and is_forgotten(wanted.erased_at, item.at, waiting.received_us)


def _is_of(items: list[Received], wanted: Wanted) -> bool:
    """Whether they came back: one of these is of them, and of afterwards."""
    return any(item.author_id == wanted.author_id for item in items)


def _untied(item: Received, speaks: re.Pattern[bytes]) -> Received:
    """Without that it answers a thing of theirs."""
    return (
        replace(item, in_reply_to="") if speaks.search(item.in_reply_to.encode("utf-8", "replace")) else item
    )
