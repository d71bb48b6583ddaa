"""`etalage demo`: a shop of believable scale beside a practice network, ready in seconds. Nothing in it is real."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import threading
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from etalage.cli.at_work import at_work
from etalage.cli.ports import free_port, is_free, port_number, port_taken
from etalage.cli.say import complain, say
from etalage.cli.serve import serve
from etalage.cli.setup import write_env
from etalage.cli.upgrade import alone, upgrade
from etalage.demo.folder import NETWORK, Facts, ForeignFolder, read_facts, remove, write_facts

HOST = "127.0.0.1"
PORT = 8000
PACE = 30.0  # acts of people on the practice network per minute


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser("demo", help="open a made-up shop to look around in")
    command.add_argument(
        "--port", type=port_number, help=f"the port of the shop's pages; {PORT} if not given"
    )
    command.add_argument("--folder", default="etalage-demo", help="the one folder that the demo lives in")
    command.add_argument("--no-browser", action="store_true", help="only print the address")
    command.add_argument("--reset", action="store_true", help="throw the demo in the folder away first")
    command.add_argument("--seed", type=int, default=1, help="another number makes another shop")
    command.add_argument("--pace", type=float, default=PACE, help="acts of simulated people per minute")
    command.add_argument("--small", action="store_true", help="a small shop, made faster")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the demo where there is none, open it, and stay until SIGTERM or Ctrl-C."""
    folder = Path(arguments.folder).expanduser().resolve()
    try:
        if arguments.reset and remove(folder):
            say(f"The demo in {folder} was thrown away.")
        facts = read_facts(folder)
        port = arguments.port or (urlsplit(facts.shop).port if facts else None) or PORT
        if not is_free(HOST, port):
            return complain(port_taken(port))
        if facts and not facts.ready:  # it was cut off while it was made
            remove(folder)
            facts = None
    except ForeignFolder as error:
        return complain(str(error))
    signal.signal(signal.SIGTERM, _stop)
    try:
        with ExitStack() as until_the_end:
            return _open(arguments, folder, facts, port, until_the_end)
    except KeyboardInterrupt:
        return 0


def _stop(number: int, frame: object) -> None:
    """SIGTERM leaves by the same way as Ctrl-C, so that everything that was started is ended."""
    raise KeyboardInterrupt


def _open(
    arguments: argparse.Namespace, folder: Path, facts: Facts | None, port: int, until_the_end: ExitStack
) -> int:
    from etalage.demo.network import NetworkFailed, PracticeNetwork, move_shop
    from etalage.demo.past import SMALL, Scale
    from etalage.demo.pictures import Drawer

    shop = f"http://localhost:{port}"
    seed = facts.seed if facts else arguments.seed
    if facts:
        move_shop(folder / NETWORK, facts.shop, shop)
    else:
        say(f"A demo is being made in {folder}")
        write_facts(folder, Facts(seed, shop, ""))
    network = PracticeNetwork(folder / NETWORK, _network_port(facts, port), seed, shop)
    until_the_end.callback(network.stop)
    scale = SMALL if arguments.small else Scale()
    drawer = None
    if not facts:
        say(f"Drawing {scale.products} products …")
        drawer = Drawer(folder / "media", seed, scale.products)
        until_the_end.callback(drawer.stop)
    _prepare_settings(folder, shop)
    try:
        address = network.wait()
    except NetworkFailed as error:
        return complain(str(error))
    os.environ["ETALAGE_PRACTICE_NETWORK"] = address
    gc.disable()  # so many rows are made at once that looking for garbage among them takes a fifth of the time
    if drawer:
        _make(network, drawer, seed, scale)
    import django

    django.setup()
    if trouble := until_the_end.enter_context(at_work("demo")):
        return complain(trouble)
    link = _sign_in_link(facts, address)
    gc.enable()
    write_facts(folder, Facts(seed, shop, address, ready=True))
    _tell(folder, shop, address, link)
    _live(arguments, network, until_the_end, seed=seed, shop=shop, link=link)
    say("The demo has stopped.")
    return 0


