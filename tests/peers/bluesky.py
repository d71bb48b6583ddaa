"""The whole real network of Bluesky on this machine, and people on it who post, answer, like and follow.

def test_something(bluesky):                  # the fixture below, imported by a conftest
    shop = bluesky.join("lune")               # an account of its own, with an app password
    bluesky.until(lambda: shop.notifications())
"""

from __future__ import annotations

import atexit
import base64
import hmac
import itertools
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from etalage.networks import inside
from etalage.networks.bluesky import directory
from tests.ending import with_parent
from tests.peers.secure import Authority

ROOT = Path(__file__).resolve().parents[2]
POST = "app.bsky.feed.post"
ADMIN, SECRET = "admin-pass", b"jwt-secret"  # every such test network has these
PATIENCE = 60.0  # seconds; the view of the network follows its accounts' servers at its own pace
_numbers = itertools.count(1)
T = TypeVar("T")


@dataclass(frozen=True)
class Person:
    """Somebody with an account, acting through the network's own API."""

    server: str
    did: str
    handle: str
    password: str
    access: str
    app_password: str = ""

    def call(self, name: str, body: Any = None, **params: Any) -> Any:
        """A method of the server: with a body it is posted. The test fails when the server refuses."""
        answer = self.ask(name, body, **params)
        assert answer.is_success, (name, answer.status_code, answer.text)
        return answer.json()

    def ask(self, name: str, body: Any = None, **params: Any) -> httpx.Response:
        """The same, whatever the answer is."""
        headers, url = {"authorization": f"Bearer {self.access}"}, f"{self.server}/xrpc/{name}"
        if body is None:
            return httpx.get(url, params=params, headers=headers, timeout=30, trust_env=False)
        return httpx.post(url, json=body, headers=headers, timeout=30, trust_env=False)

    def create(self, collection: str, **record: Any) -> dict[str, str]:
        """Write a record of one's own; its `uri` and `cid`."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        record = {"$type": collection, "createdAt": now, **record}
        body = {"repo": self.did, "collection": collection, "record": record}
        made = self.call("com.atproto.repo.createRecord", body)
        return {"uri": made["uri"], "cid": made["cid"]}

    def posts(self) -> list[dict[str, Any]]:
        """All posts on the account's own server: the one truth about what went out."""
        page = self.call("com.atproto.repo.listRecords", repo=self.did, collection=POST, limit=100)
        return list(page["records"])

    def view(self, uri: str) -> dict[str, Any] | None:
        """A post as the network's apps see it, None before they do."""
        posts = self.call("app.bsky.feed.getPosts", uris=[uri])["posts"]
        return posts[0] if posts else None


class BlueskyNetwork:
    """A hand on the running network."""

    def __init__(self, server: str, directory: str, authority: Authority) -> None:
        self.server, self.directory, self.authority = server, directory, authority

    def join(self, name: str = "lune") -> Person:
        """Open an account on its server, with an app password."""
        handle = f"{name}{next(_numbers)}-{secrets.token_hex(3)}.test"
        body = {"handle": handle, "email": f"{handle}@shop.example", "password": secrets.token_hex(12)}
        made = httpx.post(
            f"{self.server}/xrpc/com.atproto.server.createAccount", json=body, timeout=30, trust_env=False
        )
        assert made.is_success, made.text
        data = made.json()
        person = Person(self.server, data["did"], handle, body["password"], data["accessJwt"])
        word = person.call("com.atproto.server.createAppPassword", {"name": "etalage"})["password"]
        # Its apps know a new account only after a moment, and forget notifications of what they do not know.
        until(lambda: person.ask("app.bsky.actor.getProfile", actor=person.did).is_success)
        return replace(person, app_password=word)

    def take_down(self, person: Person) -> None:
        """Do as the network's moderators do with an account."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": person.did}
        answer = httpx.post(
            f"{self.server}/xrpc/com.atproto.admin.updateSubjectStatus",
            json={"subject": subject, "takedown": {"applied": True, "ref": "test"}},
            auth=("admin", ADMIN),
            timeout=30,
            trust_env=False,
        )
        assert answer.is_success, answer.text

    def ended_access(self, person: Person) -> str:
        """An access that the server itself gave, two hours later; signed with the secret of this test network."""
        now = int(time.time())
        claims = {"scope": "com.atproto.appPass", "aud": "did:web:localhost", "sub": person.did}
        parts = {"typ": "at+jwt", "alg": "HS256"}, {**claims, "iat": now - 7260, "exp": now - 60}
        body = ".".join(_base64(json.dumps(part).encode()) for part in parts)
        return f"{body}.{_base64(hmac.digest(SECRET, body.encode(), 'sha256'))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def until(look: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """What `look` sees as soon as it sees something; the test fails when it never does."""
    end = time.monotonic() + seconds
    while True:
        if seen := look():
            return seen
        assert time.monotonic() < end, "it was never seen"
        time.sleep(0.1)


@cache
def _started() -> BlueskyNetwork:
    """Install what is missing, start all of it once for this process, and end it with this process."""
    peers = subprocess.run([ROOT / ".ci/peers", "bluesky"], stdout=subprocess.PIPE, text=True, check=True)
    packages = Path(peers.stdout.strip())
    folder = Path(tempfile.mkdtemp(prefix="bluesky-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    env = {**os.environ, "NODE_ENV": "test", "LOG_ENABLED": "false", "TMPDIR": str(folder)}
    env["DATABASE_URL"], env["REDIS_HOST"] = _postgres(), _redis(folder)
    authority = Authority(folder)
    env["NODE_EXTRA_CA_CERTS"] = str(authority.certificate)
    command = [packages / "node", ROOT / "tests/peers/bluesky.mjs", packages]
    with (folder / "network.log").open("w") as log:
        network = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            preexec_fn=with_parent,
        )  # fmt: skip
    atexit.register(_end, network)
    assert network.stdout is not None
    line = network.stdout.readline()  # it comes when all of it answers, or never
    assert line.startswith("{"), (folder / "network.log").read_text()[-3000:]
    addresses = json.loads(line)
    return BlueskyNetwork(addresses["pds"], addresses["plc"], authority)


def _postgres() -> str:
    """A database server of its own."""
    folder = tempfile.mkdtemp(prefix="bluesky-postgres-")
    made = subprocess.run(
        [ROOT / ".ci/postgres", "start", folder, str(os.getpid())],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    atexit.register(lambda: subprocess.run([ROOT / ".ci/postgres", "stop", folder], check=False))
    return made.stdout.strip()


def _redis(folder: Path) -> str:
    """A Redis of its own on a free port; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    redis = subprocess.Popen(
        ["redis-server", "--port", str(port), *options], stdout=subprocess.DEVNULL, preexec_fn=with_parent
    )
    atexit.register(_end, redis)
    return f"127.0.0.1:{port}"


def _end(process: subprocess.Popen[Any]) -> None:
    """Ask it to end, and wait for it."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def bluesky_program() -> BlueskyNetwork:
    """The running network; one for the whole run, whatever folders ask for it."""
    return _started()


@pytest.fixture
def bluesky(bluesky_program: BlueskyNetwork, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlueskyNetwork]:
    """The network, named as one that the shop runs within its own walls."""
    monkeypatch.setattr(inside, "_origins", {bluesky_program.server, bluesky_program.directory})
    monkeypatch.setattr(directory, "_origins", [bluesky_program.directory])
    yield bluesky_program
