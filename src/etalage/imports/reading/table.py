"""A file as a table: a header, and rows that stream."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from etalage.imports.reading.dialects import detect_delimiter
from etalage.imports.reading.encodings import detect_encoding
from etalage.imports.reading.kinds import kind_of, refuse_markup
from etalage.imports.reading.refusals import FileRefused
from etalage.imports.reading.workbook import workbook_rows

HEAD_BYTES = 256 * 1024
LONGEST_CELL = 131_072
Row = list[str]


@dataclass
class Table:
    """An open file of rows. `rows` yields cells as text; the first row after the header is number 2, as in a
    spreadsheet. `bytes_read` and `size` are of the file on disk, for progress.
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
            numbered = _numbered(workbook_rows(file))
            yield _with_header(numbered, path, file)
            return
        packed = gzip.GzipFile(fileobj=file) if kind == "gzip" else None
        head = _head(packed or file)
        refuse_markup(head)
        codec = encoding or detect_encoding(head)
        comma = delimiter or detect_delimiter(head.decode(codec, errors="ignore"))
        text = io.TextIOWrapper(packed or file, encoding=codec, newline="")  # type: ignore[arg-type]
        try:
            table = _with_header(_csv_rows(text, comma), path, file)
            table.encoding, table.delimiter = codec, comma
            yield table
        finally:
            text.detach()


def _head(stream: IO[bytes] | gzip.GzipFile) -> bytes:
    try:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
    except (OSError, EOFError, zlib.error) as error:
        raise FileRefused("broken") from error
    if not head.strip():
        raise FileRefused("empty")
    return head


def _csv_rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, Row]]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True)
    number = 0
    try:
        for number, row in enumerate(reader, start=1):
            yield number, row
    except UnicodeDecodeError as error:
        raise FileRefused("encoding") from error
    except csv.Error as error:
        raise FileRefused("long_line", row=number + 1) from error
    except (OSError, EOFError, zlib.error) as error:
        raise FileRefused("broken") from error


def _numbered(rows: Iterator[Row]) -> Iterator[tuple[int, Row]]:
    yield from enumerate(rows, start=1)


def _with_header(numbered: Iterator[tuple[int, Row]], path: Path, file: IO[bytes]) -> Table:
    """The table whose header is the first row with at least two filled cells; what stands above it is a title."""
    for _number, row in numbered:
        cells = [cell.strip().lstrip("\ufeff") for cell in row]
        if "\0" in "".join(cells):
            raise FileRefused("binary")
        if sum(1 for cell in cells if cell) >= 2:
            return Table(cells, numbered, path.stat().st_size, _file=file)
    raise FileRefused("no_table")
