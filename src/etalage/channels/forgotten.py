"""What was erased is known again when its network tells it once more, although its id is here no longer.

The network's id of a thing often says whose it is ("at://did:plc:…"). Once its author is erased, a keyed digest stands
in its place. The key is made once, sealed in the database and never changed, so that a change of the shop's own keys
loses nothing, and so that a copy of the database alone answers no guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator

from etalage.channels.models import Channel, Forgetting, Incoming

AT_ONCE = 500


def names_of_forgotten(remote_ids: Iterable[str]) -> dict[str, str]:
    """What stands in the place of each of these ids once it is forgotten; makes the key where there is none."""
    made = Forgetting(secret=secrets.token_urlsafe(32))
    Forgetting.objects.bulk_create([made], ignore_conflicts=True)
    return _names(str(Forgetting.objects.get().secret), remote_ids)


def forgotten_among(channel: Channel, remote_ids: Iterable[str]) -> set[str]:
    """Those of these ids of things on a channel that were erased."""
    key = Forgetting.objects.first()
    if key is None:
        return set()
    names = _names(str(key.secret), remote_ids)
    rows = (
        Incoming.objects.filter(channel=channel).exclude(erased_at=None).values_list("remote_id", flat=True)
    )
    found = {name for some in portions(names.values()) for name in rows.filter(remote_id__in=some)}
    return {remote_id for remote_id, name in names.items() if name in found}


def portions(values: Iterable[str]) -> Iterator[list[str]]:
    """The values, so many at a time as a statement takes."""
    every = list(values)
    return (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE))


def _names(key: str, remote_ids: Iterable[str]) -> dict[str, str]:
    return {
        one: "erased:" + hmac.new(key.encode(), one.encode(), hashlib.sha256).hexdigest()
        for one in set(remote_ids)
    }
