"""Faults on order: what the network does wrong to the next requests, told over `/script`."""

from __future__ import annotations

import gzip
import random
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from etalage.networks.practice.server.web import Problem, RawAnswer, Response, refusal

#: name → (is the request carried out?, what the asker gets instead of its answer)
FAULTS: dict[str, tuple[bool, str]] = {
    "lost_before": (False, "cut"),
    "error_before": (False, "error"),
    "nothing": (False, "nothing"),
    "rate_limited": (False, "rate_limited"),
    "rate_limited_bare": (False, "rate_limited_bare"),
    "dead_token": (False, "dead_token"),
    "permission_missing": (False, "permission_missing"),
    "platform_down": (False, "platform_down"),
    "platform_down_bare": (False, "platform_down_bare"),
    "nonsense": (False, "html"),
    "redirect": (False, "redirect"),
    "redirect_loop": (False, "redirect_loop"),
    "accepted_cut": (True, "cut"),
    "accepted_500": (True, "error"),
    "accepted_nonsense": (True, "html"),
    "accepted_truncated": (True, "truncated"),
    "accepted_empty": (True, "empty"),
    "accepted_nothing": (True, "nothing"),
    "accepted_wrong_length": (True, "wrong_length"),
    "accepted_twice": (True, "twice"),
    "accepted_drip": (True, "drip"),
    "accepted_bomb": (True, "bomb"),
    "accepted_not_http": (True, "not_http"),
    "slow": (True, "answer"),  # carried out at once, answered late
    "slow_before": (True, "answer"),  # carried out late: a look in between finds nothing
    "late_visible": (True, "answer"),
    "push_twice": (True, "answer"),
}
ANY = "any"  # in place of a name: one out of `among`
#: What a fault can strike. "publish" is the one visible act, whatever the account's face.
PLACES = ("publish", "media", "draft", "edit", "withdraw", "read", "stream", "account", "push")
#: Answers that are written on the wire as they are, past every rule of HTTP.
RAW = frozenset({"nothing", "wrong_length", "twice", "drip", "bomb", "not_http"})
BOMB_BYTES = 64 * 1024 * 1024  # unpacked
NONSENSE = b"<!doctype html><title>Welcome</title><h1>It works!</h1><p>Please accept our cookies.</p>"


@dataclass
class Fault:
    """One order. `times` None means until it is cleared; `share` strikes only a part of the requests.

    With `among`, each struck request draws one fault out of that list, and `fault` is "any".
    """

    fault: str
    on: str = "publish"
    account: str = ""  # a handle; empty strikes every account
    times: int | None = 1
    skip: int = 0  # let that many requests pass first
    seconds: float = 0.0  # of slowness, of lateness, or to wait before asking again
    share: float = 1.0
    seed: int = 0
    among: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 chance in a play, not a secret

    def strikes(self) -> bool:
        """Use up one turn of the order; True when this request is struck."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.share < 1.0 and self._random.random() >= self.share:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def drawn(self) -> Fault:
        """The fault that strikes this time."""
        return replace(self, fault=self._random.choice(self.among), among=[]) if self.among else self

    @property
    def is_accepted(self) -> bool:
        """True when the request is carried out all the same."""
        return FAULTS[self.fault][0]

    @property
    def reply(self) -> str:
        """What the asker gets: "answer" means the true one."""
        return FAULTS[self.fault][1]


class Script:
    """The orders that still stand, in the order in which they came."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def add(self, data: dict[str, Any]) -> Fault:
        """Take an order; raises `Problem` 422 when it is none."""
        try:
            order = Fault(**data)
        except TypeError as error:
            raise Problem(
                422,
                "script_invalid",
                "Fields: fault, on, account, times, skip, seconds, share, seed, among.",
            ) from error
        wanted = order.among if order.fault == ANY and order.among else [order.fault]
        if not set(wanted) <= FAULTS.keys() or order.on not in PLACES:
            raise Problem(
                422, "script_invalid", "Unknown fault or place.", faults=list(FAULTS), places=list(PLACES)
            )
        self._orders.append(order)
        return order

    def clear(self) -> None:
        """Forget all orders."""
        self._orders.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The standing orders."""
        return [asdict(order) for order in self._orders]

    def strike(self, place: str, handle: str) -> Fault | None:
        """The first standing order that strikes this request, or None."""
        for order in self._orders:
            if order.on == place and order.account in ("", handle) and order.strikes():
                self._orders = [other for other in self._orders if other.times is None or other.times > 0]
                return order.drawn()
        return None


def wrong_reply(fault: Fault, true_answer: Response | None, path: str) -> Response:
    """The answer that the fault gives in place of the true one, to a request for `path`; "cut" never comes here."""
    if fault.reply in RAW:
        raise RawAnswer(*_raw(fault, (true_answer or Response()).body))
    seconds = max(1, round(fault.seconds))
    if fault.reply == "html":
        return Response(200, NONSENSE, "text/html")
    if fault.reply == "empty":
        return Response(200, b"")
    if fault.reply == "redirect":
        return Response(302, b"", headers={"location": "/somewhere-else"})
    if fault.reply == "redirect_loop":
        return Response(307, b"", headers={"location": path})
    if fault.reply == "truncated" and true_answer is not None:
        return Response(true_answer.status, true_answer.body[: len(true_answer.body) // 2])
    refusals = {
        "error": Problem(500, "internal", "Something broke."),
        "rate_limited": Problem(429, "rate_limited", "Too many requests.", retry_after=seconds),
        "rate_limited_bare": Problem(429, "rate_limited", "Too many requests."),
        "platform_down_bare": Problem(503, "platform_down", "Out of order."),
        "dead_token": Problem(401, "token_dead", "This token opens no account."),
        "permission_missing": Problem(
            403, "permission_missing", "This token may only read.", permission="write"
        ),
        "platform_down": Problem(503, "platform_down", "Out of order.", retry_after=seconds),
    }
    return refusal(refusals[fault.reply])


def _raw(fault: Fault, body: bytes) -> tuple[list[bytes], float]:
    """The pieces to be written on the wire, and the seconds between them."""
    whole = _http(body, len(body))
    match fault.reply:
        case "nothing":
            return [], 0.0
        case "wrong_length":
            return [_http(body, len(body) + 1000)], 0.0
        case "twice":
            return [whole, whole], 0.0
        case "drip":
            return [bytes([byte]) for byte in whole], fault.seconds or 1.0
        case "bomb":
            return [_http(_bomb(), len(_bomb()), b"content-encoding: gzip\r\n")], 0.0
    return [b"+OK this is not the Web\r\n" * 20], 0.0


def _http(body: bytes, length: int, more: bytes = b"") -> bytes:
    """An answer that says to be `length` bytes long."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n%bcontent-length: %d\r\n\r\n%b" % (
        more,
        length,
        body,
    )


@cache
def _bomb() -> bytes:
    """A few thousand bytes that unpack to `BOMB_BYTES`."""
    return gzip.compress(b"0" * BOMB_BYTES)
