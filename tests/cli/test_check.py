"""`etalage check`, and settings that no command can use."""

from __future__ import annotations

import pytest

from etalage.environment import Environment, WrongSetting
from tests.cli.conftest import Shop


def test_a_fresh_shop_has_nothing_that_must_be_mended(ready: Shop) -> None:
    done = ready.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(ready.folder) in done.stdout and "must be mended" not in done.stdout


def test_before_a_shop_is_made_the_way_to_make_one_is_told(shop: Shop) -> None:
    done = shop.run("check")
    assert done.returncode == 1
    assert "etalage init" in done.stderr and "Traceback" not in done.stderr


def test_keys_that_are_gone_are_missed(ready: Shop) -> None:
    (ready.folder / "etalage.env").unlink()
    done = ready.run("check")
    assert done.returncode == 1
    assert "ETALAGE_SECRET_KEY is not set" in done.stdout
    assert "ETALAGE_SECRET_KEYS is not set" in done.stdout
    assert "ETALAGE_SECRET_KEY is not set" in ready.run("serve").stderr


def test_an_address_that_is_none_must_be_mended(ready: Shop) -> None:
    done = ready.run("check", ETALAGE_PUBLIC_ADDRESS="lune.example.com")
    assert done.returncode == 1 and "no web address" in done.stdout


def test_a_shop_that_shows_its_inside_to_everybody_is_pointed_out(ready: Shop) -> None:
    assert "DEBUG" in ready.run("check", ETALAGE_DEBUG="1").stdout


def test_keys_that_others_can_read_are_pointed_out(ready: Shop) -> None:
    (ready.folder / "etalage.env").chmod(0o644)
    assert "can be read by other users" in ready.run("check").stdout


@pytest.mark.parametrize(
    "address",
    [
        "mysql://shop:geheim-wort@db/shop",
        "sqlite:///shop.db",
        "postgresql://shop:geheim-wort@db:port/shop",
        "postgresql://shop:geheim-wort@db",
        "postgresql://shop:geheim-wort@[db/shop",
        "nonsense",
    ],
)
def test_a_database_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(WrongSetting, match="DATABASE_URL") as refused:
        Environment.load({"DATABASE_URL": address}).database()
    assert "geheim-wort" not in str(refused.value)


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_wrong_setting_is_told_in_a_sentence(ready: Shop, command: str) -> None:
    done = ready.run(command, DATABASE_URL="mysql://shop:geheim-wort@db/shop")
    assert done.returncode == 1 and "postgresql://" in done.stderr
    assert "Traceback" not in done.stderr and "geheim-wort" not in done.stdout + done.stderr


def test_a_database_that_does_not_answer_is_told(ready: Shop) -> None:
    nobody = "postgresql://shop:geheim-wort@127.0.0.1:1/shop"
    for command in ("check", "serve"):
        done = ready.run(command, DATABASE_URL=nobody)
        told = done.stdout + done.stderr
        assert done.returncode == 1 and "Traceback" not in told and "geheim-wort" not in told


def test_a_secret_in_a_file_that_is_missing_is_told(ready: Shop) -> None:
    done = ready.run("check", ETALAGE_SECRET_KEY_FILE=str(ready.folder / "nowhere"))
    assert done.returncode == 1 and "ETALAGE_SECRET_KEY_FILE" in done.stderr
