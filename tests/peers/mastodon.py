"""Servers that speak Mastodon's API, on this machine: a real small one, and the recorded answers of a big one.

def test_something(snac):                 # the fixtures of `networks/mastodon/tests/conftest.py`
    shop = snac.join("shop")              # somebody with a password, and with a token of her own app
    shop.call("POST", "/api/v1/statuses", {"status": "Hello"})
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import yaml
from django.test import Client

from etalage.channels.models import Channel
from etalage.networks import inside
from tests.ending import with_parent
from tests.peers import replay

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds; the server hands things on from a queue, once a second
_numbers = itertools.count(1)
T = TypeVar("T")


@cache
def installed() -> Path:
    """The folder with all of it; what is missing is fetched first."""
    done = subprocess.run([ROOT / ".ci/peers", "mastodon"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(done.stdout.strip())


def until(look: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """What `look` sees as soon as it sees something; the test fails when it never does."""
    end = time.monotonic() + seconds
    while True:
        if seen := look():
            return seen
        assert time.monotonic() < end, "it was never seen"
        time.sleep(0.1)


@contextmanager
def allowed(origin: str) -> Iterator[None]:
    """An address inside that may be called, as if the installation named it."""
    inside.allow([origin])
    try:
        yield
    finally:
        inside._origins.discard(origin)


@contextmanager
def program(*command: str | Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program for the length of a `with` block."""
    process = subprocess.Popen(command, text=True, preexec_fn=with_parent, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


@dataclass(frozen=True)
class Replayed:
    """The recorded server: its address, and what it was asked."""

    origin: str

    def asked(self) -> list[dict[str, Any]]:
        """Every request so far: method, path, headers, body."""
        found: list[dict[str, Any]] = httpx.get(f"{self.origin}/--asked", trust_env=False).json()
        return found

    def bodies(self, method: str, path: str) -> list[Any]:
        """The JSON bodies of the requests to a path."""
        return [
            json.loads(one["body"])
            for one in self.asked()
            if one["method"] == method and one["path"].split("?")[0] == path
        ]


@contextmanager
def replayed(*recordings: str) -> Iterator[Replayed]:
    """A real Mastodon's recorded answers, served for the length of a `with` block: by name, or as `written`."""
    folder = installed() / "recordings"
    command = [sys.executable, "-m", "tests.peers.replay", str(folder), *recordings]
    with program(*command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        origin = process.stdout.readline().strip()
        assert origin.startswith("http://"), recordings
        with allowed(origin):
            yield Replayed(origin)


def recorded(recording: str, method: str, path: str) -> list[dict[str, Any]]:
    """What was answered to one question, in order: status, headers and body, to be changed at will."""
    return list(replay.read([installed() / "recordings" / f"{recording}.yaml"])[method, path])


def written(folder: Path, *answers: tuple[str, str, dict[str, Any]]) -> str:
    """A recording put together anew, for `replayed`: method and path that are asked, and what is answered, in order."""
    pairs = [
        {"request": {"method": method, "uri": f"{replay.RECORDED_AT.decode()}{path}"}, "response": answer}
        for method, path, answer in answers
    ]
    (folder / "written.yaml").write_text(yaml.safe_dump({"interactions": pairs}))
    return str(folder / "written")


@dataclass(frozen=True)
class Person:
    """Somebody with an account on the small server, acting through its API and its pages."""

    origin: str
    login: str
    password: str
    token: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A request with this person's token; the test fails when the server refuses."""
        headers = {"authorization": f"Bearer {self.token}"}
        answer = httpx.request(
            method, f"{self.origin}{path}", json=body, headers=headers, timeout=30, trust_env=False
        )
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json()

    def statuses(self) -> list[dict[str, Any]]:
        """All of this person's on the server, as it shows them: the one truth about what went out."""
        account = self.call("GET", "/api/v1/accounts/verify_credentials")
        found = self.call("GET", f"/api/v1/accounts/{account['id']}/statuses?limit=40&exclude_reblogs=true")
        return list(found)


class SmallServer:
    """A hand on a running snac."""

    def __init__(self, program: Path, data: Path, origin: str) -> None:
        self.program, self.data, self.origin = program, data, origin

    def join(self, name: str = "shop") -> Person:
        """Open an account with a password, and a token for what the test lets this person do."""
        login = f"{name}{next(_numbers)}"
        made = subprocess.run(
            [self.program, "adduser", self.data, login],
            input="\n",
            text=True,
            capture_output=True,
            check=True,
        )
        password = re.findall(r"password is (\S+)", made.stdout)[0]
        app = self._post(
            "/api/v1/apps", client_name="Hand", redirect_uris="http://localhost:9/", scopes="read write"
        )
        asked = {
            "client_id": app["client_id"],
            "redirect_uri": "http://localhost:9/",
            "response_type": "code",
        }
        address = f"{self.origin}/oauth/authorize?{urlencode({**asked, 'scope': 'read write', 'state': 'x'})}"
        code = say_yes(address, login, password)["code"]
        token = self._post(
            "/oauth/token",
            grant_type="authorization_code",
            code=code,
            client_id=app["client_id"],
            client_secret=app["client_secret"],
            redirect_uri="http://localhost:9/",
        )["access_token"]
        return Person(self.origin, login, password, token)

    def _post(self, path: str, **form: str) -> Any:
        answer = httpx.post(f"{self.origin}{path}", data=form, timeout=30, trust_env=False)
        assert answer.is_success, (path, answer.text)
        return answer.json()


def say_yes(url: str, login: str, password: str) -> dict[str, str]:
    """What a person does in the browser: open the page, fill its form in, and be sent back; the query brought back."""
    page = httpx.get(url, timeout=30, trust_env=False)
    assert page.is_success, page.text
    form = _Form()
    form.feed(page.text)
    assert {"login", "passwd"} <= form.fields.keys(), page.text
    answer = httpx.post(
        form.action, data={**form.fields, "login": login, "passwd": password}, timeout=30, trust_env=False
    )
    assert answer.is_redirect, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def connected(manager: Client, person: Person) -> Channel:
    """What a manager of the shop does: type the account's address on our page, say yes at the server, come back."""
    address = f"@{person.login}@{person.origin.partition('://')[2]}"
    page = manager.post("/channels/connect/mastodon/", {"address": address, "language": "en"})
    assert page.status_code == 200, page.content.decode()
    answer = say_yes(page.context["way_out"].url, person.login, person.password)
    back = manager.get("/channels/callback/", answer)
    assert back.status_code == 302, back.content.decode()
    return Channel.objects.select_related("grant").get(network="mastodon")


class _Form(HTMLParser):
    """The one form on a page: where it goes, and what stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "form":
            self.action = facts.get("action") or ""
        if tag == "input" and facts.get("name"):
            self.fields[str(facts["name"])] = facts.get("value") or ""


@contextmanager
def small_server(folder: Path) -> Iterator[SmallServer]:
    """A snac of our own on a free port, for the length of a `with` block."""
    binary, data = installed() / "snac/usr/bin/snac", folder / "data"
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    origin = f"http://localhost:{port}"
    words = f"127.0.0.1\n{port}\nlocalhost:{port}\n\nstaff@shop.example\n"
    subprocess.run([binary, "init", data], input=words, text=True, capture_output=True, check=True)
    settings = data / "server.json"
    settings.write_text(settings.read_text().replace('"protocol": "https"', '"protocol": "http"'))
    with (folder / "snac.log").open("w") as log, program(binary, "httpd", data, stderr=log):
        until(lambda: _is_ours(origin, port))
        with allowed(origin):
            yield SmallServer(binary, data, origin)
    shutil.rmtree(data)


def _is_ours(origin: str, port: int) -> bool:
    """Whether it answers, and is the one that was just started."""
    try:
        answer = httpx.get(f"{origin}/api/v1/instance", timeout=5, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.is_success and answer.json()["uri"] == f"localhost:{port}"
