"""An upgrade that is killed in the middle and run again ends in the same database as one that was not."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SECONDS
from tests.keeping.conftest import Kept, drop_database, fresh_database

SEED = random.SystemRandom().randrange(2**32)
KILLS = int(os.environ.get("ETALAGE_TEST_KILLS", "6"))
ROOT = Path(__file__).parents[2]


def program(shop: Kept, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.keeping.upgrade_program", *words],
        env=shop.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def upgraded(shop: Kept) -> tuple[float, Any]:
    """The seconds that an upgrade took that nobody disturbed, and the schema that it led to."""
    done = program(shop, "upgrade", "then", "schema")
    assert done.returncode == 0, f"seed {SEED}: {done.stderr}"
    _begun, seconds, schema = done.stdout.splitlines()
    return float(seconds), json.loads(schema)


@contextmanager
def empty(tmp_path: Path, name: str, original: Kept) -> Iterator[Kept]:
    """A shop's folder with its keys and no database."""
    shop = Kept(tmp_path / name, database=fresh_database(f"keeping_{name}"))
    shop.folder.mkdir()
    (shop.folder / "etalage.env").write_bytes((original.folder / "etalage.env").read_bytes())
    yield shop
    drop_database(shop.database)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, made_once: Kept) -> Iterator[tuple[Any, Any, float]]:
    """The plan from nothing, the schema of an upgrade that nobody disturbed, and the seconds that it took."""
    with empty(tmp_path_factory.mktemp("fresh"), "fresh", made_once) as shop:
        plan = json.loads(program(shop, "plan").stdout)
        seconds, schema = upgraded(shop)
        yield plan, schema, seconds


def test_killed_anywhere_and_run_again_it_is_as_if_it_had_not_been(
    tmp_path: Path, made_once: Kept, fresh: tuple[Any, Any, float]
) -> None:
    plan, schema, whole = fresh
    chance = random.Random(SEED)
    killed = 0
    for number in range(KILLS):
        with empty(tmp_path, f"struck{number}", made_once) as shop:
            done_before = chance.choice([0, 0, chance.randrange(len(plan))])
            if done_before:
                assert program(shop, "upto", str(done_before)).returncode == 0
            killed += struck(shop, chance.uniform(0, whole * (1 - done_before / len(plan))))
            assert upgraded(shop)[1] == schema, f"seed {SEED}"
    assert killed, f"no kill came in time; seed {SEED}"
    print(f"{KILLS} upgrades, {killed} killed in the middle")


def struck(shop: Kept, after: float) -> bool:
    """Kill an upgrade so many seconds after it begun; whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.keeping.upgrade_program", "upgrade"],
        env=shop.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    time.sleep(after)  # the moment of the kill is the test's own chance
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    return process.wait() == -signal.SIGKILL


PRODUCTS = 1500
LATER = {"DJANGO_SETTINGS_MODULE": "tests.keeping.later.settings"}


def test_what_is_on_the_shelf_outlives_an_upgrade_that_is_killed(kept: Kept) -> None:
    """Two migrations of a later version: one fills a new column row by row, one writes the table anew."""
    assert program(kept, "fill", str(PRODUCTS)).returncode == 0
    chance, killed, after_s = random.Random(SEED), 0, 0.1
    before = found = shelf(kept)
    kept.more |= LATER
    while found == before and struck(kept, after_s):  # later each time, until it was done before
        found = shelf(kept)
        killed += found == before
        after_s *= chance.uniform(1.5, 2.2)
    upgraded(kept)
    after = shelf(kept)
    assert after[0] == before[0] == PRODUCTS and after[1] != before[1]
    assert found in (before, after), f"all of it or nothing; seed {SEED}"
    assert killed, f"no kill came in time; seed {SEED}"
    assert shelf(kept, "schema") == shelf(kept, "upgrade", "schema"), "doing it again does nothing"


def shelf(shop: Kept, *deeds: str) -> Any:
    done = program(shop, *" then ".join(deeds or ("shelf",)).split(" "))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_database_of_a_newer_version_is_left_alone(kept: Kept) -> None:
    """It keeps things where this version does not look, and so would lose them without a word."""
    kept.more |= LATER
    assert program(kept, "upgrade").returncode == 0
    kept.more.clear()
    done = kept.run("serve", "worker")
    assert done.returncode == 1 and "newer Etalage (catalogue 0002_letters is not known here)" in done.stderr


def test_a_database_from_before_the_first_release_is_named(kept: Kept) -> None:
    assert program(kept, "drop", "catalogue_product vendor").returncode == 0
    done = kept.run("serve", "worker")
    assert done.returncode == 1 and "lacks catalogue_product.vendor" in done.stderr


def test_a_backup_of_an_older_version_is_put_back_and_upgraded(kept: Kept) -> None:
    assert program(kept, "fill", "3").returncode == 0
    older, before = kept.backup(), shelf(kept)
    kept.more |= LATER
    done = kept.run("restore", str(older), "--yes")
    assert done.returncode == 0, done.stderr
    after = shelf(kept)
    assert after[0] == before[0] == 3 and after[1] != before[1]


def test_a_backup_from_before_the_first_release_is_refused_before_anything_moves(kept: Kept) -> None:
    """Put in place, it could neither be brought to this version's form nor let anything start."""
    assert program(kept, "fill", "3").returncode == 0
    good = kept.backup()
    assert program(kept, "drop", "catalogue_product vendor").returncode == 0
    old = kept.backup()
    assert kept.run("restore", str(good), "--yes").returncode == 0

    done = kept.run("restore", str(old), "--yes")
    assert done.returncode == 1 and "lacks catalogue_product.vendor" in done.stderr, done.stderr
    assert not (kept.folder / "restore-unfinished").exists() and shelf(kept)[0] == 3
    assert kept.run("restore", str(good), "--yes").returncode == 0, "that one can still be put back"


def test_the_control_what_django_does_alone_cannot_be_run_again(tmp_path: Path, made_once: Kept) -> None:
    with empty(tmp_path, "control", made_once) as shop:
        assert program(shop, "naive", "kill").returncode == -signal.SIGKILL
        again = program(shop, "naive", "go on")
        assert again.returncode == 1 and "already exists" in again.stderr
