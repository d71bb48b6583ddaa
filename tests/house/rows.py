"""What a row of the table of routes says, and how to write one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.house.world import ROLES, House

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Send = Callable[[House, str], dict[str, Any]]
Ids = Callable[[House], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """A route: who may (`lowest` and every role above), and what each method answers to them.

    A method that is not named answers 405 to everybody who is not turned away before. `send` makes what a POST
    carries, `ids` the parameters where they differ from the house's. `others` holds what breaks the rule, by role
    and method. `touches` names the tables that change although the answer looks like a refusal, with the reason.
    """

    lowest: str
    answers: Mapping[str, str]
    send: Send | None = None
    ids: Ids | None = None
    others: Mapping[tuple[str, str], str] = field(default_factory=dict)
    touches: Mapping[str, str] = field(default_factory=dict)

    def expected(self, role: str, method: str) -> str:
        """The outcome for a role and a method."""
        if (role, method) in self.others:
            return self.others[role, method]
        if method not in self.answers:
            return "not allowed"
        if ROLES.index(role) >= ROLES.index(self.lowest):
            return self.answers[method]
        return "sign in" if role == "stranger" else "forbidden"

    def may(self, role: str, method: str) -> bool:
        """True when this request is answered as it was meant to be."""
        return self.expected(role, method) not in REFUSED


# What turns a request away; whoever gets one of these must have changed nothing.
REFUSED = frozenset(
    {"sign in", "forbidden", "not allowed", "missing", "conflict", "unfit", "gone", "refused"}
)


def staff(lowest: str, **more: Any) -> Row:
    """A page for members of this role and higher: `staff("manager", GET="ok", POST="moved", send=…)`."""
    answers = {name: more.pop(name) for name in METHODS if name in more}
    return Row(lowest, answers, **more)


def public(**more: Any) -> Row:
    """A page for everybody."""
    return staff("stranger", **more)


def outcome(status: int, location: str, sign_in: str) -> str:
    """The name of an answer."""
    if 200 <= status < 300:
        return "ok"
    if 300 <= status < 400:
        return "sign in" if location.startswith(sign_in) else "moved"
    names = {403: "forbidden", 404: "missing", 405: "not allowed", 409: "conflict", 410: "gone", 422: "unfit"}
    return names.get(status, "refused" if status < 500 else "error")


def nothing(_house: House, _address: str) -> dict[str, Any]:
    """A form of which the button is all."""
    return {}


def form(page: str = "", **changes: Any) -> Send:
    """What the form on a page would send, with changes; `page` "" is the address itself.

    A change may be a function of the house, for what has to be new.
    """

    def send(house: House, address: str) -> dict[str, Any]:
        made = {name: value(house) if callable(value) else value for name, value in changes.items()}
        return house.form(page or address, address, "owner", **made)

    return send


def given(**facts: Any) -> Send:
    """Just these facts; a function of the house makes one of them."""

    def send(house: House, _address: str) -> dict[str, Any]:
        return {name: value(house) if callable(value) else value for name, value in facts.items()}

    return send
