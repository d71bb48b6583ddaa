"""A file as a table: a header, and rows that stream."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from etalage.imports.reading.dialects import detect_delimiter
from etalage.imports.reading.encodings import detect_encoding
from etalage.imports.reading.kinds import kind_of
from etalage.imports.reading.refusals import FileRefused
from etalage.imports.reading.text import Lines, head_of, known_codec, reading_faults, survey
from etalage.imports.reading.workbook import check_parts, workbook_rows

LONGEST_CELL = 131_072
WIDEST = 500
Row = list[str]


@dataclass
class Table:
    """An open file of rows. `rows` yields the filled rows as cells of text; the first row after the header is
    number 2, as in a spreadsheet. `bytes_read` and `size` are of the file on disk, for progress.
    """

    header: Row
    rows: Iterator[tuple[int, Row]]
    size: int
    encoding: str = ""
    delimiter: str = ""
    _file: IO[bytes] | None = field(default=None, repr=False)

    @property
    def bytes_read(self) -> int:
        """How far the file on disk was read."""
        return self._file.tell() if self._file and not self._file.closed else self.size


@contextmanager
def open_table(path: Path, *, encoding: str = "", delimiter: str = "") -> Iterator[Table]:
    """Open a file as a table; `encoding` and `delimiter` overrule what its content says.

    Raises FileRefused, when opening or while reading rows, with what is wrong and what to do.
    """
    kind = kind_of(path)
    with path.open("rb") as file:
        if kind == "xlsx":
            yield _with_header(enumerate(workbook_rows(file), start=1), path, file)
            return
        stream = gzip.GzipFile(fileobj=file) if kind == "gzip" else file
        head = head_of(stream)
        codec = known_codec(encoding) if encoding else detect_encoding(head)
        beginning = head.decode(codec, errors="ignore")
        if "\0" in beginning:
            raise FileRefused("binary")
        comma = delimiter or detect_delimiter(beginning)
        text = io.TextIOWrapper(stream, encoding=codec, newline="")
        try:
            table = _with_header(_csv_rows(text, comma), path, file)
            table.encoding, table.delimiter = codec, comma
            yield table
        finally:
            text.detach()


def whole_encoding(path: Path, told: str = "") -> str:
    """Check that the file can be read to its end, and return its encoding, or the one told ("" for a workbook).

    Raises FileRefused. It costs a fraction of reading the rows, and saves taking half of a damaged file.
    """
    kind = kind_of(path)
    if kind == "xlsx":
        check_parts(path)
        return ""
    return survey(path, packed=kind == "gzip", told=told)


def _csv_rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, Row]]:
    csv.field_size_limit(LONGEST_CELL)
    lines = Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    with reading_faults():
        try:
            for lines.row, row in enumerate(reader, start=1):
                yield lines.row, row
        except csv.Error as error:
            raise FileRefused("long_line", row=lines.row + 1) from error


def _with_header(numbered: Iterator[tuple[int, Row]], path: Path, file: IO[bytes]) -> Table:
    """The table whose header is the first row with at least two filled cells; what stands above it is a title."""
    for _number, row in numbered:
        cells = [cell.strip().lstrip("\ufeff") for cell in row]
        if sum(1 for cell in cells if cell) < 2:
            continue
        while not cells[-1]:
            cells.pop()
        if len(cells) > WIDEST:
            raise FileRefused("too_wide", limit=WIDEST)
        return Table(cells, _filled(numbered), path.stat().st_size, _file=file)
    raise FileRefused("no_table")


def _filled(numbered: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    return ((number, row) for number, row in numbered if any(row))
