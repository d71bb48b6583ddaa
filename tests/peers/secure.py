"""Certificates of a test's own, and a line that speaks https in front of a server that does not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from etalage.kit import clock


class Authority:
    """Whoever trusts `certificate` trusts the hosts that it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Etalage's tests")])
        made = self._made(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0))
        self.certificate = folder / "authority.pem"
        self.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def server_context(self, host: str) -> ssl.SSLContext:
        """What a server needs that goes by this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._made(name, key, x509.SubjectAlternativeName([x509.DNSName(host)]))
        path, pem = self._folder / f"{host}.pem", serialization.Encoding.PEM
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_bytes(key.private_bytes(pem, *plain) + made.public_bytes(pem))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _made(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, about: x509.ExtensionType
    ) -> x509.Certificate:
        now = clock.now()
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self._name)
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        return made.add_extension(about, critical=False).sign(self._key, hashes.SHA256())


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


class _Line:
    """Hands on what comes in, with the word that it came by https, as a proxy does; one request for each connection.

    All of it in one thread: a connection of TLS is not for two threads at once, one that reads and one that writes.
    """

    def __init__(self, origin: str, context: ssl.SSLContext) -> None:
        parts = urlsplit(origin)
        self._behind, self._context = (parts.hostname, parts.port), context
        self.port: Future[int] = Future()

    async def serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._handle, "127.0.0.1", 0, ssl=self._context) as server:
            self.port.set_result(server.sockets[0].getsockname()[1])
            await self._done.wait()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._done.set)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut_off = OSError, asyncio.IncompleteReadError, asyncio.CancelledError
        with suppress(*cut_off), closing(writer):
            first, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            answers, wire = await asyncio.open_connection(*self._behind)
            with closing(wire):
                wire.write(first + b"\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n" + rest)
                body = asyncio.create_task(_hand_on(reader, wire))
                await _hand_on(answers, writer)
                body.cancel()


@contextmanager
def secure_line(origin: str, host: str, authority: Authority) -> Iterator[str]:
    """The https origin under which the server at `origin` is reached for the length of a `with` block."""
    line = _Line(origin, authority.server_context(host))
    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(asyncio.run, line.serve())
        try:
            yield f"https://{host}:{line.port.result(30)}"
        finally:
            line.end()
            serving.result(30)
