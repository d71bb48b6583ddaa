"""A request's head must be whole in time: who sends it byte by byte, or never, holds no connection."""

from __future__ import annotations

from asyncio import TimerHandle, Transport

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class WholeHeads(H11Protocol):
    """uvicorn's protocol, with a bound on the head of each request; uvicorn itself has none.

    The first must be whole `head_seconds` after the connection was made, a later one so long after its first byte:
    until then uvicorn's own timer bounds the silence. Bodies and answers take what time they need.
    """

    head_seconds = 10.0
    _head_ends: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._head_ends = self.loop.call_later(self.head_seconds, self.timeout_keep_alive_handler)

    def data_received(self, data: bytes) -> None:
        """Take what came; then either a head has begun that is not whole, or none is waited for."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._head_ends is None:
            self._head_ends = self.loop.call_later(self.head_seconds, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the timer go, and with it what it would keep in memory."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait_no_more(self) -> None:
        if self._head_ends is not None:
            self._head_ends.cancel()
            self._head_ends = None
