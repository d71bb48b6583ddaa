"""Shops in data folders of their own, made by a process of its own, and what one needs to ask them for something."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from benchmarks.load.asking import get, post
from benchmarks.load.program import SECRET
from benchmarks.load.serving import environment

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Facts:
    """A made shop: links and products by their addresses, and the key under which a channel is written to."""

    links: list[str]
    products: list[str]
    variants: list[str]
    stores: list[str]
    hook: str

    def taps(self) -> Iterator[bytes]:
        """People on phones who follow the newest links, the same few as a rule, as after a post."""
        known = [
            get(f"/l/{code}", accept_language="fr-BE,fr;q=0.9", accept="text/html") for code in self.links
        ]
        chance = random.Random(1)
        while True:
            yield known[min(int(chance.expovariate(0.1)), len(known) - 1)]

    def deliveries(self) -> Iterator[bytes]:
        """Webhooks of a comment each, none of them twice, signed as they are handed out."""
        run = uuid4().hex[:8]
        for number in itertools.count():
            body = json.dumps({"name": f"{run}-{number}", "items": [_comment(f"{run}-{number}")]}).encode()
            moment = str(int(time.time()))
            signature = "sha256=" + hmac.new(SECRET, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
            headers = {"x_practice_moment": moment, "x_practice_signature": signature}
            yield post(f"/hooks/practice/{self.hook}", body, content_type="application/json", **headers)

    def pages(self) -> Iterator[bytes]:
        """Pages of products, in turn."""
        return itertools.cycle(
            [get(f"/en/shop/p/{slug}/", accept_language="en") for slug in self.products[:40]]
        )

    def reservations(self) -> Iterator[bytes]:
        """Forms that reserve one piece each, by a new person each time."""
        token, run, chance = "f" * 32, uuid4().hex[:8], random.Random(2)
        for number in itertools.count():
            place = chance.randrange(len(self.products))
            fields = {
                "csrfmiddlewaretoken": token,
                "variant": self.variants[place],
                "store": chance.choice(self.stores),
                "quantity": 1,
                "name": f"Person {number}",
                "email": f"{run}-{number}@example.org",
                "request_key": f"{run}-{number:08}",
            }
            path = f"/en/shop/p/{self.products[place]}/reserve/"
            yield post(path, urlencode(fields).encode(), content_type=FORM, cookie=f"csrf={token}")


def anywhere() -> Iterator[str]:
    """Addresses of this machine, so that each asker is another person to the shop's limits."""
    for number in itertools.count(1):
        yield f"127.{1 + number // 62_500 % 250}.{1 + number // 250 % 250}.{1 + number % 250}"


def _comment(remote_id: str) -> dict[str, Any]:
    return {
        "kind": "comment",
        "id": remote_id,
        "author": {"id": "nora", "handle": "nora", "name": "Nora"},
        "at": time.time(),
        "text": "Bonjour, c'est encore disponible ?",
        "language": "fr",
        "status_id": "1",
        "in_reply_to": "",
        "url": "",
    }


def in_shop(folder: Path, work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work(*arguments)` returns in a fresh process that knows the shop. Raises RuntimeError when it fails."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_in_shop, args=(theirs, str(folder), work, arguments))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        raise RuntimeError("the shop's process failed; its error is above") from None
    finally:
        process.join()


def _in_shop(pipe: Any, folder: str, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    for name in [name for name in os.environ if name.startswith("ETALAGE_") or name == "DATABASE_URL"]:
        del os.environ[name]
    os.environ.update(environment(Path(folder)))
    import django

    django.setup()
    pipe.send(work(*arguments))


def make(orders: int, posts: int) -> Facts:
    """A shop of this size with a channel that is written to; for `in_shop`."""
    from django.core.management import call_command

    from benchmarks.pages_data import Scale, Shop
    from etalage.channels.models import Listening

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    shop = Shop(Scale(orders=orders, posts=posts))
    shop.fill()
    channel = shop.channels[0]
    Listening.objects.create(channel=channel, secret=SECRET.decode())
    return Facts(
        links=[link.code for link in shop.links[-60:]],
        products=[product.slug for product in shop.products],
        variants=[str(variant.pk) for variant in shop.variants],
        stores=[str(store.pk) for store in shop.stores],
        hook=channel.pk.hex,
    )
