"""Who an account is and where it lives: handle → DID → DID document → the account's own server (atproto.com/specs)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks.base import CouldNotRead, NotAccepted, Reason
from etalage.networks.bluesky import directory
from etalage.networks.bluesky.answers import could_not_read
from etalage.networks.bluesky.wire import Wire, own_server
from etalage.networks.wire import client_for, object_of

LONGEST_NAME = 200  # characters of a handle or a DID
_HANDLE = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_PLC = re.compile(r"did:plc:[a-z2-7]{24}")
_WEB = re.compile(rf"did:web:({_HANDLE.pattern})")


@dataclass(frozen=True)
class Identity:
    """An account: its DID, the handle that its own document confirms, and the origin of its server."""

    did: str
    handle: str
    server: str


def find(typed: str, resolver: str, seconds: float) -> Identity | NotAccepted:
    """The account that somebody typed as a handle or a DID. `resolver` is a server that knows handles.

    A handle counts only where the DID's own document claims it too, so that a resolver cannot make one up.
    """
    name = typed.removeprefix("at://").lstrip("@").strip()
    if name.startswith("did:"):
        return _of_did(name, "", seconds)
    name = name.lower().rstrip(".")
    if len(name) > LONGEST_NAME or not _HANDLE.fullmatch(name):
        return NotAccepted(Reason.ACCOUNT_UNKNOWN, detail="handle")
    found = Wire(resolver, "", seconds, seconds).read("com.atproto.identity.resolveHandle", handle=name)
    if not isinstance(found, dict):
        is_nobody = found.reason in (Reason.GONE, Reason.UNKNOWN)
        wait = found.retry_after if isinstance(found, CouldNotRead) else None
        return NotAccepted(Reason.ACCOUNT_UNKNOWN if is_nobody else found.reason, wait, found.detail)
    return _of_did(str(found.get("did", "")), name, seconds)


def _of_did(did: str, handle: str, seconds: float) -> Identity | NotAccepted:
    """The account behind a DID, which must go by `handle` where one is given."""
    document = _document(did, seconds)
    if not isinstance(document, dict):
        return document
    claimed = _handles(document)
    server = own_server({"didDoc": document}, "")
    if document.get("id") != did or not server:
        return NotAccepted(Reason.NONSENSE_ANSWER, detail="did")
    if handle and handle not in claimed:
        return NotAccepted(Reason.ACCOUNT_UNKNOWN, detail="handle not claimed")
    return Identity(did, handle or next(iter(claimed), did), server)


def _document(did: str, seconds: float) -> dict[str, Any] | NotAccepted:
    """The DID's document from whoever has to keep it: the directory, or the host in its name."""
    web = _WEB.fullmatch(did)
    if not web and not _PLC.fullmatch(did):
        return NotAccepted(Reason.ACCOUNT_UNKNOWN, detail="did")
    origin, path = (f"https://{web[1]}", "/.well-known/did.json") if web else (directory.origin(), f"/{did}")
    return document_at(origin, path, seconds)


def document_at(origin: str, path: str, seconds: float) -> dict[str, Any] | NotAccepted:
    """The JSON object that stands at an address; a server inside the house that nobody named is not asked."""
    found: NotSent | AnswerLost | Answer
    url, headers = f"{origin}{path}", {"accept": "application/json"}
    try:
        found = client_for(origin).request("GET", url, headers=headers, timeout=seconds)
    except (NotSent, AnswerLost) as error:
        found = error
    if isinstance(found, Answer):
        if found.ok and (data := object_of(found)) is not None:
            return data
        if found.status in (404, 410):
            return NotAccepted(Reason.MISCONFIGURED, detail=f"no {path}"[:100])
    read = could_not_read(found)
    wait = read.retry_after if isinstance(read, CouldNotRead) else None
    return NotAccepted(read.reason, wait, read.detail)


def _handles(document: Mapping[str, Any]) -> list[str]:
    """The handles that a document claims, in lower case; the first is the one that counts."""
    names = document.get("alsoKnownAs")
    texts = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    handles = [text.removeprefix("at://").lower() for text in texts if text.startswith("at://")]
    return [handle for handle in handles if _HANDLE.fullmatch(handle) and len(handle) <= LONGEST_NAME]
