"""A network that says odd things, as a program of its own: `python -m tests.publishing.odd_network` prints its address.

What it has standing is counted, and its answer to every request is what was put there as `/answer` before.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


class Odd(BaseHTTPRequestHandler):
    """`PUT /answer` says what is answered, `POST /posts` adds one, `GET /posts` shows the last answer and how many."""

    answer: ClassVar[dict[str, Any]] = {}
    standing: ClassVar[int] = 0

    def do_PUT(self) -> None:
        Odd.answer, Odd.standing = json.loads(self._body()), 0
        self._say({})

    def do_POST(self) -> None:
        self._body()
        Odd.standing += 1
        self._say(Odd.answer)

    def do_GET(self) -> None:
        self._say({**Odd.answer, "standing": Odd.standing})

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()  # halves of signs and NUL as JSON writes them
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
