"""The life of a file: taken in, looked at, read by a job, stopped, read again, let go."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.utils import translation

from etalage.accounts.models import AuditEntry
from etalage.catalogue.models import Product
from etalage.imports import actions, importers, queries
from etalage.imports.disk import is_disk_full
from etalage.imports.importers import Context, Counts
from etalage.imports.models import ImportRun
from etalage.imports.options import checked
from etalage.imports.reading.columns import Field
from etalage.imports.reading.table import Table
from etalage.imports.running import execute
from etalage.imports.tasks import let_go_of_files, run_import
from etalage.jobs.models import Job
from etalage.kit import clock
from etalage.kit.errors import Refusal
from tests.conftest import World
from tests.imports.conftest import Write

PRODUCTS = b"sku,title,price\nA1,Cup,1.00\nA2,Pot,dear\nA3,Lamp,3.00\n"


def upload(content: bytes = PRODUCTS, name: str = "products.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/csv")


def refusal_of(act: Any, *args: Any, **values: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        act(*args, **values)
    return refused.value


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "imports").rglob("*") if path.is_file())


def test_a_file_is_looked_at_confirmed_and_read_by_a_job(world: World, data_folder: Path) -> None:
    run = actions.receive_upload(world.manager, "products", upload())
    assert (run.state, run.size_bytes, len(run.digest)) == ("preview", len(PRODUCTS), 64)
    look = queries.preview(run)
    assert look.header == ["sku", "title", "price"]
    assert look.columns == {"sku": 0, "title": 1, "price": 2}
    assert look.examples(1) == ["Cup", "Pot", "Lamp"]
    assert not Product.objects.exists()
    actions.confirm(world.manager, run, {}, {"decimal": "."})
    assert Job.objects.filter(task=actions.TASK).count() == 1
    assert run_import.call(run.pk) == "done"
    run.refresh_from_db()
    assert (run.created, run.refused, run.rows_read, run.bytes_read) == (2, 1, 3, len(PRODUCTS))
    assert run.finished_at
    assert kept(data_folder) == sorted([str(run.pk), f"{run.pk}-1.csv"])
    trail = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(trail) == ["import.received", "import.started"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"<html></html>", "file_web_page"),
        (b"%PDF-1", "file_pdf"),
        (b"words\n", "file_no_table"),
    ],
)
def test_a_file_that_is_no_table_is_refused_and_not_kept(
    world: World, data_folder: Path, content: bytes, code: str
) -> None:
    assert refusal_of(actions.receive_upload, world.manager, "products", upload(content)).code == code
    assert kept(data_folder) == []
    assert not ImportRun.objects.exists()


def test_a_file_that_is_too_large_is_refused_with_the_way_that_works(world: World, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    refused = refusal_of(actions.receive_upload, world.manager, "products", upload())
    assert refused.code == "file_too_large"
    assert "etalage import" in refused.message


def test_names_of_files_lose_their_folders_and_what_a_screen_cannot_show(world: World) -> None:
    run = actions.receive_upload(world.manager, "products", upload(name="..\\..\\etc/evil\u202egpj\x07.csv"))
    assert run.file_name == "evilgpj.csv"


def test_a_column_that_is_missing_is_named_and_can_be_told(world: World) -> None:
    run = actions.receive_upload(world.manager, "products", upload(b"sku,title,Kosten\nA1,Cup,1.00\n"))
    assert [field.key for field in queries.preview(run).missing] == ["price"]
    assert refusal_of(actions.confirm, world.manager, run, {}, {}).code == "file_columns_missing"
    actions.confirm(world.manager, run, {"price": "kosten"}, {})
    assert execute(run.pk).created == 1
    assert refusal_of(actions.confirm, world.manager, run, {"price": "kosten"}, {}).status == 409


def test_a_run_that_was_cut_off_is_read_again_and_counts_anew(world: World, write: Write) -> None:
    run = actions.receive_upload(world.manager, "products", upload())
    actions.confirm(world.manager, run, {}, {})
    execute(run.pk)
    # As a killed worker leaves it: running, with counts of the past.
    ImportRun.objects.filter(pk=run.pk).update(state="running", rows_read=2, created=2, refused=9)
    done = execute(run.pk)
    assert (done.state, done.attempt, done.created, done.unchanged, done.refused) == ("done", 2, 0, 2, 1)
    assert Product.objects.count() == 2


def test_a_run_that_is_over_is_not_read_by_a_late_job(world: World) -> None:
    run = actions.receive_upload(world.manager, "products", upload())
    actions.stop(world.manager, run)
    assert execute(run.pk).state == "failed"
    assert not Product.objects.exists()


class Slow:
    """Reads a row at a time and does, after the second, what a test wants."""

    kind = "slow"
    fields = (Field("sku", "Number", (), required=True),)

    def __init__(self, meanwhile: Any) -> None:
        self._meanwhile = meanwhile

    def check(self, columns: Mapping[str, int], options: Mapping[str, str]) -> None:
        pass

    def load(self, table: Table, context: Context) -> Counts:
        for read, (_number, _row) in enumerate(table.rows, start=1):
            context.counts.created += 1
            if read == 2:
                self._meanwhile(context.run_id)
            context.progress(read, context.counts)
        return context.counts


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is written after every batch, not twice a second."""
    monkeypatch.setattr("etalage.imports.running.REPORT_SECONDS", 0)


def run_slowly(world: World, write: Write, meanwhile: Any) -> ImportRun:
    importers.register(Slow(meanwhile))
    try:
        return actions.import_file(world.manager, "slow", write("sku,b\n1,x\n2,x\n3,x\n"))
    finally:
        importers._IMPORTERS.pop("slow")


