"""One program under load, on an inherited socket.

`python -m benchmarks.load.program {product,null,plain} PART FD [FILE]`: in FILE the product, and only that, writes what
lives in its memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import os
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.load.serving import HANDED

SECRET = b"the network's own secret"
WINDOW_S = 300  # a moment further from now is refused, as by the product
HANDS = 2  # threads of the plain view: with more, they wait for one another at the file's lock


def main(kind: str, part: str, descriptor: int, *witness: str) -> None:
    """Become the product, or serve another application in its way."""
    if kind == "product":
        os.dup2(descriptor, HANDED)
        os.set_inheritable(HANDED, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        become = ["benchmarks.load.living", *witness] if witness else ["etalage", "serve"]
        words = [sys.executable, "-W", "ignore", "-m", *become, *([] if part == "all" else [part])]
        os.execv(sys.executable, words)
    application = plain(Path(os.environ["ETALAGE_DATA"]) / "plain.sqlite3") if kind == "plain" else null
    import etalage.asgi
    from etalage.cli.serve import serve

    etalage.asgi.build_application = lambda **_parts: application  # type: ignore[assignment]
    serve(socket.socket(fileno=descriptor), "edge", hello=f"{kind} listens")


async def null(scope: Any, receive: Any, send: Any) -> None:
    """The least that an application does: it reads the request and says yes."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def plain(path: Path) -> Any:
    """Django as one writes it: a bare view that checks signature and moment and commits one row, synced."""
    from django.conf import settings

    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;"
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="only-for-a-benchmark",
        ROOT_URLCONF="benchmarks.load.program",
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(path),
                "CONN_MAX_AGE": None,
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas},
            }
        },
    )
    import django

    django.setup()
    from django.core.wsgi import get_wsgi_application
    from django.db import connection, models
    from django.http import HttpResponse
    from django.urls import path as route

    class Delivery(models.Model):
        digest = models.CharField(max_length=64, unique=True)
        network = models.CharField(max_length=32)
        key = models.CharField(max_length=64)
        body = models.BinaryField()
        received_at = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label = "plain"

    with connection.schema_editor() as editor:
        editor.create_model(Delivery)
    connection.close()

    def take(request: Any, network: str, key: str) -> Any:
        moment = request.headers.get("x-practice-moment", "")
        signed = hmac.new(SECRET, f"{moment}.".encode() + request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={signed}", request.headers.get("x-practice-signature", "")):
            return HttpResponse(status=403)
        if not moment.isdecimal() or abs(time.time() - int(moment)) > WINDOW_S:
            return HttpResponse(status=403)
        digest = hashlib.sha256(request.body).hexdigest()
        Delivery.objects.create(digest=digest, network=network, key=key, body=request.body)
        return HttpResponse("ok")

    global urlpatterns  # where Django looks for addresses
    urlpatterns = [
        route("hooks/<str:network>/<str:key>", take),
        route("edge/health", lambda _asked: HttpResponse("ok")),
    ]
    return in_threads(get_wsgi_application(), HANDS)


def in_threads(pages: Any, hands: int) -> Any:
    """A WSGI application in threads that stay, each with its connection to the database, as its own servers run it.

    Django's own way from an ASGI server into a view makes a thread and a connection for each request, which costs more.
    """
    pool = ThreadPoolExecutor(hands)

    def answer(environ: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        said: list[Any] = []
        pieces = pages(environ, lambda status, headers: said.extend((status, headers)))
        body = b"".join(pieces)
        pieces.close()
        return int(said[0][:3]), [(name.lower().encode(), value.encode()) for name, value in said[1]], body

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await null(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        environ = {
            "REQUEST_METHOD": scope["method"],
            "PATH_INFO": scope["path"],
            "QUERY_STRING": scope["query_string"].decode(),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            **{f"HTTP_{n.decode().upper().replace('-', '_')}": v.decode() for n, v in scope["headers"]},
        }
        status, headers, content = await asyncio.get_running_loop().run_in_executor(pool, answer, environ)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return application


urlpatterns: list[Any] = []

if __name__ == "__main__":
    if sys.argv[1] == "plain":
        sys.modules["benchmarks.load.program"] = sys.modules["__main__"]
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
