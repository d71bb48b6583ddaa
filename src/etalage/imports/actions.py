"""Every write about imported files: take one in, start it, stop it, try it again, let it go."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.models import Member
from etalage.imports.disk import RESERVE_BYTES, DiskFull, is_disk_full
from etalage.imports.importers import importer_for, kinds
from etalage.imports.models import ImportRun, ImportState
from etalage.imports.options import checked
from etalage.imports.places import clear_reading_rooms, drop_refused, uploaded, uploads
from etalage.imports.reading.columns import find_columns
from etalage.imports.reading.refusals import FileRefused
from etalage.imports.reading.table import open_table
from etalage.imports.running import Stopped, Watch, execute, require_columns
from etalage.jobs import enqueue_once
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.text import LANGUAGES

KEEP_FILES = timedelta(days=30)
MOST_UPLOADING = timedelta(days=1)
TASK = "etalage.imports.tasks.run_import"
LONGEST_NAME = 255
_CHUNK_BYTES = 1024 * 1024


def receive_upload(actor: Member, kind: str, file: UploadedFile[Any]) -> ImportRun:
    """Keep an uploaded file and return its run, which waits for the columns to be confirmed.

    Raises FileRefused for what is no table, DiskFull, or Refusal for a kind that is not offered.
    """
    check_kind(kind)
    check_size(file.size or 0)
    run = ImportRun(kind=kind, file_name=_short(file.name or ""), started_by=actor, language=_language())
    path = uploads() / str(run.pk)
    try:
        run.size_bytes, run.digest = _keep(file, path)
        with open_table(path):
            pass
        run.path, run.kept_by_us = str(path), True
        with transaction.atomic():
            run.save(force_insert=True)
            audit.record(actor, "import.received", run, kind=kind)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return run


def check_size(size: int) -> None:
    """Raise FileRefused for more bytes than may be uploaded."""
    if size > settings.MAX_UPLOAD_BYTES:
        raise FileRefused("too_large", limit=settings.MAX_UPLOAD_BYTES // 1024**2)


def check_kind(kind: str) -> None:
    """Raise Refusal for a kind of file that no room reads."""
    if kind not in kinds():
        raise Refusal(_("Choose what the file holds."), code="kind_unknown", status=422)


def _keep(file: UploadedFile[Any], path: Path) -> tuple[int, str]:
    """Copy the file to `path` and return its size and digest."""
    if shutil.disk_usage(path.parent).free < (file.size or 0) + RESERVE_BYTES:
        raise DiskFull
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as kept:
            for chunk in file.chunks(_CHUNK_BYTES):
                kept.write(chunk)
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull from error
        raise
    return size, digest.hexdigest()


def confirm(
    actor: Member, run: ImportRun, mapping: Mapping[str, str], options: Mapping[str, str]
) -> ImportRun:
    """Start a run with these columns (key to column name) and choices for the whole file; a job reads it.

    Raises FileRefused when a column is missing or does not exist, Refusal when it was started already.
    """
    chosen = checked(options)
    _check_columns(run, mapping, chosen)
    with transaction.atomic():
        started = ImportRun.objects.filter(pk=run.pk, state=ImportState.PREVIEW).update(
            state=ImportState.WAITING,
            mapping=dict(mapping),
            options=chosen,
            started_by=actor,
            started_at=clock.now(),
            language=_language(),
        )
        if not started:
            raise Refusal(_("This import was started already."), code="started_already", status=409)
        _enqueue(run.pk)
        audit.record(actor, "import.started", run, kind=run.kind)
    run.refresh_from_db()
    return run


def _check_together(run: ImportRun) -> None:
    """Refuse choices that do not go together before a run is made. Any other fault of the file ends its run."""
    importer = importer_for(run.kind)
    try:
        with open_table(
            Path(run.path),
            encoding=run.options.get("encoding", ""),
            delimiter=run.options.get("delimiter", ""),
        ) as table:
            columns = find_columns(table.header, importer.fields, run.mapping)
    except (FileRefused, OSError):
        return
    importer.check(columns, run.options)


def _check_columns(run: ImportRun, mapping: Mapping[str, str], options: Mapping[str, str]) -> None:
    importer = importer_for(run.kind)
    encoding, delimiter = options.get("encoding", ""), options.get("delimiter", "")
    with open_table(kept_file(run), encoding=encoding, delimiter=delimiter) as table:
        columns = find_columns(table.header, importer.fields, mapping)
        require_columns(importer, table, columns)
        importer.check(columns, options)


def kept_file(run: ImportRun) -> Path:
    """The run's file. Raises FileRefused when it was deleted."""
    path = Path(run.path)
    if not run.path or not path.is_file():
        raise FileRefused("gone")
    return path


