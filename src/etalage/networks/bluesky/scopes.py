"""The rights that the connector asks for (atproto.com/specs/permission), and what of them was not given."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote

from etalage.networks.bluesky.records import POST

#: Just what is done: write and take back posts, upload their pictures, read what comes in and the figures.
#: The two reads are answered by whatever view of the network the account's server asks.
NARROW = (
    "atproto",
    f"repo:{POST}",
    "blob:image/*",
    "rpc:app.bsky.feed.getPosts?aud=*",
    "rpc:app.bsky.notification.listNotifications?aud=*",
)
#: For servers that know no narrow rights yet: nearly all that an app password may do.
WIDE = ("atproto", "transition:generic")
ALL = (*NARROW, *WIDE[1:])

_FIRST = {"repo": "collection", "blob": "accept", "rpc": "lxm"}  # what stands behind the colon
_ACTIONS = {"create", "update", "delete"}


def missing(granted: str) -> str:
    """The rights out of `NARROW` that a grant ("atproto repo:…") does not hold; empty when it holds all."""
    given = granted.split()
    if "transition:generic" in given:
        return "" if "atproto" in given else "atproto"
    return " ".join(scope for scope in NARROW if not any(_holds(one, scope) for one in given))


def _holds(given: str, wanted: str) -> bool:
    """Whether one right holds another; servers may write the same one in other words."""
    if given == wanted:
        return True
    (kind, have), (same, want) = _read(given), _read(wanted)
    return kind == same and all(
        any(_covers(one, value) for one in have.get(name, ()))
        for name, values in want.items()
        for value in values
    )


def _covers(pattern: str, value: str) -> bool:
    if pattern in (value, "*", "*/*"):
        return True
    return pattern.endswith("/*") and value.startswith(pattern[:-1])


def _read(scope: str) -> tuple[str, dict[str, set[str]]]:
    """The kind of a right, and the values that it names."""
    head, _, query = scope.partition("?")
    kind, _, first = head.partition(":")
    values = {name: set(found) for name, found in parse_qs(query).items()}
    if first:
        values.setdefault(_FIRST.get(kind, ""), set()).add(unquote(first))
    if kind == "repo":
        values.setdefault("action", set(_ACTIONS))
    return kind, values
