"""The one client for addresses that strangers gave us: link previews, feeds, pictures, an instance's name.

Every hop is checked: scheme, port, no credentials, and every address that the name stands for is public; the
very address that was checked is the one that is called, so a name that changes its mind in between gains
nothing.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import httpcore
import httpx

from etalage.kit import addresses, http_wire
from etalage.kit.errors import Refusal, gettext_noop

USER_AGENT = "Etalage/1 (link reader)"

_LONGEST_ADDRESS = 2048
_HOST = re.compile(r"(?=.*[a-z0-9])[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)
_PORTS = frozenset({80, 443})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE_HEADERS = frozenset({"accept", "accept-language", "if-none-match", "if-modified-since"})
_NOT_PUBLIC = gettext_noop("This address is not public. Give an address that anyone can open.")
_REFUSALS = {
    "bad_address": gettext_noop("This is not a web address. Check it and try again."),
    "scheme": gettext_noop("Only addresses that begin with http:// or https:// can be opened."),
    "port": gettext_noop("Only the usual web ports can be opened. Take the port out of the address."),
    "credentials": gettext_noop("Take the name and the password out of the address."),
    "inside": _NOT_PUBLIC,
    "too_many_redirects": gettext_noop("This address only leads on to others. Give the last one."),
}
_FAILURES = {
    "unknown_host": gettext_noop("No site was found under this address. Check it for typing errors."),
    "unreachable": gettext_noop("The site does not answer. Try again later."),
    "tls": gettext_noop("The site has no valid certificate, so it was not opened."),
    "too_slow": gettext_noop("The site took too long to answer. Try again later."),
    "too_large": gettext_noop("What this address holds is too large."),
    "broken": gettext_noop("The site's answer could not be read. Try again later."),
}


class AddressRefused(Refusal):
    """An address we do not call: bad_address, scheme, port, credentials, inside, too_many_redirects."""

    def __init__(self, code: str) -> None:
        super().__init__(_REFUSALS[code], code=code)


class FetchFailed(Refusal):
    """The other side failed: unknown_host, unreachable, tls, too_slow, too_large, broken."""

    def __init__(self, code: str) -> None:
        super().__init__(_FAILURES[code], code=code, status=502)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered: final `url`, any status, headers with lower-case names, decoded body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; a claim, not to be trusted."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class GuardedClient:
    """GET and HEAD on public addresses only: at most `max_bytes` unpacked, within `deadline` seconds.

    `allow` names (host, port) pairs of this very machine that may be called all the same: test servers and
    the practice network.
    """

    def __init__(
        self,
        *,
        allow: frozenset[tuple[str, int]] = frozenset(),
        deadline: float = 10.0,
        connect_timeout: float = 5.0,
        max_bytes: int = 10 * 1024 * 1024,
        max_redirects: int = 3,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._allow = allow
        self._deadline = deadline
        self._connect_timeout = connect_timeout
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._trust = trust

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetch `url`, over redirects; AddressRefused or FetchFailed (both `Refusal`) when that cannot be."""
        return self._follow("GET", url, headers or {})

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """As `get`, without the body."""
        return self._follow("HEAD", url, headers or {})

    def _follow(self, method: str, address: str, headers: Mapping[str, str]) -> Fetched:
        if not {name.lower() for name in headers} <= _SAFE_HEADERS:
            raise ValueError("A stranger's address gets no such header.")
        deadline = http_wire.Deadline(self._deadline)
        url = _read_address(address)
        for _ in range(self._max_redirects + 1):
            answer = self._call(method, url, headers, deadline)
            target = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not target:
                return answer
            url = _read_address(target, base=url)
        raise AddressRefused("too_many_redirects")

    def _call(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], deadline: http_wire.Deadline
    ) -> Fetched:
        accept = self._accept(url)
        own = {"user-agent": USER_AGENT, "accept-encoding": "gzip", "connection": "close"}
        request = httpx.Request(method, url, headers={**headers, **own})
        try:
            wire = http_wire.open_wire(url, deadline, self._connect_timeout, accept=accept, trust=self._trust)
        except http_wire.NotConnected as problem:
            raise _connection_problem(problem.reason) from problem
        try:
            response = http_wire.exchange(request, wire)
            found = http_wire.header_map(response.headers)
            # Where it leads on, what it says besides does not matter.
            leads_on = response.status in _REDIRECTS and "location" in found
            body = b"" if leads_on or method == "HEAD" else http_wire.read_body(response, self._max_bytes)
        except http_wire.BodyUnusable as problem:
            raise FetchFailed("too_large" if problem.reason == "too_large" else "broken") from problem
        except httpcore.TimeoutException as problem:
            raise FetchFailed("too_slow") from problem
        except (httpcore.NetworkError, httpcore.ProtocolError) as problem:
            raise FetchFailed("broken") from problem
        finally:
            wire.close()
        return Fetched(str(url), response.status, found, body)

    def _accept(self, url: httpx.URL) -> http_wire.Acceptance:
        """What the addresses of this host have to be; AddressRefused for a port that is not the web's."""
        port = url.port or (443 if url.scheme == "https" else 80)
        if (url.host, port) in self._allow:
            return addresses.is_loopback
        if port not in _PORTS:
            raise AddressRefused("port")
        return addresses.is_public


def _read_address(address: str, base: httpx.URL | None = None) -> httpx.URL:
    if len(address) > _LONGEST_ADDRESS:
        raise AddressRefused("bad_address")
    try:
        url = base.join(address) if base else httpx.URL(address.strip())
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError) as problem:
        raise AddressRefused("bad_address") from problem
    if url.scheme not in ("http", "https"):
        raise AddressRefused("scheme" if url.scheme else "bad_address")
    if url.userinfo:
        raise AddressRefused("credentials")
    if not _HOST.fullmatch(host):  # httpx quotes what cannot be in a name instead of refusing it
        raise AddressRefused("bad_address")
    return url.copy_with(fragment=None)


def _connection_problem(reason: str) -> Refusal:
    if reason == "inside_address":
        return AddressRefused("inside")
    return FetchFailed({"unknown_host": "unknown_host", "tls": "tls"}.get(reason, "unreachable"))
