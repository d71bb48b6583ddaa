"""A small shop for simulated people: a tracked link, a product page with the shop's real marks, a reserve form."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

PRODUCT = """<!doctype html><title>Boots</title>
<form method="post" action="/en/shop/consent/"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">
<input type="hidden" name="next" value="/en/shop/p/boots/">
<button name="answer" value="yes">Agree</button><button name="answer" value="no">No</button></form>
<form method="post" action="/en/shop/p/boots/reserve/" data-reserve>
<input type="hidden" name="csrfmiddlewaretoken" value="{token}">
<input type="hidden" name="variant" value="boots-38">
<input type="radio" name="store" value="closed" disabled><input type="radio" name="store" value="ghent">
<input type="number" name="quantity" value="1"><input name="name" autocomplete="name">
<input type="email" name="email"><input type="tel" name="phone">
<input type="checkbox" name="consent"><button type="submit">Reserve</button></form>"""


@dataclass(frozen=True)
class Seen:
    """A request that the shop got."""

    method: str
    path: str
    agent: str
    cookie: str
    form: dict[str, list[str]]


@dataclass
class ShopWindow:
    """The shop's address and everything that it was asked."""

    address: str
    seen: queue.Queue[Seen] = field(default_factory=queue.Queue)


@contextmanager
def open_shop() -> Iterator[ShopWindow]:
    """The shop on a free port, for the length of a `with` block."""
    window = ShopWindow("")

    class Door(BaseHTTPRequestHandler):
        def _answer(self, form: dict[str, list[str]]) -> None:
            agent, cookie = self.headers.get("user-agent", ""), self.headers.get("cookie", "")
            window.seen.put(Seen(self.command, self.path, agent, cookie, form))
            targets = {"/l/boots": "/en/shop/p/boots/?l=boots", "/en/shop/consent/": "/en/shop/p/boots/"}
            target = targets.get(self.path)
            if self.path == "/en/shop/p/boots/reserve/":
                target = "/en/shop/r/ABC/"
            self.send_response(302 if target else 200)
            if target:
                self.send_header("location", target)
            if form.get("answer") == ["yes"]:
                self.send_header("set-cookie", "visitor=known; Path=/; HttpOnly")
            body = b"" if target else PRODUCT.format(token="t0ken").encode()
            if self.path.startswith("/en/shop/r/"):
                body = b"<!doctype html><p>Your code: ABC</p>"
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    window.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield window
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
