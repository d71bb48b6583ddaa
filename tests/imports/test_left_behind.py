"""What a kill leaves of a file that was being read goes, and what is in use stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import time_machine

from etalage.imports import actions
from etalage.imports.models import ImportRun
from etalage.imports.places import reading_room
from etalage.imports.running import execute
from etalage.kit import clock
from etalage.kit.ids import uuid7
from tests.conftest import World
from tests.imports.test_runs import kept, upload


def leave(room: Path) -> None:
    """What a killed program leaves."""
    room.mkdir()
    for name in ("in-use", "rows.sqlite3"):
        (room / name).touch()


def test_a_room_in_which_somebody_works_stays_and_one_of_the_killed_goes(
    world: World, data_folder: Path
) -> None:
    killed = data_folder / "imports" / "reading-killed"
    with reading_room() as room:
        (room / "rows.sqlite3").write_text("rows")
        leave(killed)
        actions.let_go_of_files()
        assert (room / "rows.sqlite3").exists() and not killed.exists()
        leave(killed)
        with reading_room() as other:
            assert (room / "rows.sqlite3").exists() and not killed.exists()
    assert not room.exists() and not other.exists()


def test_an_upload_that_was_killed_before_its_run_was_written_goes_after_a_day(
    world: World, data_folder: Path
) -> None:
    run = actions.receive_upload(world.manager, "products", upload())
    (data_folder / "imports" / str(uuid7())).write_text("nora@example.com")
    actions.let_go_of_files()
    assert len(kept(data_folder)) == 2, "it may be uploading still"
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        actions.let_go_of_files()
    assert kept(data_folder) == [str(run.pk)]


def test_refused_rows_of_an_attempt_that_was_killed_go_with_those_of_the_last(
    world: World, data_folder: Path
) -> None:
    run = actions.receive_upload(world.manager, "products", upload())
    actions.confirm(world.manager, run, {}, {})
    execute(run.pk)
    ImportRun.objects.filter(pk=run.pk).update(state="running")  # as a killed worker leaves it
    execute(run.pk)
    assert kept(data_folder) == sorted([str(run.pk), f"{run.pk}-1.csv", f"{run.pk}-2.csv"])
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        actions.let_go_of_files()
    assert kept(data_folder) == []
