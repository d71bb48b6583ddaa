"""One HTTP exchange over one fresh connection, with a deadline and without second tries.

Both clients stand on it. It keeps no cookies, reads no proxies or credentials from the environment, follows
nothing, and reuses no connection: a kept connection that the server has just closed would make "was it sent?"
unanswerable. It knows for certain whether a byte of the request has left.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import certifi
import httpcore
import httpx

from etalage.kit import clock

Acceptance = Callable[[str], bool]


class NotConnected(Exception):
    """No byte of the request has left.

    Reasons: unknown_host, inside_address, refused, unreachable, connect_timeout, tls.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BodyUnusable(Exception):
    """The body did not come whole. Reasons: too_large, truncated, not_http."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Deadline:
    """A moment after which nothing may take any longer, whatever happens on the way."""

    def __init__(self, seconds: float) -> None:
        self._end = clock.elapsed() + seconds

    def left(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - clock.elapsed())


class Patience(Deadline):
    """A deadline that also comes when nothing was heard for `silence` seconds."""

    def __init__(self, seconds: float, silence: float) -> None:
        super().__init__(seconds)
        self._silence = silence
        self.heard()

    def heard(self) -> None:
        """Something came: be patient anew."""
        self._quiet_until = clock.elapsed() + self._silence

    def left(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, min(super().left(), self._quiet_until - clock.elapsed()))


class Wire(httpcore.NetworkStream):
    """A connected socket that keeps to the deadline, and knows if it has sent and if the other side hung up."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self.has_sent = False
        self.has_ended = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._connection.settimeout(self._seconds())
            received = self._connection.recv(max_bytes)
        except TimeoutError as problem:
            raise httpcore.ReadTimeout("deadline") from problem
        except OSError as problem:
            raise httpcore.ReadError(type(problem).__name__) from problem
        self.has_ended = not received
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            while buffer:
                self._connection.settimeout(self._seconds())
                self.has_sent = True  # before the call: a send that fails may still have sent a part
                buffer = buffer[self._connection.send(buffer) :]
        except TimeoutError as problem:
            raise httpcore.WriteTimeout("deadline") from problem
        except OSError as problem:
            raise httpcore.WriteError(type(problem).__name__) from problem

    def close(self) -> None:
        self._connection.close()

    def _seconds(self) -> float:
        left = self._deadline.left()
        if not left:
            raise TimeoutError
        return left


def open_wire(
    url: httpx.URL,
    deadline: Deadline,
    connect_timeout: float,
    *,
    accept: Acceptance | None = None,
    trust: ssl.SSLContext | None = None,
) -> Wire:
    """Connect to the host of `url`, with TLS for https; NotConnected says why not.

    The name is resolved once. With `accept`, every address that it stands for must be accepted, and it is one
    of those very addresses that is called.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    host = url.raw_host.decode("ascii")
    within = Deadline(min(connect_timeout, deadline.left()))
    addresses = _resolve(host, port, within)
    if accept and not all(accept(address) for address in addresses):
        raise NotConnected("inside_address")
    connection = _connect(addresses, port, within)
    if url.scheme == "https":
        connection = _secure(connection, host, within, trust)
    return Wire(connection, deadline)


def exchange(request: httpx.Request, wire: Wire) -> httpcore.Response:
    """Send the request and read the head of the answer; httpcore's exceptions pass."""
    prepared = _core_request(request)
    return httpcore.HTTP11Connection(origin=prepared.url.origin, stream=wire).handle_request(prepared)


def read_body(response: httpcore.Response, max_bytes: int) -> bytes:
    """The unpacked body; BodyUnusable when it is too large, cut short, or packed in an unknown way."""
    packing = header(response.headers, b"content-encoding").strip().lower()
    if packing in ("", "identity"):
        return _gather(response.iter_stream(), max_bytes)
    if packing in ("gzip", "x-gzip", "deflate"):
        return _unpack(response.iter_stream(), max_bytes)
    raise BodyUnusable("not_http")


def read_lines(response: httpcore.Response, patience: Patience, max_bytes: int) -> Iterator[str]:
    """The lines of a body that goes on, as they come; BodyUnusable when one is longer than `max_bytes`."""
    rest = b""
    for chunk in response.iter_stream():
        patience.heard()
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
        if len(rest) > max_bytes:
            raise BodyUnusable("too_large")


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """The first header of that (lower-case) name, or ""."""
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")


def header_map(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones joined by a comma."""
    result: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        result[name] = f"{result[name]}, {value}" if name in result else value
    return result


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _resolve(host: str, port: int, within: Deadline) -> list[str]:
    """The addresses of a host. The system's resolver knows no deadline, hence the thread."""
    try:
        return [str(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:
        pass  # a name
    found: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            records = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found.put(None)
        else:
            found.put([str(record[4][0]) for record in records])

    try:
        threading.Thread(target=look_up, daemon=True).start()
        addresses = found.get(timeout=within.left() or 0.001)
    except (queue.Empty, RuntimeError):  # RuntimeError: this machine has no room for another thread
        addresses = None
    if not addresses:
        raise NotConnected("unknown_host")
    return list(dict.fromkeys(addresses))


def _connect(addresses: list[str], port: int, within: Deadline) -> socket.socket:
    """A connection to the first address that takes one."""
    reason = "connect_timeout"
    for place, address in enumerate(addresses):
        seconds = within.left() / (len(addresses) - place)  # one silent address leaves time for the next
        if not seconds:
            break
        try:
            # May be refused as well: this process has no more files, or this machine no such family of addresses.
            connection = socket.socket(
                socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
            )
        except OSError as problem:
            reason = _connect_reason(problem)
            continue
        try:
            connection.settimeout(seconds)
            connection.connect((address, port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError as problem:
            connection.close()
            reason = _connect_reason(problem)
    raise NotConnected(reason)


def _connect_reason(problem: OSError) -> str:
    if isinstance(problem, TimeoutError):
        return "connect_timeout"
    return "refused" if isinstance(problem, ConnectionRefusedError) else "unreachable"


def _secure(
    connection: socket.socket, host: str, within: Deadline, trust: ssl.SSLContext | None
) -> socket.socket:
    """TLS over the connection; an end without goodbye counts as a cut, not as the end of the body."""
    try:
        connection.settimeout(within.left() or 0.001)
        trust = trust or _trust()  # read from a file the first time
        return trust.wrap_socket(connection, server_hostname=host.strip("[]"), suppress_ragged_eofs=False)
    except TimeoutError as problem:
        connection.close()
        raise NotConnected("connect_timeout") from problem
    except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError
        connection.close()
        raise NotConnected("tls") from problem


def _core_request(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        method=request.method.encode("ascii"),
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        content=request.read(),
    )


def _gather(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise BodyUnusable("too_large")
    return bytes(body)


def _unpack(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    """Unpack gzip or zlib, never further than one byte beyond the bound."""
    body = bytearray()
    packed = 0
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        for chunk in chunks:
            packed += len(chunk)
            rest = chunk
            while rest and not unpacker.eof:
                body += unpacker.decompress(rest, max_bytes + 1 - len(body))
                if len(body) > max_bytes or packed > max_bytes:
                    raise BodyUnusable("too_large")
                rest = unpacker.unconsumed_tail
    except zlib.error as problem:
        raise BodyUnusable("not_http") from problem
    if packed and not unpacker.eof:
        raise BodyUnusable("truncated")
    return bytes(body)