def _network_port(facts: Facts | None, port: int) -> int:
    """The port of last time, else the one after the shop's, else any."""
    wanted = [urlsplit(facts.network).port if facts else None, port + 1]
    return next((number for number in wanted if number and is_free(HOST, number)), 0) or free_port()


def _prepare_settings(folder: Path, shop: str) -> None:
    """Let the settings find this folder and nothing else. The environment wins over the file."""
    os.environ.update(ETALAGE_DATA=str(folder), ETALAGE_PUBLIC_ADDRESS=shop, ETALAGE_DEMO="1")
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "ETALAGE_EMAIL_URL", "ETALAGE_EMAIL_URL_FILE"):
        os.environ.pop(name, None)  # a demo never writes into somebody's shop, nor to anybody's mailbox
    os.environ.setdefault("ETALAGE_LOG", "ERROR")  # a page that was not found is no news to a newcomer
    write_env(folder, shop, ETALAGE_DEMO="1")


def _make(network: Any, drawer: Any, seed: int, scale: Any) -> None:
    """Lay the shop out in an empty folder."""
    import django

    django.setup()
    from django.core.management import call_command

    from etalage.demo.seed import hasty, seed_shop
    from etalage.kit import clock

    say("Laying out the shop …")
    with hasty():
        with alone():  # not upgrade(): it would close the connection that was just made hasty
            call_command("migrate", verbosity=0)
        made = seed_shop(network, drawer, seed=seed, now=clock.now(), scale=scale, say=say)
    say(
        f"{made.products} products, {made.posts} posts, {made.orders} orders, {made.touches} visits and codes."
    )


def _sign_in_link(facts: Facts | None, network: str) -> str:
    """A new one-time link for the owner; a shop of last time is brought up to date first."""
    from django.conf import settings

    from etalage.accounts.actions import issue_sign_in_link
    from etalage.accounts.models import Member
    from etalage.demo.moving import move_network
    from etalage.demo.people import OWNER

    if facts:
        upgrade()
        move_network(facts.network, network)
    return f"{settings.PUBLIC_ADDRESS}/enter/{issue_sign_in_link(Member.objects.get(email=OWNER))}/"


def _tell(folder: Path, shop: str, address: str, link: str) -> None:
    """The few lines that a newcomer needs."""
    say()
    say("This is a demo: everything in it is invented.")
    say(f"  Your shop          {shop}")
    say(f"  Open this once     {link}   (signs you in as Amélie, the owner)")
    say(f"  Practice network   {address}")
    say(f"  Folder             {folder}   (start afresh: etalage demo --reset)")
    say("  Stop               Ctrl-C")
    say()


def _live(
    arguments: argparse.Namespace, network: Any, until_the_end: ExitStack, *, seed: int, shop: str, link: str
) -> None:
    """Serve the shop; once it answers, let people in and open the browser."""
    from etalage.cli.listening import listen
    from etalage.demo.town_life import TownLife

    listener = listen(HOST, urlsplit(shop).port or PORT)
    if listener is None:
        return
    life = TownLife(seed)
    ended = threading.Event()
    until_the_end.callback(life.stop)
    until_the_end.callback(ended.set)

    def open_doors() -> None:
        if not _answers(urlsplit(shop).port or PORT, ended):
            return
        if arguments.pace > 0:
            network.set_pace(arguments.pace)
            life.start()
        if not arguments.no_browser:
            webbrowser.open(link)

    threading.Thread(target=open_doors, name="doors", daemon=True).start()
    serve(listener)


def _answers(port: int, ended: threading.Event) -> bool:
    """Wait until the shop listens; False when it ended before."""
    while not ended.wait(0.1):
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((HOST, port)) == 0:
                return True
    return False
