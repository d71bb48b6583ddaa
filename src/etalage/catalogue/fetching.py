"""Fetching a picture from an address that a file names, and why that fails, in words."""

from __future__ import annotations

from etalage.kit import images
from etalage.kit.errors import Refusal, gettext_noop
from etalage.kit.http_guarded import AddressRefused, FetchFailed, GuardedClient

_ANSWERED = gettext_noop("The site does not give this picture (it answered %(number)s). Check the address.")
_MAY_PASS = {"unreachable", "too_slow", "broken"}


class Unfetched(Exception):
    """A picture that is not there: `reason` is stored and said by `sentence`; `may_pass`: try again later."""

    def __init__(self, reason: str, *, may_pass: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_pass = may_pass


def fetch(address: str, client: GuardedClient) -> images.Picture:
    """The picture under a public address, made ours. Raises Unfetched."""
    try:
        answer = client.get(address)
    except AddressRefused as refusal:
        raise Unfetched(f"address.{refusal.code}", may_pass=False) from refusal
    except FetchFailed as failure:
        raise Unfetched(f"fetch.{failure.code}", may_pass=failure.code in _MAY_PASS) from failure
    if answer.status != 200:
        later = answer.status >= 500 or answer.status in {408, 425, 429}
        raise Unfetched(f"status.{answer.status}", may_pass=later)
    try:
        return images.take_in(answer.body)
    except images.PictureRefused as refusal:
        raise Unfetched(f"picture.{refusal.code}", may_pass=False) from refusal


def sentence(reason: str) -> str:
    """Why a picture is not there, in the reader's language; empty before the first try."""
    kind, _dot, code = reason.partition(".")
    try:
        return _refusal(kind, code).message if reason else ""
    except KeyError:
        return reason


def _refusal(kind: str, code: str) -> Refusal:
    match kind:
        case "address":
            return AddressRefused(code)
        case "fetch":
            return FetchFailed(code)
        case "picture":
            limits = {
                "megabytes": images.MAX_BYTES // 1024**2,
                "megapixels": images.MAX_PIXELS // 1_000_000,
            }
            return images.PictureRefused(code, **limits)
        case _:
            return Refusal(_ANSWERED, code="status", number=code)
