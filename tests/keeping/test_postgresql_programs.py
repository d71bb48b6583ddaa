"""PostgreSQL's own programs reach the server as the shop's own connection does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from etalage.keeping import backup, postgresql
from etalage.keeping.words import KeepingTrouble
from tests.keeping.conftest import SERVER

pytestmark = [
    pytest.mark.skipif(not SERVER, reason="is about PostgreSQL"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What stands behind the question mark of DATABASE_URL."""
    found: dict[str, Any] = {}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", found)
    return found


def test_what_the_address_says_of_the_connection_holds_for_them_too(options: dict[str, Any]) -> None:
    options.update(application_name="the shop", isolation_level=2)
    assert postgresql.run("psql", "-At", "-c", "SHOW application_name").strip() == "the shop"


def test_a_server_that_proves_nothing_gets_no_password_where_proof_is_asked_for(
    options: dict[str, Any],
) -> None:
    assert postgresql.run("psql", "-At", "-c", "SELECT 1").strip() == "1"
    options.update(sslmode="verify-full", sslrootcert="/nowhere/root.crt")
    with pytest.raises(KeepingTrouble):
        postgresql.run("psql", "-At", "-c", "SELECT 1")


ROWS = 40_000


@pytest.fixture
def large(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """A table that is most of the dump, whose texts hold line breaks and what a dump writes at the end of a table."""
    settings.DATA = tmp_path
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE public.large AS"
            " SELECT E'one\\n\\\\.\\n' || md5(random()::text) || md5(random()::text) AS said "
            f"FROM generate_series(1, {ROWS})"
        )
    yield tmp_path
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE public.large")


def test_a_dump_is_read_to_its_end_and_its_rows_are_counted(large: Path) -> None:
    contents = postgresql.dump(large / "dump")
    assert contents.counts["large"] == ROWS
    postgresql.check(large / "dump", contents.counts)
    with pytest.raises(KeepingTrouble, match=f"of {ROWS + 1} rows of large it holds {ROWS}"):
        postgresql.check(large / "dump", contents.counts | {"large": ROWS + 1})
    with pytest.raises(KeepingTrouble, match="lacks the table larger"):
        postgresql.check(large / "dump", contents.counts | {"larger": 0})


def test_no_backup_gets_its_name_whose_dump_is_damaged_in_the_middle(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a disk does that loses a page between the writing and the reading."""
    assert backup.make_backup(large / "whole.tar").path.exists()
    dump = postgresql.dump

    def lossy(target: Path, *more: Any) -> Any:
        contents = dump(target, *more)
        with target.open("r+b") as file:
            file.seek(target.stat().st_size // 2)
            file.write(bytes(512))
        return contents

    monkeypatch.setattr(postgresql, "dump", lossy)
    with pytest.raises(KeepingTrouble, match=r"pg_restore|damaged"):
        backup.make_backup(large / "damaged.tar")
    assert not (large / "damaged.tar").exists() and not list(large.glob(".*"))