def stop(actor: Member, run: ImportRun) -> None:
    """Stop a run; what was read until then is kept. One that is over stays as it is."""
    _end_by_hand(actor, run, Stopped())


def _end_by_hand(actor: Member, run: ImportRun, reason: Refusal) -> None:
    open_states = (ImportState.PREVIEW, ImportState.WAITING, ImportState.RUNNING)
    with transaction.atomic():
        ended = ImportRun.objects.filter(pk=run.pk, state__in=open_states).update(
            state=ImportState.FAILED, reason=reason.code, told=reason.kept, finished_at=clock.now()
        )
        if ended:
            audit.record(actor, f"import.{reason.code}", run)
            tell("imports")


def run_again(actor: Member, run: ImportRun) -> None:
    """Read the file of a finished or failed run once more. Raises FileRefused when it is no longer kept."""
    kept_file(run)
    with transaction.atomic():
        again = ImportRun.objects.filter(pk=run.pk, state__in=(ImportState.DONE, ImportState.FAILED)).update(
            state=ImportState.WAITING, reason="", told=[], finished_at=None, language=_language()
        )
        if again:
            _enqueue(run.pk)
            audit.record(actor, "import.started_again", run)
            tell("imports")


def import_file(
    actor: Member | None,
    kind: str,
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> ImportRun:
    """Read a file of this machine here and now, and return the run as it ended; `watch` is told of progress.

    Raises Refusal before anything is written when the kind or an option does not exist, the columns ask for
    an option that is not given, or the disk is full.
    """
    check_kind(kind)
    chosen = checked(options or {})
    place = path.resolve()
    run = ImportRun(
        kind=kind,
        state=ImportState.WAITING,
        file_name=_short(path.name),
        path=str(place),
        size_bytes=place.stat().st_size if place.is_file() else 0,
        mapping=dict(columns or {}),
        options=chosen,
        started_by=actor,
        language=_language(),
    )
    _check_together(run)
    with transaction.atomic():
        run.save(force_insert=True)
        audit.record(actor, "import.started", run, kind=kind)
    return execute(run.pk, watch)


def let_go_of_files() -> int:
    """Delete our copies and refused rows of runs older than `KEEP_FILES`; return how many runs lost theirs.

    The runs themselves stay, with their counts. A preview that nobody confirmed ends here. What programs that were
    killed had laid by while they read goes at once, and what came with an upload that was killed after a day.
    """
    clear_reading_rooms()
    _drop_what_no_run_has()
    old = ImportRun.objects.filter(started_at__lt=clock.now() - KEEP_FILES).exclude(
        state__in=(ImportState.WAITING, ImportState.RUNNING)
    )
    released = 0
    for run in old.exclude(path="", refused_path="").iterator():
        if run.kept_by_us and run.path:
            Path(run.path).unlink(missing_ok=True)
        drop_refused(run.pk)
        ImportRun.objects.filter(pk=run.pk).update(path="", refused_path="")
        released += 1
    old.filter(state=ImportState.PREVIEW).update(state=ImportState.FAILED, reason="expired")
    return released


def _drop_what_no_run_has() -> None:
    """Delete uploads that were kept a day ago and have no run: the program was killed before it was written."""
    long_ago = (clock.now() - MOST_UPLOADING).timestamp()
    left = {run_id: path for run_id, path in uploaded().items() if path.stat().st_mtime < long_ago}
    known = set(ImportRun.objects.filter(pk__in=left).values_list("pk", flat=True))
    for run_id in left.keys() - known:
        left[run_id].unlink(missing_ok=True)


def _enqueue(run_id: UUID) -> None:
    enqueue_once(TASK, str(run_id), run_id)


def _language() -> str:
    language = (get_language() or "en").split("-")[0]
    return language if language in LANGUAGES else "en"


def _short(name: str) -> str:
    """The name without folders and what a screen cannot show, at most as long as its column."""
    plain = "".join(letter for letter in name.replace("\\", "/").rsplit("/", 1)[-1] if letter.isprintable())
    return plain[-LONGEST_NAME:] or "file"
