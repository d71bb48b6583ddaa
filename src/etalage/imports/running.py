"""One run from its file to its end. A run that was cut off simply runs again: what is there already stays."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.db.models import F, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from etalage.accounts.queries import current_business
from etalage.imports.disk import DiskFull, is_disk_full
from etalage.imports.importers import Context, Counts, Importer, importer_for
from etalage.imports.models import ImportRun, ImportState
from etalage.imports.places import refused_file
from etalage.imports.reading.columns import find_columns, missing
from etalage.imports.reading.refusals import FileRefused
from etalage.imports.reading.table import Table, open_table, whole_encoding
from etalage.imports.refused import RefusedRows
from etalage.jobs.lease import current_lease
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.errors import Kept, Refusal, gettext_noop
from etalage.kit.garbage import rare_collections

log = logging.getLogger(__name__)
REPORT_SECONDS = 0.5
BROKE = "broke"
MOST_REASONS = 12
_COUNTED = ("bytes_read", "rows_read", "created", "updated", "unchanged", "refused")
_REPORTED = (*_COUNTED, "refused_path", "reasons", "finished_at")
Watch = Callable[[ImportRun], None]


class Stopped(Refusal):
    """Somebody stopped the run, or another worker has taken it over."""

    def __init__(self) -> None:
        super().__init__(
            gettext_noop("The import was stopped. What was read until then is kept."),
            code="stopped",
            status=409,
        )


def execute(run_id: UUID, watch: Watch | None = None) -> ImportRun:
    """Read the file of a run that waits, or was cut off, and return the run as it ended.

    A file that cannot be taken ends the run as failed, with the reason; other faults are recorded and raised.
    """
    run = ImportRun.objects.get(pk=run_id)
    if not _begin(run):
        return run
    with translation.override(run.language), rare_collections():
        try:
            _load(run, watch)
        except Stopped:
            run.refresh_from_db()
            return run
        except Refusal as refusal:
            _end(run, refusal)
        except (OSError, DatabaseError) as error:
            _fail(run, error)
        except Exception:
            # The job is tried again by the queue; until then people see that something is wrong.
            _end(run, _broken())
            raise
    return run


def _begin(run: ImportRun) -> bool:
    """Take the run: one that waits, was cut off, or broke. What an earlier attempt counted is forgotten."""
    ours = ImportRun.objects.filter(pk=run.pk, state__in=(ImportState.WAITING, ImportState.RUNNING))
    broke = ImportRun.objects.filter(pk=run.pk, state=ImportState.FAILED, reason=BROKE)
    fresh: dict[str, Any] = dict.fromkeys(_COUNTED, 0)
    begun = ours.update(state=ImportState.RUNNING, **fresh) or broke.update(
        state=ImportState.RUNNING, reason="", told=[], finished_at=None, **fresh
    )
    if begun:
        ImportRun.objects.filter(pk=run.pk).update(attempt=F("attempt") + 1)
        tell("imports")
    run.refresh_from_db()
    return bool(begun)


def _load(run: ImportRun, watch: Watch | None) -> None:
    path = Path(run.path)
    if not run.path or not path.is_file():
        raise FileRefused("gone" if run.kept_by_us else "not_found")
    importer = importer_for(run.kind)
    encoding = whole_encoding(path, run.options.get("encoding", ""))
    with open_table(path, encoding=encoding, delimiter=run.options.get("delimiter", "")) as table:
        columns = find_columns(table.header, importer.fields, run.mapping)
        require_columns(importer, table, columns)
        importer.check(columns, run.options)
        with RefusedRows(refused_file(run.pk, run.attempt), table.header) as refused:
            report = _Report(run, table, refused, watch)
            context = _context(run, columns, report)
            try:
                counts = importer.load(table, context)
            except FileRefused:
                report.note(context.counts)
                raise
            report.finish(counts)


def require_columns(importer: Importer, table: Table, columns: dict[str, int]) -> None:
    """Raise FileRefused when a column that cannot be missed was not found."""
    lacking = missing(columns, importer.fields)
    if lacking:
        fields = ", ".join(f"{gettext(field.label)} ({field.key})" for field in lacking)
        raise FileRefused("columns_missing", fields=fields, columns=", ".join(filter(None, table.header)))


def _context(run: ImportRun, columns: dict[str, int], report: _Report) -> Context:
    business = current_business()
    return Context(
        run_id=run.pk,
        columns=columns,
        options=run.options,
        currency=run.options.get("currency") or business.currency,
        zone=clock.zone(business.timezone),
        refuse=report.refuse,
        progress=report.progress,
    )


class _Report:
    """Writes down how far a run is, now and then, and which rows it refused."""

    def __init__(self, run: ImportRun, table: Table, refused: RefusedRows, watch: Watch | None) -> None:
        self._run, self._table, self._refused, self._watch = run, table, refused, watch
        self._last = clock.elapsed()
        self._times: Counter[str] = Counter()
        self._examples: dict[str, Kept] = {}

    def refuse(self, number: int, row: Sequence[str], reason: Refusal) -> None:
        self._refused.add(number, row, reason)
        self._times[reason.code] += 1
        if reason.code not in self._examples:
            self._examples[reason.code] = reason.kept

    def progress(self, rows: int, counts: Counts) -> None:
        """Raises Stopped when the run is no longer ours."""
        self._run.rows_read = rows
        if clock.elapsed() - self._last < REPORT_SECONDS:
            return
        self._last = clock.elapsed()
        self._write(counts, state=ImportState.RUNNING)

    def note(self, counts: Counts) -> None:
        """Write down what was read before the file proved to be damaged."""
        self._write(counts, state=ImportState.RUNNING)

    def finish(self, counts: Counts) -> None:
        self._run.finished_at = clock.now()
        self._run.bytes_read = self._run.size_bytes
        self._write(counts, state=ImportState.DONE)

    def _write(self, counts: Counts, state: ImportState) -> None:
        current_lease().check()
        run = self._run
        run.bytes_read = max(run.bytes_read, self._table.bytes_read)
        run.created, run.updated, run.unchanged = counts.created, counts.updated, counts.unchanged
        run.refused = self._refused.count
        run.refused_path = str(self._refused.path) if run.refused else ""
        common = self._times.most_common(MOST_REASONS)
        run.reasons = [[code, times, *self._examples[code]] for code, times in common]
        values = {name: getattr(run, name) for name in _REPORTED}
        if not _ours(run).update(state=state, **values):
            raise Stopped
        run.state = state
        tell("imports")
        if self._watch:
            self._watch(run)


def _ours(run: ImportRun) -> QuerySet[ImportRun]:
    """The run, as long as it runs and no later attempt has begun."""
    return ImportRun.objects.filter(pk=run.pk, state=ImportState.RUNNING, attempt=run.attempt)


def _end(run: ImportRun, reason: Refusal) -> None:
    run.state, run.reason, run.told = ImportState.FAILED, reason.code[:60], reason.kept
    run.finished_at = clock.now()
    _ours(run).update(state=run.state, reason=run.reason, told=run.told, finished_at=run.finished_at)
    tell("imports")


def _fail(run: ImportRun, error: OSError | DatabaseError) -> None:
    """End the run for a full disk; record and raise any other fault. Where even that cannot be written, the job
    that runs us is tried again.
    """
    full = is_disk_full(error)
    try:
        _end(run, DiskFull() if full else _broken())
    except DatabaseError:
        log.warning("the end of import %s could not be written", run.pk)
        raise error from None
    if not full:
        raise error


def _broken() -> Refusal:
    message = gettext_noop(
        "Something broke on our side. It is tried again by itself; nothing is taken twice."
    )
    return Refusal(message, code=BROKE, status=500)
