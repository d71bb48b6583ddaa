"""Reads about imported files: the history, and what a file looks like before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from etalage.imports.importers import Importer, importer_for, kinds
from etalage.imports.models import ImportRun
from etalage.imports.options import checked
from etalage.imports.reading.columns import Field, find_columns, missing
from etalage.imports.reading.refusals import FileRefused
from etalage.imports.reading.table import Row, open_table

PAGE = 20
SAMPLE_ROWS = 5
KIND_LABELS = {"products": _("Products and stock"), "orders": _("Orders and till receipts")}


@dataclass(frozen=True)
class Preview:
    """The beginning of a file, which column was taken for what, and which required fields have none.

    `problem` says what else must be chosen before the file can be read.
    """

    header: Row
    rows: list[Row]
    columns: dict[str, int]
    missing: list[Field]
    encoding: str
    delimiter: str
    problem: FileRefused | None = None

    def examples(self, place: int) -> list[str]:
        """The first filled cells of a column."""
        cells = (row[place].strip() for row in self.rows if place < len(row))
        return [cell for cell in cells if cell][:3]


def kind_label(kind: str) -> str:
    """What a kind of file holds, in the reader's language."""
    return str(KIND_LABELS.get(kind, kind))


def kind_choices() -> list[tuple[str, str]]:
    """The kinds that can be imported, with their labels; products first, since orders name them."""
    order = [*KIND_LABELS, *kinds()]
    return [(kind, kind_label(kind)) for kind in sorted(kinds(), key=order.index)]


def preview(
    run: ImportRun, mapping: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None
) -> Preview:
    """Look at a run's file. Raises FileRefused when it cannot be read, or names a column that is not there."""
    path = Path(run.path)
    told = checked({name: (options or {}).get(name, "") for name in ("encoding", "delimiter", "store")})
    if not run.path or not path.is_file():
        raise FileRefused("gone")
    importer = importer_for(run.kind)
    fields = importer.fields
    with open_table(path, encoding=told.get("encoding", ""), delimiter=told.get("delimiter", "")) as table:
        columns = find_columns(table.header, fields, mapping)
        rows = [row for _number, row in islice(table.rows, SAMPLE_ROWS)]
        return Preview(
            header=table.header,
            rows=rows,
            columns=columns,
            missing=missing(columns, fields),
            encoding=table.encoding,
            delimiter=table.delimiter,
            problem=_problem(importer, columns, told),
        )


def _problem(
    importer: Importer, columns: Mapping[str, int], options: Mapping[str, str]
) -> FileRefused | None:
    try:
        importer.check(columns, options)
    except FileRefused as problem:
        return problem
    return None


def field_choices(kind: str) -> list[tuple[str, str]]:
    """Every key that a column can have, with its label in the reader's language."""
    return [(key, label) for field in importer_for(kind).fields for key, label in field.labels(gettext)]


def import_run(run_id: UUID) -> ImportRun:
    """One run with who started it. Raises ImportRun.DoesNotExist."""
    return ImportRun.objects.select_related("started_by").get(pk=run_id)


def history(before: UUID | None = None, size: int = PAGE) -> list[ImportRun]:
    """The newest runs first; `before` is the last one already seen."""
    runs = ImportRun.objects.select_related("started_by").order_by("-id")
    return list((runs.filter(pk__lt=before) if before else runs)[:size])


def same_file_before(run: ImportRun) -> ImportRun | None:
    """The latest earlier run that read the very same file to its end."""
    same = ImportRun.objects.filter(digest=run.digest, kind=run.kind, state="done").exclude(digest="")
    return same.exclude(pk=run.pk).order_by("-id").first()
