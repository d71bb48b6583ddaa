"""`etalage serve`: whole or in parts, it starts, refuses with a sentence, and ends without leaving anything."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sqlite3
import subprocess
import time
from argparse import ArgumentTypeError
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from etalage.cli.ports import free_port, port_number
from tests.cli.conftest import SECONDS, Shop, link_in


def first_line(process: subprocess.Popen[str]) -> str:
    """What the process says first."""
    assert process.stdout
    with selectors.DefaultSelector() as watch:
        watch.register(process.stdout, selectors.EVENT_READ)
        assert watch.select(SECONDS), "it said nothing"
    return process.stdout.readline()


def what_follows(process: subprocess.Popen[str]) -> str:
    """The rest of what the process says, which is ended for it: a program that goes on never closes its output."""
    process.kill()
    return process.communicate(timeout=SECONDS)[0]


def status_of(address: str, process: subprocess.Popen[str]) -> int:
    """The status that the address answers with, once something answers there."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(address, timeout=60) as answer:
                return int(answer.status)
        except HTTPError as answer:
            with answer:
                return answer.code
        except URLError:
            time.sleep(0.05)
    raise AssertionError("nothing answered")


def stopped(process: subprocess.Popen[str]) -> int:
    """Ask the process to end; its status. Nothing of its group is left."""
    process.send_signal(signal.SIGTERM)
    status = process.wait(timeout=SECONDS)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return status


@pytest.mark.parametrize(
    ("part", "path", "status"),
    [(None, "/account/login/", 200), ("web", "/account/login/", 200), ("edge", "/account/login/", 404)],
)
def test_a_part_answers_and_ends_when_asked(ready: Shop, part: str | None, path: str, status: int) -> None:
    port = free_port()
    words = ["serve", *([part] if part else []), "--port", str(port)]
    process = ready.start(*words)
    assert str(port) in first_line(process)
    assert status_of(f"http://127.0.0.1:{port}{path}", process) == status
    assert stopped(process) == 0


def test_the_worker_ends_when_asked(ready: Shop) -> None:
    process = ready.start("serve", "worker")
    assert "at work" in first_line(process)
    assert stopped(process) == 0


def test_the_link_of_a_new_shop_leads_in(shop: Shop) -> None:
    link = link_in(shop.init().stdout)
    port = free_port()
    process = shop.start("serve", "web", "--port", str(port))
    first_line(process)
    assert status_of(f"http://127.0.0.1:{port}{urlsplit(link).path}", process) == 200
    assert stopped(process) == 0


@pytest.mark.parametrize("part", [None, "edge"])
def test_a_port_in_use_is_refused_with_a_sentence(ready: Shop, part: str | None) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = ready.run("serve", *([part] if part else []), "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr and f"--port {port + 1}" in done.stderr


@pytest.mark.parametrize("text", ["0", "70000", "http", "-1", "8 000"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no port"):
        port_number(text)


def test_an_address_of_another_machine_is_refused(ready: Shop) -> None:
    done = ready.run("serve", "--host", "203.0.113.7", "--port", str(free_port()))
    assert done.returncode == 1 and "no address of this machine" in done.stderr


@pytest.mark.parametrize("part", ["worker", "edge"])
def test_without_a_shop_nothing_is_served(shop: Shop, part: str) -> None:
    done = shop.run("serve", part)
    assert done.returncode == 1
    assert "etalage init" in done.stderr and "Traceback" not in done.stderr


def test_a_shop_of_an_earlier_version_is_brought_up_to_date_by_whichever_part_starts_first(
    ready: Shop,
) -> None:
    back = ready.run("manage", "migrate", "mfa", "0002", "--skip-checks")
    assert back.returncode == 0, back.stderr
    ports = [free_port(), free_port()]
    started = [
        ready.start("serve", "web", "--port", str(ports[0])),
        ready.start("serve", "web", "--port", str(ports[1])),
        ready.start("serve", "worker"),
    ]
    for process in started:
        line = first_line(process)
        assert "listens" in line or "at work" in line, line
    for process in started:
        assert stopped(process) == 0
    database = sqlite3.connect(ready.folder / "etalage.sqlite3")
    done = database.execute("SELECT count(*) FROM django_migrations WHERE app='mfa' AND name LIKE '0003%'")
    assert done.fetchone() == (1,)
    database.close()
