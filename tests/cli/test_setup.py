"""`etalage init` and `etalage sign-in`: a new shop with keys of its own, once, and ways in."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from etalage.cli import parser
from etalage.environment import read_env_file
from tests.cli.conftest import Shop, link_in


def rows(shop: Shop, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(shop.folder / "etalage.sqlite3")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_new_shop_has_its_owner_its_store_and_keys_that_only_its_user_can_read(shop: Shop) -> None:
    done = shop.init("--currency", "gbp", "--address", "https://lune.example.com/")
    assert done.returncode == 0, done.stderr
    assert rows(shop, "SELECT name, currency FROM accounts_business") == [("Maison Lune", "GBP")]
    assert rows(shop, "SELECT email, role FROM accounts_member") == [("anna@example.com", "owner")]
    assert link_in(done.stdout).startswith("https://lune.example.com/enter/")
    keys = read_env_file(shop.folder / "etalage.env")
    assert keys["ETALAGE_SECRET_KEY"] != keys["ETALAGE_SECRET_KEYS"]
    assert len(keys["ETALAGE_SECRET_KEY"]) >= 32
    assert stat.S_IMODE((shop.folder / "etalage.env").stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.folder.stat().st_mode) == 0o700


def test_a_shop_is_set_up_once(ready: Shop) -> None:
    before = (ready.folder / "etalage.env").read_text()
    again = ready.init()
    assert (again.returncode, again.stdout) == (1, "")
    assert "already" in again.stderr
    assert (ready.folder / "etalage.env").read_text() == before
    assert rows(ready, "SELECT count(*) FROM accounts_member") == [(1,)]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (("--timezone", "Mars/Olympus"), "Mars/Olympus is no time zone"),
        (("--timezone", "../etc"), "no time zone"),
        (("--currency", "LUN"), "LUN is no currency"),
        (("--email", "anna"), "anna is no e-mail address"),
        (("--name", " "), "Give the business a name"),
        (("--address", "lune.example.com"), "no address of a shop"),
        (("--address", "http://[broken"), "no address of a shop"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_written(
    wrong: tuple[str, str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["init", "--data", str(tmp_path / "shop"), "--name", "Maison Lune", "--email", "anna@example.com"]
    arguments = parser().parse_args([*given, *wrong])
    assert arguments.run(arguments) == 1
    said = capsys.readouterr()
    assert named in said.err and not said.out
    assert not (tmp_path / "shop").exists()


def test_a_one_time_link_replaces_the_one_before_it(ready: Shop) -> None:
    first, second = ready.run("sign-in", "Anna@Example.com"), ready.run("sign-in", "anna@example.com")
    assert link_in(first.stdout) != link_in(second.stdout)
    assert rows(ready, "SELECT count(*) FROM accounts_signinlink WHERE used_at IS NULL") == [(1,)]
    made = "SELECT actor FROM accounts_auditentry WHERE action = 'member.link_made'"
    assert rows(ready, made) == [("Etalage",), ("Etalage",)]


def test_nobody_unknown_gets_a_link(ready: Shop) -> None:
    done = ready.run("sign-in", "eve@example.com")
    assert done.returncode == 1 and "No active member" in done.stderr
