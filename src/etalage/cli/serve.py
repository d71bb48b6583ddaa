"""`etalage serve`: the shop in one process, or its web, worker and edge each in their own."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from etalage.cli.at_work import at_work
from etalage.cli.ports import port_number
from etalage.cli.say import NO_SHOP, complain, say

if TYPE_CHECKING:
    from etalage.asgi import Application
    from etalage.cli.listening import Server

PARTS = ("web", "worker", "edge")
THREADS = 3
MOST_THREADS = 64
GRACE_SECONDS = 20  # for a request that is being answered when the end is asked for


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("serve", help="run the shop: everything, or one of web, worker, edge")
    command.add_argument("part", nargs="?", choices=PARTS, help="only this part; all of them if not given")
    command.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    command.add_argument("--port", type=port_number, default=8000)
    command.add_argument(
        "--threads",
        type=places,
        default=THREADS,
        help="jobs that the worker runs side by side; one that takes long gives its place to another (%(default)s)",
    )
    command.set_defaults(run=run)


def places(text: str) -> int:
    """The number of places of a worker: a whole number from 1 to 64. Raises ArgumentTypeError."""
    if not text.isdigit() or not 1 <= int(text) <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to {MOST_THREADS}")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Start the part, or all parts in this process, and stay until SIGTERM or Ctrl-C; SIGHUP begins anew."""
    from etalage.kit.memory import give_back_until, spare_memory

    spare_memory()
    import django

    django.setup()
    from etalage.cli.listening import address_of, begin_anew, handed_socket, let_signals, listen

    let_signals(come=True)
    with at_work(arguments.part or "all") as trouble:
        if trouble := trouble or what_is_missing():
            return complain(trouble)
        handed = listener = handed_socket() if arguments.part != "worker" else None
        if arguments.part != "worker" and not handed:
            listener = listen(arguments.host, arguments.port)
            if listener is None:
                return 1
        ending = Ending(outlived=handed is not None)
        threading.Thread(target=give_back_until, args=(ending.stop,), name="memory", daemon=True).start()
        if listener is None:
            status = run_worker(arguments.threads, ending)
        else:
            hello = f"Etalage listens on {address_of(listener)}   (stop with Ctrl-C)"
            status = serve(listener.dup(), arguments.part, arguments.threads, hello, ending)
    let_signals(come=False)  # one that comes from here on ends the next program, or this one
    if ending.begins_anew:
        begin_anew(listener)
    return status


def what_is_missing() -> str:
    """Why the shop cannot start, in one sentence; empty when it can. Brings the database up to date first."""
    from django.core.checks import ERROR, run_checks
    from django.db import DatabaseError

    from etalage.accounts.models import Business
    from etalage.cli.upgrade import upgrade

    try:
        if wrong := [message for message in run_checks() if message.level >= ERROR]:
            return "\n".join(f"{message.msg}\n    {message.hint or ''}" for message in wrong)
        upgrade()
        return "" if Business.objects.exists() else NO_SHOP
    except (DatabaseError, OSError) as error:
        return f"The database cannot be opened: {str(error).strip()}\nCheck DATABASE_URL, or the data folder."


class Ending:
    """How this program is told to end: `stop` is set by SIGTERM, Ctrl-C or SIGHUP.

    `outlived`: the listening socket is somebody else's, so that a next program goes on where this one ends.

    A signal may come while this very thread holds the lock of an event, which it would wait for for ever: so whoever
    handles one only notes it, and another thread sets the event.
    """

    def __init__(self, *, outlived: bool = False) -> None:
        self.stop, self.outlived = threading.Event(), outlived
        self._anew = self._final = False
        self._asked: SimpleQueue[None] = SimpleQueue()  # its `put` may be interrupted by another
        threading.Thread(target=self._pass_on, name="ending", daemon=True).start()
        # Asked now: once a terminal has closed, what was one is none any more.
        self._in_terminal = sys.stdin is not None and sys.stdin.isatty()

    @property
    def is_asked(self) -> bool:
        """Whether a signal has come."""
        return self._anew or self._final

    @property
    def begins_anew(self) -> bool:
        """True after SIGHUP, unless the end was asked for as well, before it or since."""
        return self._anew and not self._final

    def finish(self) -> None:
        """End, and do not begin anew, whatever was asked for before. A signal's handler may call it."""
        self._final = True
        self._asked.put(None)

    def _pass_on(self) -> None:
        self._asked.get()
        self.stop.set()

    def listen(self, server: Server | None = None) -> None:
        """Take the signals from now on, instead of ending on the spot; `server` ends with them."""

        def end(number: int, _frame: object) -> None:
            if number == signal.SIGHUP and not self._in_terminal:  # a terminal that closes means the end
                self._anew = True
                self._asked.put(None)  # a server goes on answering until the worker has finished its work
            else:
                self.finish()
                if server:
                    server.should_exit = True  # also when it has not begun to listen to signals itself

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, end)


def run_worker(threads: int, ending: Ending) -> int:
    """Work on jobs until a signal comes; the work at hand is finished first."""
    from etalage.jobs.worker import Worker

    ending.listen()
    say("The worker is at work   (stop with Ctrl-C)")
    Worker(threads=threads).run(ending.stop)
    return 0


def serve(
    listener: socket.socket,
    part: str | None = None,
    threads: int = 2,
    hello: str = "",
    ending: Ending | None = None,
) -> int:
    """Serve HTTP in this thread, with the worker beside it unless only one part is asked for. Closes `listener`.

    `hello` is said once a signal ends everything in order. Returns the exit status: 1 when the server could not start.
    """
    from etalage.asgi import build_application

    server = server_of(build_application(web=part != "edge", edge=part != "web"))
    # uvicorn raises the signal again after its own end: without this, the worker would die in its work.
    ending = ending or Ending()
    server.drains, server.leave = ending.outlived, ending.finish
    if part != "edge":
        from etalage.web.live import end_streams

        server.end_streams = end_streams
    ending.listen(server)
    if hello:
        say(hello)
    worker = None
    if part is None:
        from etalage.jobs.worker import Worker

        worker = threading.Thread(target=Worker(threads=threads).run, args=(ending.stop,), name="worker")
        worker.start()
    threading.Thread(target=_hand_over, args=(server, worker, ending), name="hand-over", daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        asked = ending.is_asked
        ending.stop.set()
        if worker:
            worker.join()
    return 0 if server.started or asked else 1


def server_of(application: Application) -> Server:
    """The web server of this application, as all parts that listen run it."""
    import uvicorn

    from etalage.cli.listening import Server
    from etalage.cli.whole_heads import WholeHeads

    return Server(
        uvicorn.Config(
            application,
            log_level="warning",
            log_config=None,  # the settings': they leave out what must not be kept
            access_log=False,
            server_header=False,
            http=WholeHeads,
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def _hand_over(server: Server, worker: threading.Thread | None, ending: Ending) -> None:
    """Where another program goes on: pages are served until the worker has ended, then connections end."""
    ending.stop.wait()
    if not (ending.begins_anew or ending.outlived):
        return
    if worker:
        worker.join()
    server.drains = True
    server.should_exit = True