def test_a_stopped_run_ends_after_its_batch_and_keeps_what_it_read(
    world: World, write: Write, at_once: None
) -> None:
    run = run_slowly(world, write, lambda pk: actions.stop(world.owner, ImportRun.objects.get(pk=pk)))
    assert (run.state, run.reason, run.rows_read, run.created) == ("failed", "stopped", 1, 1)


def test_a_paused_worker_changes_nothing_once_another_has_the_run(
    world: World, write: Write, at_once: None
) -> None:
    def taken_over(pk: Any) -> None:
        ImportRun.objects.filter(pk=pk).update(attempt=7, rows_read=100)

    run = run_slowly(world, write, taken_over)
    assert (run.state, run.attempt, run.rows_read) == ("running", 7, 100)


def test_progress_is_seen_while_the_file_is_read(world: World, write: Write, at_once: None) -> None:
    seen = []
    importers.register(Slow(lambda pk: seen.append(ImportRun.objects.get(pk=pk).rows_read)))
    try:
        watched: list[int] = []
        path = write("sku,b\n1,x\n2,x\n3,x\n")
        actions.import_file(world.manager, "slow", path, watch=lambda run: watched.append(run.rows_read))
    finally:
        importers._IMPORTERS.pop("slow")
    assert (seen, watched) == ([1], [1, 2, 3, 3])


def full(_pk: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_ends_the_run_with_what_to_do_and_it_can_be_read_again(
    world: World, write: Write
) -> None:
    run = run_slowly(world, write, full)
    assert (run.state, run.reason) == ("failed", "disk_full")
    assert "Make room" in run.explanation
    importers.register(Slow(lambda pk: None))
    actions.run_again(world.manager, run)
    assert execute(run.pk).state == "done"
    importers._IMPORTERS.pop("slow")


def test_a_fault_of_ours_is_raised_for_the_queue_shown_to_people_and_tried_again(
    world: World, write: Write
) -> None:
    def fault(_pk: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_slowly(world, write, fault)
    run = ImportRun.objects.get()
    assert (run.state, run.reason) == ("failed", "broke")
    importers.register(Slow(lambda pk: None))
    assert execute(run.pk).state == "done"
    importers._IMPORTERS.pop("slow")


def test_a_full_disk_is_known_whoever_meets_it() -> None:
    assert is_disk_full(OSError(errno.ENOSPC, "full"))
    assert is_disk_full(OSError(errno.EDQUOT, "quota"))
    assert not is_disk_full(OSError(errno.EIO, "broken"))
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL  # type: ignore[misc]
    error = OperationalError("database or disk is full")
    error.__cause__ = cause
    assert is_disk_full(error)
    assert not is_disk_full(OperationalError("locked"))


def test_sqlite_itself_says_that_the_disk_is_full(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "small.sqlite3")
    database.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as refused:
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    database.close()
    assert is_disk_full(refused.value)


def test_a_file_on_the_server_is_read_where_it_lies_and_never_deleted(world: World, write: Write) -> None:
    path = write(PRODUCTS.decode())
    run = actions.import_file(None, "products", path)
    assert (run.created, run.refused, run.kept_by_us) == (2, 1, False)
    with time_machine.travel(clock.now() + timedelta(days=60), tick=False):
        actions.let_go_of_files()
    assert path.exists()


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_a_file_that_is_not_there_is_said_so(world: World, tmp_path: Path, name: str) -> None:
    run = actions.import_file(None, "products", tmp_path / name)
    assert (run.state, run.reason) == ("failed", "file_not_found")


def test_uploads_go_after_thirty_days_and_their_counts_stay(world: World, data_folder: Path) -> None:
    run = actions.receive_upload(world.manager, "products", upload())
    actions.confirm(world.manager, run, {}, {})
    execute(run.pk)
    left = actions.receive_upload(world.manager, "products", upload())
    assert let_go_of_files.call() == 0
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        assert let_go_of_files.call() == 2
        assert let_go_of_files.call() == 0
    run.refresh_from_db()
    left.refresh_from_db()
    assert kept(data_folder) == []
    assert (run.state, run.created, left.state) == ("done", 2, "failed")
    assert refusal_of(actions.run_again, world.manager, run).code == "file_gone"


def test_why_a_file_stopped_is_said_in_the_language_of_whoever_reads(world: World, write: Write) -> None:
    with translation.override("ar"):
        run = run_slowly(world, write, full)
    assert run.language == "ar"  # of the file of refused rows, which cannot change its language
    said = {}
    for language in ("en", "fr", "nl", "ar"):
        with translation.override(language):
            said[language] = ImportRun.objects.get(pk=run.pk).explanation
    assert said["en"].startswith("The disk of the server is full.")
    assert len(set(said.values())) == 4


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"store": "Paris"}, "store_unknown"),
        ({"currency": "XXZ"}, "currency_unknown"),
        ({"decimal": ";"}, "option_unknown"),
        ({"dates": "today"}, "option_unknown"),
        ({"language": "de"}, "option_unknown"),
        ({"encoding": "utf-99"}, "file_unknown_encoding"),
        ({"encoding": "base64"}, "file_unknown_encoding"),
        ({"delimiter": "xy"}, "option_unknown"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused(world: World, options: dict[str, str], code: str) -> None:
    assert refusal_of(checked, options).code == code


def test_choices_are_kept_in_one_form(world: World) -> None:
    told = {
        "store": "ghent",
        "currency": "gbp",
        "delimiter": "tab",
        "decimal": ",",
        "dates": "",
        "source": " till ",
    }
    assert checked(told) == {
        "store": "GNT", "currency": "GBP", "delimiter": "\t", "decimal": ",", "source": "till"
    }  # fmt: skip


def test_an_unknown_kind_is_refused(world: World) -> None:
    assert refusal_of(actions.receive_upload, world.manager, "horses", upload()).code == "kind_unknown"
