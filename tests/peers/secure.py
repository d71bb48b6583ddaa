"""Certificates of a test's own, and a line that speaks https in front of a server that does not."""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


class _Call(socketserver.BaseRequestHandler):
    """One request: handed on with the word that it came by https, as a proxy does, and then its answer handed back.

    One after the other: a connection of TLS is not for two threads at once, one that reads and one that writes.
    """

    server: _Line

    def handle(self) -> None:
        with suppress(OSError), self.server.context.wrap_socket(self.request, server_side=True) as wire:
            request = wire.makefile("rb")
            first, head = request.readline(), b""
            while (line := request.readline()).strip():
                head += line
            if not first:
                return  # a browser opens connections that it may never use
            length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
            body = request.read(int(length[1])) if length else b""
            with socket.create_connection(self.server.behind, 30) as behind:
                told = b"X-Forwarded-Proto: https\r\nConnection: close\r\n"
                behind.sendall(first + told + head + b"\r\n" + body)
                while data := behind.recv(65536):
                    wire.sendall(data)


class _Line(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, origin: str, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        parts = urlsplit(origin)
        self.behind, self.context = (parts.hostname, parts.port), context


@contextmanager
def secure_line(origin: str, host: str, authority: Authority) -> Iterator[str]:
    """The https origin under which the server at `origin` is reached for the length of a `with` block."""
    with _Line(origin, authority.server_context(host)) as line:
        thread = threading.Thread(target=line.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"https://{host}:{line.server_address[1]}"
        finally:
            line.shutdown()
            thread.join()
