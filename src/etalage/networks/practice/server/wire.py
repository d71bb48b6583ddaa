"""A server protocol that can cut its connection, or write what no server should, as networks in trouble do."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class CuttableProtocol(H11Protocol):
    """HTTP/1.1 whose application finds `etalage.cut` and `etalage.write_raw` in its scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the means to cut this connection beside every request on it."""
        super().connection_made(transport)
        application = self.app

        def cut() -> None:
            connection = transport.get_extra_info("socket")
            if connection is not None:  # no lingering: the other side sees a reset, not a polite end
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

        async def write_raw(pieces: list[bytes], gap: float) -> None:
            for piece in pieces:
                if transport.is_closing():
                    break
                transport.write(piece)
                await asyncio.sleep(gap)
            transport.close()

        means = {"etalage.cut": cut, "etalage.write_raw": write_raw}

        async def with_means(scope: Any, receive: Any, send: Any) -> None:
            await application(scope | means, receive, send)

        self.app = with_means
