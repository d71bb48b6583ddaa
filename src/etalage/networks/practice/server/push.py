"""Webhooks of the practice network: signed, delivered at least once, in order, to addresses on this machine only."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from etalage.kit.clock import now

logger = logging.getLogger("practice.push")

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
WAITS = (0.2, 1.0, 5.0)  # seconds between the tries of one delivery
SIGNATURE = "x-practice-signature"
MOMENT = "x-practice-moment"
DELIVERY = "x-practice-delivery"


def is_loopback(url: str) -> bool:
    """True for an http address on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def sign(secret: str, moment: str, raw: bytes) -> str:
    """The signature's text over the moment (whole seconds since 1970), a point and the raw bytes: HMAC with SHA-256."""
    return "sha256=" + hmac.new(secret.encode(), f"{moment}.".encode() + raw, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Parcel:
    """One delivery to make."""

    url: str
    secret: str
    delivery_id: str
    payload: dict[str, Any]


class Pusher:
    """A queue of deliveries and the task that empties it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Parcel] = asyncio.Queue(maxsize=10_000)

    def send(self, parcel: Parcel) -> None:
        """Queue a delivery; when the queue is full the delivery is dropped and logged, and polling brings it."""
        try:
            self._queue.put_nowait(parcel)
        except asyncio.QueueFull:
            logger.warning("push queue full: delivery %s dropped", parcel.delivery_id)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            while True:
                await self._deliver(client, await self._queue.get())

    async def _deliver(self, client: httpx.AsyncClient, parcel: Parcel) -> None:
        raw = json.dumps(parcel.payload, ensure_ascii=False).encode()
        for wait in (*WAITS, None):
            moment = f"{now().timestamp():.0f}"  # each try is signed anew: none is older than its way here
            headers = {
                "content-type": "application/json",
                MOMENT: moment,
                SIGNATURE: sign(parcel.secret, moment, raw),
                DELIVERY: parcel.delivery_id,
            }
            try:
                answer = await client.post(parcel.url, content=raw, headers=headers)
                if answer.is_success:
                    return
                logger.info("push %s answered %s", parcel.delivery_id, answer.status_code)
            except httpx.HTTPError as error:
                logger.info("push %s failed: %r", parcel.delivery_id, error)
            if wait is None:
                logger.warning("push %s given up", parcel.delivery_id)
                return
            await asyncio.sleep(wait)
