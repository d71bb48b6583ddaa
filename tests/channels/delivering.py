"""A running shop to which the practice network delivers, and what it delivers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from django.db import connections
from pytest_django import Settings

from etalage.asgi import build_application
from etalage.channels.models import Channel, Listening
from etalage.edge.listener import bind
from tests.edge.world import until

SECRET = "a secret that the channel and its network alone know"


@contextmanager
def running_shop(settings: Settings) -> Iterator[str]:
    """The shop's own application under a real server, edge and all; its address."""
    with bind("127.0.0.1", 0) as listener:
        settings.PUBLIC_ADDRESS = f"http://127.0.0.1:{listener.getsockname()[1]}"
        application = build_application(web=False)
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False, ws="none"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            yield settings.PUBLIC_ADDRESS
        finally:
            server.should_exit = True
            thread.join()
            connections.close_all()


def raw_of(number: int) -> bytes:
    """A delivery in the practice network's words."""
    person = {"id": f"person:{number}", "handle": "noor", "name": "Noor"}
    act = {"id": str(number), "kind": "comment", "author": person, "text": "Still there?", "language": "en"}
    placed = {"at": time.time(), "status_id": "1", "in_reply_to": "", "url": ""}
    return json.dumps({"items": [{**act, **placed}]}).encode()


def signed(secret: str, raw: bytes, away: int = 0) -> dict[str, str]:
    """The headers of a delivery that was signed so many seconds from now."""
    moment = int(time.time()) + away
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + raw, hashlib.sha256).hexdigest()
    return {"x-practice-moment": str(moment), "x-practice-signature": f"sha256={digest}"}


def with_secret(channel: Channel, secret: str = SECRET) -> Channel:
    Listening.objects.filter(channel=channel).update(secret=secret)
    return channel
