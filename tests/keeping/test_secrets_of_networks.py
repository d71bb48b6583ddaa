"""What networks give the shop to hold is found in no table, file, backup or log: while the program holds it open, and
after it gave it back."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from etalage.networks.bluesky.tests import asked
from etalage.networks.bluesky.tests.asked import DID, HANDLE, PAR
from etalage.networks.bluesky.tests.program import Program, Told, running
from tests.ending import with_parent
from tests.keeping.conftest import Kept
from tests.keeping.test_secrets import assert_nowhere

Do = Callable[..., Any]
NODEINFO = "http://nodeinfo.diaspora.software/ns/schema/2.0"


@pytest.fixture
def network(kept: Kept) -> Iterator[Program]:
    """A server that is a Bluesky and a Mastodon at once, and one of the shop's own."""
    with running() as program:
        kept.more |= {
            "ETALAGE_PUBLIC_ADDRESS": "https://maison-lune.example",
            "ETALAGE_INSIDE_NETWORKS": program.address,
            "ETALAGE_BLUESKY_DIRECTORY": program.address,
            "ETALAGE_LOG": "DEBUG",
        }
        asked.in_order(program)
        program.tell("/api/v1/accounts/verify_credentials", Told({"id": "1", "username": "lune"}))
        program.tell("/api/v2/instance", Told({"domain": "lune.example", "version": "4.7.3"}))
        rows = {"links": [{"rel": NODEINFO, "href": f"{program.address}/nodeinfo/2"}]}
        program.tell("well-known/nodeinfo", Told(rows))
        program.tell("/nodeinfo/2", Told({"software": {"name": "mastodon"}}))
        yield program


@contextmanager
def held(kept: Kept, log: Path) -> Iterator[Do]:
    """The shop's program, which does as it is told and keeps its database open for the length of the block."""
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.keeping.holding"],
            env=kept.environment, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=out, text=True, preexec_fn=with_parent,
        )  # fmt: skip
    kept.running.append(process)
    assert process.stdin is not None
    assert process.stdout is not None

    def do(*deed: Any) -> Any:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(deed) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, log.read_text()[-2000:]
        return json.loads(answer)

    with process.stdin, process.stdout:
        yield do
    assert process.wait(60) == 0


def fresh(count: int) -> list[str]:
    return [secrets.token_urlsafe(32) for _ in range(count)]


def repeats(*texts: str) -> Told:
    """A network that says what it was given in its error, in every place where words stand."""
    words = " ".join(texts)
    said = {"error": texts[0], "message": words, "error_description": words}
    return Told(said, 400, {"x-you-sent": words, "set-cookie": f"it={texts[0]}"})


def test_a_session_of_bluesky_is_found_nowhere(kept: Kept, network: Program, tmp_path: Path) -> None:
    access, refresh, next_access, next_refresh, code = planted = fresh(5)
    given = asked.tokens(access_token=access, refresh_token=refresh)
    renewed = asked.tokens(access_token=next_access, refresh_token=next_refresh)
    network.tell(asked.TOKEN, Told(given), Told(renewed))
    for name in ("putRecord", "listNotifications", "getPosts"):
        network.tell(name, repeats(access, refresh, next_access, next_refresh))
    log = tmp_path / "program.log"
    with held(kept, log) as do:
        do("begin", "bluesky", network.address, HANDLE)
        pushed = next(one.form() for one in network.asked if one.name == PAR)
        held_while_asking = do("kept")
        assert len(held_while_asking) >= 4  # our key twice, the proofs' key, the verifier
        assert_nowhere(kept, [*held_while_asking, pushed["state"]], log, tmp_path)

        channel = do("finish", {"code": code, "iss": network.address, "state": pushed["state"]})
        assert {access, refresh} < set(do("kept"))
        ours = [one for one in do("kept") if one not in (access, refresh)]
        assert do("use", channel) == ["rejected", "…"]
        assert {next_access, next_refresh} < set(do("kept"))
        searched = [*planted, *held_while_asking, *ours, pushed["state"]]
        assert_nowhere(kept, searched, log, tmp_path)
        assert_the_search_sees(kept, HANDLE, log)

        assert do("leave", channel) == 0
        assert network.count(asked.REVOKE) == 1
        assert_nowhere(kept, searched, log, tmp_path)


