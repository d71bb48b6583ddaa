"""Asking the practice network for webhooks."""

from __future__ import annotations

from typing import Any, Protocol

from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks.base import Account, ChannelRefused, CouldNotRead
from etalage.networks.practice.answers import could_not_read


class Caller(Protocol):
    """What is needed of the connector."""

    def _call(self, account: Account, method: str, path: str, **request: Any) -> Answer:
        """One request with the account's token; raises `NotSent` or `AnswerLost`."""


class Pushes:
    """The connector's part that subscribes."""

    def subscribe(
        self: Caller, account: Account, address: str, secret: str
    ) -> CouldNotRead | ChannelRefused | None:
        """Set address and secret; the network takes addresses on its own machine alone."""
        try:
            answer = self._call(account, "PUT", "/api/push", json={"url": address, "secret": secret})
        except (NotSent, AnswerLost) as error:
            return could_not_read(error)
        return None if answer.ok else could_not_read(answer)
