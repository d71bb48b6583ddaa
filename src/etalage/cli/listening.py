"""The listening socket of `etalage serve`, and how it outlives the program: a restart refuses nobody.

The socket is our own, handed over by systemd (`LISTEN_FDS`), or inherited from this very process before it began
anew (SIGHUP). While nobody listens, whoever connects waits in the system's queue instead of being turned away.
Never SO_REUSEPORT: with it a neighbour on the same machine could take a part of our requests without a word.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from etalage.cli.ports import is_free, is_ours, port_taken
from etalage.cli.say import complain
from etalage.edge.listener import AddressTaken, bind

ENDS = (signal.SIGTERM, signal.SIGINT)
FIRST_HANDED = 3  # sd_listen_fds(3): handed sockets begin at this number
DRAIN_SECONDS = 15.0  # the most that connections that are open get for one more request
QUIET_SECONDS = 0.5


def handed_socket() -> socket.socket | None:
    """The listening socket that whoever started us keeps open, if any (sd_listen_fds(3))."""
    process, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    if process != str(os.getpid()) or count != "1":
        return None
    # With the protocol named, asyncio turns Nagle's algorithm off; without it, each kept connection waits 40 ms.
    found = socket.socket(fileno=FIRST_HANDED)
    named = socket.socket(found.family, found.type, socket.IPPROTO_TCP, fileno=found.detach())
    named.set_inheritable(False)
    # Whether a socket waits belongs to all programs that share it: `dup` of one that may wait would let the accept
    # of another program, which is serving meanwhile, wait too, and everything in it.
    named.setblocking(False)
    return named


def listen(host: str, port: int) -> socket.socket | None:
    """A socket of our own to serve on; None once the trouble was said."""
    if not is_ours(host):
        complain(f"{host} is no address of this machine. Try --host 127.0.0.1")
        return None
    if is_free(host, port):
        try:
            return bind(host, port)
        except (AddressTaken, OSError):
            pass
    complain(port_taken(port))
    return None


def address_of(listener: socket.socket) -> str:
    """The address under which people on this machine reach it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def let_signals(*, come: bool) -> None:
    """Hold back what asks for the end, or let it come: a signal that is held back outlives `begin_anew`.

    It is held back from this thread alone; where another takes it then, it ends the program on the spot.
    """
    how = signal.SIG_UNBLOCK if come else signal.SIG_BLOCK
    signal.pthread_sigmask(how, ENDS)
    if not come:
        for number in ENDS:
            signal.signal(number, signal.SIG_DFL)


def begin_anew(listener: socket.socket | None) -> None:
    """Become a fresh `etalage serve` with the same words and the same process id, which inherits the socket."""
    # Until the new one listens to it; a second one changes nothing.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if listener is not None:
        os.dup2(listener.fileno(), FIRST_HANDED)
        os.set_inheritable(FIRST_HANDED, True)  # dup2 leaves that alone when the numbers are the same
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "etalage", *sys.argv[1:]])  # noqa: S606


class Server(uvicorn.Server):
    """uvicorn, ending in a way that cuts nobody off.

    uvicorn closes every connection on which no request is being answered at that moment. Among them are those that
    were just accepted, or whose next request is on its way: to them that is a failure. Here they are told with
    their next answer that the connection ends, and are closed only when they stay silent.
    """

    drains = False  # another program goes on with the socket
    leave: Callable[[], None] | None = None  # begins an end in order; a second signal ends at once
    end_streams: Callable[[], None] | None = None  # ends what would never end by itself

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to end: where the socket lives on, everything is finished first."""
        if self.drains and self.leave is not None:
            leave, self.leave = self.leave, None
            leave()
        else:
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing more, let open connections come to their end, then end as uvicorn does."""
        if self.end_streams is not None:
            self.end_streams()
        if self.drains:
            for server in self.servers:
                server.close()
            await self._drain()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        state, loop = self.server_state, asyncio.get_running_loop()
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        begun = heard = loop.time()
        answered = state.total_requests
        # At least until what was accepted a moment ago has its connection, then until all are gone or silent.
        while loop.time() - begun < DRAIN_SECONDS:
            await asyncio.sleep(0.02)
            if state.total_requests != answered:
                answered, heard = state.total_requests, loop.time()
            silent = loop.time() - heard >= QUIET_SECONDS
            if loop.time() - begun > 0.1 and (not state.connections or (silent and not state.tasks)):
                return
