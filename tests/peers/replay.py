"""A server that answers what a real Mastodon answered, as it was recorded: a program of its own behind HTTP.

    python -m tests.peers.replay FOLDER RECORDING…

It prints its address on the first line. The recordings (YAML, in the shape of the tool vcrpy; named without the
suffix, as they stand in the folder or by their whole path) are served by method and path: the same question asked
again gets the next answer that was recorded for it, the last one for ever. What was never recorded is answered as
Mastodon answers where it has nothing. `GET /--asked` lists what came in.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

RECORDED_AT = b"http://localhost:3000"  # where the recorded server was; it names itself in its answers
NOT_REPEATED = frozenset({"content-length", "transfer-encoding", "content-encoding", "connection"})


def read(files: list[Path]) -> dict[tuple[str, str], deque[dict[str, Any]]]:
    """The recorded answers by method and path, in their order."""
    answers: dict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(deque)
    for file in files:
        for pair in yaml.load(file.read_text(), yaml.CSafeLoader)["interactions"]:
            request = pair["request"]
            if request["uri"].startswith(RECORDED_AT.decode()):
                answers[request["method"], _path(request["uri"])].append(pair["response"])
    return answers


def _path(address: str) -> str:
    return urlsplit(address).path.rstrip("/")


class Replay(BaseHTTPRequestHandler):
    """One request; the server holds the answers."""

    server: ReplayServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, and note what was asked."""
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        if self.path == "/--asked":
            self._send(200, [], json.dumps(self.server.asked).encode())
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(
            {"method": self.command, "path": self.path, "headers": headers, "body": raw.decode("latin-1")}
        )
        answers = self.server.answers.get((self.command, _path(self.path)))
        if not answers:
            self._send(404, [], b'{"error": "Not Found"}')
            return
        answer = answers.popleft() if len(answers) > 1 else answers[0]
        body = answer["body"].get("string", b"")
        body = body.encode() if isinstance(body, str) else body
        own = f"http://{self.headers['host']}".encode()
        lines = [
            (name, value.replace(RECORDED_AT.decode(), own.decode()))
            for name, values in answer["headers"].items()
            for value in values
            if name.lower() not in NOT_REPEATED
        ]
        self._send(answer["status"]["code"], lines, body.replace(RECORDED_AT, own))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _send(self, status: int, lines: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in [*lines, ("content-length", str(len(body))), ("connection", "close")]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class ReplayServer(ThreadingHTTPServer):
    """A free port on this machine, the answers, and what was asked so far."""

    daemon_threads = True

    def __init__(self, answers: dict[tuple[str, str], deque[dict[str, Any]]]) -> None:
        super().__init__(("127.0.0.1", 0), Replay)
        self.answers = answers
        self.asked: list[dict[str, Any]] = []


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    server = ReplayServer(read([folder / f"{name}.yaml" for name in sys.argv[2:]]))
    print(f"http://localhost:{server.server_address[1]}", flush=True)
    server.serve_forever()
