"""`etalage demo` as a newcomer runs it: a program of its own, from start to stop."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Timer

import httpx
import pytest

from etalage.cli.ports import free_port
from etalage.demo.folder import MARKER
from etalage.keeping.running import programs
from etalage.kit import clock

PATIENCE = 90  # seconds, on a machine with much else to do
LINK = re.compile(r"http://localhost:\d+/enter/\S+")
NETWORK = re.compile(r"Practice network\s+(http://127\.0\.0\.1:\d+)")


class Running:
    """A started demo whose page answers."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port, self.said = process, port, ""
        assert process.stdout
        for line in process.stdout:
            self.said += line
            if "Ctrl-C" in line:
                break
        assert "Ctrl-C" in self.said, self.said
        self.address = f"http://localhost:{port}"
        self.network = NETWORK.search(self.said)[1]  # type: ignore[index]
        self.link = LINK.search(self.said)[0]  # type: ignore[index]
        deadline = clock.elapsed() + PATIENCE
        while not answers(self.address):
            assert process.poll() is None and clock.elapsed() < deadline, self.said

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def answers(address: str) -> bool:
    """True when something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", httpx.URL(address).port or 80)) == 0


def command(*words: str, cwd: Path) -> subprocess.Popen[str]:
    """The command line, as it is typed, without this test run's own settings."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("ETALAGE_", "DJANGO_"))
    }
    return subprocess.Popen(
        [sys.executable, "-m", "etalage", "demo", *words],
        cwd=cwd,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_heeds_the_keyboard,
    )


def _heeds_the_keyboard() -> None:
    """A run in the background of a shell ignores Ctrl+C and hands that on; a person's demo does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(folder: Path, port: int, *words: str) -> Iterator[Running]:
    """A small demo for the length of a `with` block."""
    process = command("--small", "--no-browser", "--port", str(port), *words, cwd=folder)
    guard = Timer(PATIENCE, process.kill)
    guard.start()
    try:
        yield Running(process, port)
    finally:
        guard.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def ask(*words: str, cwd: Path) -> tuple[int, str]:
    """Run to the end: exit status and everything that was said."""
    process = command(*words, cwd=cwd)
    said, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def press(browser: httpx.Client, link: str) -> httpx.Response:
    """Open a one-time link and press its button."""
    page = browser.get(link)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert page.status_code == 200 and token, page.text
    return browser.post(link, data={"csrfmiddlewaretoken": token[1]}, headers={"referer": link})


def orders_in(folder: Path) -> int:
    """How many orders the shop of a demo has."""
    with closing(sqlite3.connect(folder / "etalage-demo" / "etalage.sqlite3")) as shop:
        return int(shop.execute("SELECT count(*) FROM orders_order").fetchone()[0])


def test_a_newcomer_opens_the_shop_signs_in_once_and_stops_it_without_a_trace(tmp_path: Path) -> None:
    with running(tmp_path, free_port(), "--pace", "0") as demo:
        with httpx.Client(follow_redirects=True, trust_env=False, timeout=PATIENCE) as browser:
            shop = browser.get(f"{demo.address}/fr/shop/")
            assert shop.status_code == 200 and 'lang="fr"' in shop.text
            home = press(browser, demo.link)
            assert home.status_code == 200 and "Atelier Sirocco" in home.text
            assert home.url == f"{demo.address}/" and 'href="/counter/"' in home.text
            assert f'href="{demo.network}"' in home.text, "the banner leads to the practice network"
        with httpx.Client(follow_redirects=True, trust_env=False, timeout=PATIENCE) as browser:
            assert press(browser, demo.link).status_code == 410, "the link works once"
            page = browser.get(demo.network)
            assert page.status_code == 200 and "Sirocco" in page.text
        seen = programs(tmp_path / "etalage-demo")
        assert [program.part for program in seen] == ["demo"], "no restore puts another shop under it"
        assert demo.stop() == 0
        assert demo.process.stdout
        assert demo.process.stdout.read() == "\nThe demo has stopped.\n"
        assert not answers(demo.network) and not answers(demo.address)


def test_a_second_start_keeps_the_shop_makes_a_new_link_and_follows_to_another_port(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port, "--pace", "0") as first:
        assert first.stop(signal.SIGINT) == 0
    before, other = orders_in(tmp_path), free_port()
    with running(tmp_path, other, "--pace", "0") as second:
        assert "Drawing" not in second.said
        assert second.link != first.link
        with httpx.Client(follow_redirects=True, trust_env=False, timeout=PATIENCE) as browser:
            assert press(browser, second.link).url == f"{second.address}/"
            standing = browser.get(f"{second.network}/ledger").json()["publications"]
        assert standing and all(entry["marker"].startswith(f"{second.address}/l/") for entry in standing)
        second.stop(signal.SIGKILL)
        deadline = clock.elapsed() + PATIENCE
        while answers(second.network):
            assert clock.elapsed() < deadline, "the practice network ends with whoever started it"
    assert orders_in(tmp_path) == before


def test_a_taken_port_is_refused_with_what_to_do_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, said = ask("--port", str(port), "--no-browser", cwd=tmp_path)
    assert status == 1
    assert said == f"Port {port} is in use by another program. Choose another one: --port {port + 1}\n"
    assert not (tmp_path / "etalage-demo").exists()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_what_is_no_port_is_refused_with_what_one_is(tmp_path: Path, port: str) -> None:
    status, said = ask(f"--port={port}", "--no-browser", cwd=tmp_path)
    assert status == 2
    assert f"{port} is no port. Use a number from 1 to 65535." in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("reset", [[], ["--reset"]])
def test_a_folder_of_somebody_else_is_never_touched(tmp_path: Path, reset: list[str]) -> None:
    folder = tmp_path / "etalage-demo"
    folder.mkdir()
    (folder / "thesis.txt").write_text("ten years of work")
    status, said = ask("--port", str(free_port()), "--no-browser", *reset, cwd=tmp_path)
    assert status == 1
    assert "is no demo of Etalage" in said and "Traceback" not in said
    assert [entry.name for entry in folder.iterdir()] == ["thesis.txt"]
    assert not (folder / MARKER).exists()
