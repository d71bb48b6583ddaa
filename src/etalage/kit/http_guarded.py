"""The one client for addresses that strangers gave us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from etalage.kit.errors import Refusal


class AddressRefused(Refusal):
    """An address that we do not call. Codes: bad_address, scheme, port, credentials, inside, too_many_redirects."""


class FetchFailed(Refusal):
    """The other side did not answer well. Codes: unknown_host, unreachable, tls, too_slow, too_large, broken."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered: final `url`, any status, headers with lower-case names, decoded body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class GuardedClient:
    """GET and HEAD on public addresses only."""

    def __init__(
        self,
        *,
        allow: frozenset[tuple[str, int]] = frozenset(),
        deadline: float = 10.0,
        max_bytes: int = 10 * 1024 * 1024,
        max_redirects: int = 3,
    ) -> None:
        raise NotImplementedError

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        raise NotImplementedError

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        raise NotImplementedError