def test_an_app_password_and_its_session_are_found_nowhere(
    kept: Kept, network: Program, tmp_path: Path
) -> None:
    access, refresh, next_access, next_refresh = tokens = fresh(4)
    password = "-".join(secrets.token_hex(2) for _ in range(4))  # as the network makes them
    own = f"correct horse {secrets.token_hex(4)}"  # what people type by mistake
    session = {"did": DID, "handle": HANDLE, "accessJwt": access, "refreshJwt": refresh}
    network.tell(
        "createSession", repeats(password), Told({"error": "AuthenticationRequired"}, 401), Told(session)
    )
    network.tell("refreshSession", Told({**session, "accessJwt": next_access, "refreshJwt": next_refresh}))
    network.tell("putRecord", repeats(access, refresh, password))
    log = tmp_path / "program.log"
    with held(kept, log) as do:
        assert do("typed", "bluesky", network.address, HANDLE, password) == "unknown"
        assert do("typed", "bluesky", network.address, HANDLE, own) == "auth_dead"
        channel = do("typed", "bluesky", network.address, HANDLE, password)
        assert {access, refresh} == set(do("kept"))
        assert do("use", channel) == ["rejected", "…"]
        assert {next_access, next_refresh} == set(do("kept"))
        assert_nowhere(kept, [*tokens, password, own], log, tmp_path)
        assert_the_search_sees(kept, HANDLE, log)


def test_a_token_of_mastodon_and_the_secret_of_its_client_are_found_nowhere(
    kept: Kept, network: Program, tmp_path: Path
) -> None:
    token, client_secret, code, pasted = planted = fresh(4)
    network.tell("/api/v1/apps", Told({"client_id": "app", "client_secret": client_secret}))
    supports = {"code_challenge_methods_supported": ["S256"]}
    network.tell("well-known/oauth-authorization-server", Told(supports))
    network.tell("/oauth/token", Told({"access_token": token, "token_type": "Bearer"}))
    for name in ("/api/v1/statuses", "/api/v1/notifications"):
        network.tell(name, repeats(token, client_secret, pasted))
    network.tell("/oauth/revoke", Told({}))
    log = tmp_path / "program.log"
    with held(kept, log) as do:
        state = parse_qs(urlsplit(do("begin", "mastodon", network.address, "")).query)["state"][0]
        held_while_asking = do("kept")
        assert client_secret in held_while_asking and len(held_while_asking) >= 2  # the verifier
        assert_nowhere(kept, [*held_while_asking, state], log, tmp_path)

        channel = do("finish", {"code": code, "state": state})
        assert {token, client_secret} == set(do("kept"))
        assert do("use", channel) == ["rejected", "…"]
        searched = [*planted, *held_while_asking, state]
        assert_nowhere(kept, searched, log, tmp_path)

        assert do("typed", "mastodon", network.address, "", pasted) == channel  # in place of the other token
        assert do("use", channel) == ["rejected", "…"]
        assert pasted in do("kept")
        assert_nowhere(kept, searched, log, tmp_path)
        assert_the_search_sees(kept, "lune@", log)
        assert do("leave", channel) == 0
        assert_nowhere(kept, searched, log, tmp_path)


def assert_the_search_sees(kept: Kept, text: str, log: Path) -> None:
    """What is no secret is found where secrets are not: in the log of writes of a database in use, and in the log."""
    if not kept.database:
        assert text.encode() in (kept.folder / "etalage.sqlite3-wal").read_bytes()
    assert "x-you-sent" in log.read_text()
