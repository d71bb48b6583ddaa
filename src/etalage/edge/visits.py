"""Tracked links: one tap, one redirect, one click noted behind it."""

from __future__ import annotations

from etalage.edge import answers
from etalage.edge.answers import Scope, Send
from etalage.edge.bots import why_no_person
from etalage.edge.clicks import Click, language_guess, referrer_host
from etalage.edge.config import EdgeConfig
from etalage.edge.disk import DiskGuard
from etalage.edge.links import LinkMemory, LinksUnavailable
from etalage.edge.redirects import LOST, MOMENT, Landing, landing
from etalage.edge.visitors import visitor_in
from etalage.edge.writer import GroupWriter
from etalage.kit import clock
from etalage.kit.ids import uuid7_hex

PREFIX = "/l/"
_WRONG_METHOD = answers.wrong_method(b"GET", b"HEAD")


class Visits:
    """Answers `/l/<code>`: always with a redirect to a page of ours, also when the click cannot be noted."""

    def __init__(self, config: EdgeConfig, writer: GroupWriter[Click], disk: DiskGuard) -> None:
        self._visitor_key, self._writer, self._disk = config.visitor_key, writer, disk
        self.links = LinkMemory[Landing](config.links, landing)
        self.unknown = 0

    async def __call__(self, scope: Scope, send: Send) -> None:
        """One request."""
        if scope["method"] not in {"GET", "HEAD"}:
            await _WRONG_METHOD.send(send)
            return
        try:
            found = await self.links.find(scope["path"][len(PREFIX) :].rstrip("/"))
        except LinksUnavailable:
            await MOMENT.send(send)
            return
        if found is None:
            self.unknown += 1
            await LOST.send(send)
            return
        now_us = clock.to_micros(clock.now())
        late = found.link.is_over(now_us)
        self._note(scope, found, now_us, late)
        await (found.ended if late else found.live).send(send)

    def _note(self, scope: Scope, found: Landing, now_us: int, late: bool) -> None:
        if self._disk.is_low():
            self._writer.tally.dropped += 1
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        bot = why_no_person(scope["method"], headers)
        cookies = headers.get(b"cookie")
        link = found.link
        click = Click(
            id=uuid7_hex(),
            code=link.code,
            link_id=link.link_id,
            happened_us=now_us,
            bot=bot,
            visitor=visitor_in(cookies, self._visitor_key) if cookies and not bot else None,
            method=scope["method"],
            kind="qr" if link.kind == "qr" or b"s=qr" in scope["query_string"].split(b"&") else "link",
            late=late,
            referrer_host=referrer_host(headers),
            language=language_guess(headers),
        )
        self._writer.offer(click)
