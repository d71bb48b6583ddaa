"""The practice network's webhooks: asking for them, and whether one is signed by it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Protocol

from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks.base import Account, ChannelRefused, CouldNotRead
from etalage.networks.practice.answers import could_not_read

SIGNATURE = "x-practice-signature"
MOMENT = "x-practice-moment"


class Caller(Protocol):
    """What is needed of the connector."""

    def _call(self, account: Account, method: str, path: str, **request: Any) -> Answer:
        """One request with the account's token; raises `NotSent` or `AnswerLost`."""


class Pushes:
    """The connector's part for webhooks."""

    def subscribe(
        self: Caller, account: Account, address: str, secret: str
    ) -> CouldNotRead | ChannelRefused | None:
        """Set address and secret; the network takes addresses on its own machine alone."""
        try:
            answer = self._call(account, "PUT", "/api/push", json={"url": address, "secret": secret})
        except (NotSent, AnswerLost) as error:
            return could_not_read(error)
        return None if answer.ok else could_not_read(answer)

    def verify(self, secret: str, headers: Mapping[str, str], raw: bytes) -> bool:
        """Compare the HMAC over the moment, a point and the raw bytes, in constant time."""
        if not secret:
            return False
        signed = self.signed_at(headers).encode("utf-8", "replace") + b"." + raw
        expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode("utf-8", "replace"))

    def signed_at(self, headers: Mapping[str, str]) -> str:
        """The moment of this try of the delivery."""
        return headers.get(MOMENT, "")
