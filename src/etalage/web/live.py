"""Live updates: a stream that carries only the names of what changed; pages fetch what they show again.

Nothing private travels in the stream, and each page's own view keeps deciding who may see what. One poller per
process reads the table of changes for all streams.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, close_old_connections, connections
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from etalage.accounts.models import Member, Role
from etalage.jobs.queries import LiveTail, live_names_since
from etalage.kit import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0
LIFETIME_SECONDS = 600.0
# What changed while a page was drawn and until its stream was open is told at once, or it would be missed.
DRAWING = timedelta(seconds=15)
MEMBERS = "members"  # told when somebody's rights change


class Listener:
    """What one open stream has still to be told; the same name twice counts once."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._news = asyncio.Event()
        self.ended = False

    def end(self) -> None:
        """Let the stream come to its end at once."""
        self.ended = True
        self._news.set()

    def tell(self, names: list[str]) -> None:
        """Add names and wake the stream."""
        self._names.update(dict.fromkeys(names))
        self._news.set()

    async def next(self, seconds: float) -> list[str]:
        """The names since the last call; waits for one at most `seconds`."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return []
        self._news.clear()
        names, self._names = list(self._names), {}
        return names


class Hub:
    """All streams of one event loop and the poller that serves them; it polls only while somebody listens."""

    def __init__(self) -> None:
        self.ended = False
        self._listeners: set[Listener] = set()
        self._poller: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """A listener that is told of every change from now on."""
        listener = Listener()
        listener.ended = self.ended
        self._listeners.add(listener)
        if self._poller is None or self._poller.done():
            self._begun.clear()
            self._poller = asyncio.create_task(self._poll())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._poller is not None:
                self._poller.cancel()
                self._poller = None

    def end(self) -> None:
        """End every stream, and each that is still opened: the server is about to stop."""
        self.ended = True
        for listener in tuple(self._listeners):
            listener.end()

    async def begun(self) -> None:
        """Return once no later change can be missed."""
        await self._begun.wait()

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        # A thread of its own: its one database connection stays open between polls.
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")
        tail: LiveTail | None = None
        try:
            while True:
                tail, names = await loop.run_in_executor(thread, _look, tail)
                if tail is not None:
                    self._begun.set()
                if names:
                    for listener in tuple(self._listeners):
                        listener.tell(names)
                await asyncio.sleep(POLL_SECONDS)
        finally:
            thread.submit(connections.close_all)
            thread.shutdown(wait=False)


def _look(tail: LiveTail | None) -> tuple[LiveTail | None, list[str]]:
    """What changed since the last look; the first look only finds out where the table ends."""
    close_old_connections()
    try:
        return (LiveTail(), []) if tail is None else (tail, tail.names())
    except DatabaseError:
        logger.warning("The table of live changes could not be read; it is tried again.", exc_info=True)
        connections.close_all()
        return tail, []


def _lately() -> list[str]:
    """What changed while the page was drawn."""
    try:
        return live_names_since(clock.now() - DRAWING)
    except DatabaseError:
        logger.warning("The table of live changes could not be read.", exc_info=True)
        return []


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def _hub() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def end_streams() -> None:
    """End the streams of the running event loop, so that a server can stop without cutting anything off.

    Browsers connect again by themselves, to whoever serves next.
    """
    _hub().end()


async def _events(member_id: UUID) -> AsyncIterator[str]:
    """Server-sent events until the stream's lifetime is over; the browser then connects again.

    Who is shut out while it is open hears no more.
    """
    end = monotonic() + LIFETIME_SECONDS
    hub = _hub()
    with hub.listening() as listener:
        yield ": hello\n\n"
        if listener.ended:
            return
        await hub.begun()
        if names := await sync_to_async(_lately)():
            listener.tell(names)
        while (left := end - monotonic()) > 0 and not listener.ended:
            names = await listener.next(min(KEEP_ALIVE_SECONDS, left))
            if MEMBERS in names and not await _still_works_here(member_id):
                return
            yield "".join(f"event: {name}\ndata:\n\n" for name in names) or ": still here\n\n"


async def _still_works_here(member_id: UUID) -> bool:
    return await Member.objects.filter(pk=member_id, is_active=True).aexists()


@require_safe
async def stream(request: HttpRequest) -> HttpResponseBase:
    """`text/event-stream` for members; strangers are sent to the sign-in page."""
    member = await request.auser()
    if not member.is_authenticated:
        return redirect_to_login(request.get_full_path())
    response = StreamingHttpResponse(_events(member.pk), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


stream.required_role = Role.COUNTER  # type: ignore[attr-defined]
