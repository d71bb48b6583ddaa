"""`etalage serve`: the shop in one process, or its web, worker and edge each in their own."""

from __future__ import annotations

import argparse
import signal
import threading
from typing import TYPE_CHECKING, Any

from etalage.cli.ports import is_free, is_ours, port_number
from etalage.cli.say import NO_SHOP, complain, say

if TYPE_CHECKING:
    import uvicorn

PARTS = ("web", "worker", "edge")
GRACE_SECONDS = 3  # a server with one open event stream never ends by itself


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("serve", help="run the shop: everything, or one of web, worker, edge")
    command.add_argument("part", nargs="?", choices=PARTS, help="only this part; all of them if not given")
    command.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    command.add_argument("--port", type=port_number, default=8000)
    command.add_argument("--threads", type=int, default=2, help="threads of the worker")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start the part, or all parts in this process, and stay until SIGTERM or Ctrl-C."""
    import django

    django.setup()
    if trouble := what_is_missing():
        return complain(trouble)
    if arguments.part == "worker":
        return run_worker(arguments.threads)
    if not is_ours(arguments.host):
        return complain(f"{arguments.host} is no address of this machine. Try --host 127.0.0.1")
    if not is_free(arguments.host, arguments.port):
        return complain(port_taken(arguments.port))
    shown = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    hello = f"Etalage listens on http://{shown}:{arguments.port}   (stop with Ctrl-C)"
    return serve(arguments.host, arguments.port, arguments.part, arguments.threads, hello)


def port_taken(port: int) -> str:
    """The sentence for a port in use."""
    return f"Port {port} is in use by another program. Choose another one: --port {port + 1}"


def what_is_missing() -> str:
    """Why the shop cannot start, in one sentence; empty when it can. Brings the database up to date first."""
    from django.conf import settings
    from django.core.checks import ERROR, run_checks
    from django.db import DatabaseError

    from etalage.accounts.models import Business
    from etalage.cli.upgrade import upgrade

    if not settings.DATA.exists():
        return NO_SHOP
    try:
        if wrong := [message for message in run_checks() if message.level >= ERROR]:
            return "\n".join(f"{message.msg}\n    {message.hint or ''}" for message in wrong)
        upgrade()
        return "" if Business.objects.exists() else NO_SHOP
    except (DatabaseError, OSError) as error:
        return f"The database cannot be opened: {str(error).strip()}\nCheck DATABASE_URL, or the data folder."


def run_worker(threads: int) -> int:
    """Work on jobs until SIGTERM or Ctrl-C; the work at hand is finished first."""
    from etalage.jobs.worker import Worker

    stop = stopped_by_signals()
    say("The worker is at work   (stop with Ctrl-C)")
    Worker(threads=threads).run(stop)
    return 0


def stopped_by_signals(server: uvicorn.Server | None = None) -> threading.Event:
    """An event that SIGTERM and Ctrl-C set, instead of ending the process on the spot; `server` ends with it."""
    stop = threading.Event()

    def end(*_signal: object) -> None:
        stop.set()
        if server:
            server.should_exit = True  # also when it has not begun to listen to signals itself

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop


def serve(host: str, port: int, part: str | None = None, threads: int = 2, hello: str = "") -> int:
    """Serve HTTP in this thread, with the worker beside it unless only one part is asked for.

    `hello` is said once a signal ends everything in order. Returns the exit status: 1 when the server could not start.
    """
    import uvicorn

    from etalage.asgi import build_application

    application = build_application(web=part != "edge", edge=part != "web")
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    # uvicorn raises the signal again after its own end: without this, the worker would die in its work.
    stop = stopped_by_signals(server)
    if hello:
        say(hello)
    worker = None
    if part is None:
        from etalage.jobs.worker import Worker

        worker = threading.Thread(target=Worker(threads=threads).run, args=(stop,), name="worker")
        worker.start()
    try:
        server.run()
    finally:
        asked = stop.is_set()
        stop.set()
        if worker:
            worker.join()
    return 0 if server.started or asked else 1
