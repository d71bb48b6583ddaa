"""The stream of an account's notifications: Mastodon's server-sent events, used as a bell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from etalage.kit.http_network import AnswerLost, NotSent
from etalage.kit.http_wire import Patience
from etalage.networks.base import Account, ChannelRefused, CouldNotRead, Reason
from etalage.networks.mastodon.answers import could_not_read
from etalage.networks.mastodon.authorizing import Authorizing

PATH = "/api/v1/streaming/user/notification"
SILENCE_S = 90.0  # a server says something every 15 s, if only that it is there
LONGEST_S = 3600.0  # then anew: a token that was revoked meanwhile is found out


class Streaming(Authorizing):
    """What `networks.base.Streamer` asks for."""

    def stream(
        self, account: Account, heard: Callable[[], None], ended: Callable[[], bool]
    ) -> CouldNotRead | ChannelRefused | None:
        """Listen at the address that the instance names for it; None when it names none."""
        found = self.wire(account.base_url, account.token).read("/api/v2/instance")
        if not isinstance(found, dict):
            return found
        origin = streaming_origin(found)
        if not origin:
            return None
        try:
            wire = self.wire(origin, account.token)
            with wire.stream(PATH, Patience(LONGEST_S, SILENCE_S)) as (head, lines):
                if not head.ok:
                    return could_not_read(head)
                heard()
                for line in lines:
                    if ended():
                        break
                    if line.startswith("event:"):
                        heard()
        except (NotSent, AnswerLost) as error:
            return could_not_read(error)
        return CouldNotRead(Reason.UNREACHABLE)


def streaming_origin(instance: dict[str, Any]) -> str:
    """Where the instance streams, as an http origin; empty when it does not. It names it as a socket's address."""
    configuration = instance.get("configuration")
    urls = configuration.get("urls") if isinstance(configuration, dict) else None
    address = urls.get("streaming") if isinstance(urls, dict) else None
    try:
        parts = urlsplit(address) if isinstance(address, str) else None
    except ValueError:
        parts = None
    scheme = (
        {"wss": "https", "https": "https", "ws": "http", "http": "http"}.get(parts.scheme) if parts else None
    )
    return f"{scheme}://{parts.netloc}" if parts and scheme and parts.netloc else ""
