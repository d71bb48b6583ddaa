"""`etalage serve`: the shop in one process, or its web, worker and edge each in their own."""

from __future__ import annotations

import argparse
import signal
import threading
from typing import Any

from etalage.cli.ports import is_free
from etalage.cli.say import complain, say

PARTS = ("web", "worker", "edge")
GRACE_SECONDS = 3  # a server with one open event stream never ends by itself


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("serve", help="run the shop: everything, or one of web, worker, edge")
    command.add_argument("part", nargs="?", choices=PARTS, help="only this part; all of them if not given")
    command.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    command.add_argument("--port", type=int, default=8000)
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
    if not is_free(arguments.host, arguments.port):
        return complain(port_taken(arguments.port))
    say(f"Etalage listens on http://{arguments.host}:{arguments.port}   (stop with Ctrl-C)")
    serve(arguments.host, arguments.port, arguments.part, arguments.threads)
    return 0


def port_taken(port: int) -> str:
    """The sentence for a port in use."""
    return f"Port {port} is in use by another program. Choose another one: --port {port + 1}"


def what_is_missing() -> str:
    """Why the shop cannot start, in one sentence; empty when it can."""
    from django.conf import settings
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        call_command("check", "--database", "default", verbosity=0)
    except SystemCheckError as error:
        return str(error)
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        if not settings.DATA.exists():
            return 'There is no shop here yet. Make one first: etalage init --name "My shop" --email me@example.com'
        call_command("migrate", verbosity=0)
    return ""


def run_worker(threads: int) -> int:
    """Work on jobs until SIGTERM or Ctrl-C; the work at hand is finished first."""
    from etalage.jobs.worker import Worker

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    say("The worker is at work   (stop with Ctrl-C)")
    Worker(threads=threads).run(stop)
    return 0


def serve(host: str, port: int, part: str | None = None, threads: int = 2) -> None:
    """Serve HTTP in this thread, with the worker beside it unless only one part is asked for."""
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
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    stop = threading.Event()
    worker = None
    if part is None:
        from etalage.jobs.worker import Worker

        worker = threading.Thread(target=Worker(threads=threads).run, args=(stop,), name="worker")
        worker.start()
    try:
        server.run()
    finally:
        stop.set()
        if worker:
            worker.join()
