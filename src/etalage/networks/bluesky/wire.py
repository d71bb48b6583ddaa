"""Requests to a server of the network: one each, with the account's token, and what came of them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from etalage.kit import clock
from etalage.kit.http_network import Answer, AnswerLost, NotSent
from etalage.networks.base import ChannelRefused, CouldNotRead
from etalage.networks.bluesky import dpop
from etalage.networks.bluesky.answers import could_not_read, failure
from etalage.networks.wire import Failure, client_for, lost, not_sent, object_of

READ_SECONDS = 15.0
WRITE_SECONDS = 60.0  # a server may be slow to accept; a shorter wait only makes more doubt


class Wire:
    """The way to one server. Waits are in seconds, of requests that change nothing and of those that do.

    With `key`, the token is bound to it, and each request carries a proof.
    """

    def __init__(
        self, base_url: str, token: str, read_seconds: float, write_seconds: float, key: str = ""
    ) -> None:
        self._base_url = base_url
        self._token = token
        self._key = key
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds

    def read(self, name: str, **params: Any) -> dict[str, Any] | CouldNotRead | ChannelRefused:
        """Ask the method `name`: its JSON object, or why there is none."""
        try:
            answer = self._call("GET", name, self._read_seconds, params=params)
        except (NotSent, AnswerLost) as error:
            return could_not_read(error)
        data = object_of(answer) if answer.ok else None
        return could_not_read(answer) if data is None else data

    def write(
        self, name: str, body: Mapping[str, Any] | None = None, **request: Any
    ) -> dict[str, Any] | Failure:
        """Call the method `name`: its JSON object, which may be empty, or what its failure means."""
        answer = self.post(name, body, **request)
        if not isinstance(answer, Answer):
            return answer
        data = object_of(answer) if answer.ok and answer.body else {}
        return data if answer.ok and data is not None else failure(answer)

    def post(self, name: str, body: Mapping[str, Any] | None = None, **request: Any) -> Answer | Failure:
        """The bare answer to one request that changes something; nothing is ever done a second time."""
        try:
            return self._call("POST", name, self._write_seconds, json=body, **request)
        except NotSent as error:
            return not_sent(error)
        except AnswerLost as error:
            return lost(error)

    def _call(self, method: str, name: str, seconds: float, **request: Any) -> Answer:
        headers = dict(request.pop("headers", {}))
        client, url = client_for(self._base_url), f"{self._base_url}/xrpc/{name}"
        if not self._key:
            if self._token:
                headers["authorization"] = f"Bearer {self._token}"
            return client.request(method, url, headers=headers, timeout=seconds, **request)

        def send(proof: str) -> Answer:
            proved = {**headers, "authorization": f"DPoP {self._token}", "dpop": proof}
            return client.request(method, url, headers=proved, timeout=seconds, **request)

        return dpop.proved(send, self._key, method, url, self._token)


def origin_of(address: str) -> str:
    """The origin in what a person typed ("bsky.social"), https when it names no scheme; else the text itself."""
    address = address.strip().rstrip("/")
    address = address if "://" in address else f"https://{address}"
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return f"{parts.scheme}://{parts.netloc}".lower()


def own_server(session: Mapping[str, Any], origin: str) -> str:
    """Where the account's data lives, as its DID document says; `origin` when it says nothing."""
    document = session.get("didDoc")
    services = document.get("service") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and str(service.get("id", "")).endswith("#atproto_pds"):
            endpoint = service.get("serviceEndpoint")
            return origin_of(endpoint) if isinstance(endpoint, str) and endpoint else origin
    return origin


def claims(token: str) -> dict[str, Any]:
    """What a token says of itself (RFC 7519), unverified: its end and scope. Empty when it cannot be read."""
    try:
        body = token.split(".")[1]
        data = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def ends_at(token: str) -> datetime | None:
    """When a token ends; None when it does not say."""
    end = claims(token).get("exp")
    return clock.from_micros(end * 1_000_000) if isinstance(end, int) and 0 < end < 1 << 33 else None
