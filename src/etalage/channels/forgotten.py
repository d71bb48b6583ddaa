"""What was erased is known again when its network tells it once more, although it is here no longer.

Two things are kept for that, both as keyed digests. In the place of the network's id of a thing, which often says
whose it is ("at://did:plc:…"), stands a digest of it. And of its author there is one, with the moment: what they did
before it is not taken in, under whatever id, and what they do afterwards is. The first key is made once, sealed in the
database and never changed, so that a change of the shop's own keys loses nothing, and so that a copy of the database
alone answers no guess. The list of who was erased carries it outside of the backups; a restore may bring another one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from etalage.channels.models import Channel, Erasure, Forgetting, Incoming, IncomingKind
from etalage.channels.realms import realm_of
from etalage.kit import clock
from etalage.networks.base import Received

T = TypeVar("T")
AT_ONCE = 500


@dataclass(frozen=True)
class Told:
    """A thing as it was told, in which delivery, and when that came (UTC microseconds)."""

    item: Received
    delivery: str
    received_us: int


def all_keys() -> list[str]:
    """The keys by which something was forgotten here, the installation's own first. UnreadableSecret for a lost one."""
    return [str(secret) for secret in Forgetting.objects.order_by("pk").values_list("secret", flat=True)]


def own_key() -> str:
    """The key of this installation; made where there is none."""
    if not (found := all_keys()):
        Forgetting.objects.bulk_create([Forgetting(secret=secrets.token_urlsafe(32))], ignore_conflicts=True)
        found = all_keys()
    return found[0]


def take_keys(known: Iterable[str]) -> None:
    """Know these as well, which were kept outside of a backup."""
    for key in sorted(set(known) - set(all_keys())):
        last = Forgetting.objects.order_by("pk").last()
        Forgetting.objects.create(pk=last.pk + 1 if last else 1, secret=key)


def keyed(key: str, text: str) -> str:
    """The digest that stands for a text."""
    return hmac.digest(key.encode(), text.encode(), hashlib.sha256).hex()


def names_of_forgotten(remote_ids: Iterable[str]) -> dict[str, str]:
    """What stands in the place of each of these ids once it is forgotten."""
    key = own_key()
    return {one: _name(key, one) for one in set(remote_ids)}


def digest_of_author(key: str, channel: Channel, author_id: str) -> str:
    """What stands for whom a network calls so, wherever the id means the same person."""
    return keyed(key, f"author\n{channel.network}\n{realm_of(channel)}\n{author_id}")


def is_forgotten(erased_at: datetime | None, at: datetime, received_us: int) -> bool:
    """Whether somebody did this before they were erased, by the network's clock or by ours."""
    return erased_at is not None and (at <= erased_at or received_us <= clock.to_micros(erased_at))


def without_forgotten(channel: Channel, told: Sequence[Told]) -> tuple[list[Received], set[str]]:
    """What of these may be kept, and the deliveries that hold something of somebody who was erased.

    It is to be asked in the transaction that keeps the things, under the lock that an erasure takes as well.
    """
    keys, items = all_keys(), [one.item for one in told]
    if not keys:
        return items, set()
    rows = _erased_rows(keys, channel, {one for item in items for one in (item.remote_id, item.in_reply_to)})
    things = {remote_id for remote_id, _kind in rows}
    people = {item.author_id for item in items} | {one for item in items for one in _people_in(item)}
    until = _erased_people(keys, channel, people - {""})
    kept, holding = [], set()
    for one in told:
        item = one.item
        is_their_thing = (item.remote_id, item.kind.value) in rows
        is_their_removal = item.kind.value == IncomingKind.REMOVED and item.remote_id in things
        is_theirs = is_forgotten(until.get(item.author_id), item.at, one.received_us)
        if is_their_thing or is_their_removal or is_theirs:
            holding.add(one.delivery)
            continue
        answered = {until[who] for who in _people_in(item) if who in until}
        if item.in_reply_to in things or any(is_forgotten(at, item.at, one.received_us) for at in answered):
            holding.add(one.delivery)
            item = replace(item, in_reply_to="")
        kept.append(item)
    return kept, holding


def portions(values: Iterable[T]) -> Iterator[list[T]]:
    """The values, so many at a time as a statement takes."""
    every = list(values)
    return (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE))


def _erased_rows(keys: Sequence[str], channel: Channel, remote_ids: set[str]) -> set[tuple[str, str]]:
    """Those of these things on a channel that were erased: id and kind."""
    names = {_name(key, one): one for key in keys for one in remote_ids - {""}}
    rows = Incoming.objects.filter(channel=channel).exclude(erased_at=None).values_list("remote_id", "kind")
    return {(names[name], kind) for some in portions(names) for name, kind in rows.filter(remote_id__in=some)}


def _erased_people(keys: Sequence[str], channel: Channel, author_ids: set[str]) -> dict[str, datetime]:
    """Those of these who were erased, and when."""
    digests = {digest_of_author(key, channel, one): one for key in keys for one in author_ids}
    rows = Erasure.objects.values_list("digest", "erased_at")
    found = [row for some in portions(digests) for row in rows.filter(digest__in=some)]
    return {digests[digest]: at for digest, at in sorted(found, key=lambda row: row[1])}


def _people_in(item: Received) -> list[str]:
    """Who may be named in the address of what a thing answers ("at://did:plc:…/…"); a bare number names nobody."""
    return item.in_reply_to.split("/") if "/" in item.in_reply_to else []


def _name(key: str, remote_id: str) -> str:
    return "erased:" + keyed(key, remote_id)
