"""Rows of an .xlsx file, read one by one."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from etalage.imports.reading.refusals import FileRefused

WIDEST = 501
"""One more than a table may have, so that a wider one is seen to be so."""
_CHUNK_BYTES = 1024 * 1024
_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, ParseError, EOFError, IndexError)


def check_parts(path: Path) -> None:
    """Unpack every part once, without keeping it. Raises FileRefused when one is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as part:
                    while part.read(_CHUNK_BYTES):
                        pass
    except (*_BROKEN, NotImplementedError, RuntimeError) as error:
        raise FileRefused("broken") from error


def workbook_rows(file: IO[bytes]) -> Iterator[list[str]]:
    """Yield the rows of the first sheet as text. Dates come as ISO 8601, numbers with a point and no exponent."""
    # Every process would load it at its start, and few ever read a workbook.
    from openpyxl.reader.excel import load_workbook  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions, which do not concern us.
            warnings.simplefilter("ignore")
            book = load_workbook(  # type: ignore[no-untyped-call]
                file, read_only=True, data_only=True, keep_links=False
            )
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        # The size that a sheet declares may be wrong or absurd: each row is as wide as its own cells.
        sheets[0].reset_dimensions()
        for row in sheets[0].iter_rows(values_only=True):
            yield [cell_text(cell) for cell in row[:WIDEST]]
    except _BROKEN as error:
        raise FileRefused("broken") from error


def cell_text(cell: Any) -> str:
    """A cell as the text that a CSV file would hold."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float():
            # Binary noise such as 0.1 + 0.2 is beyond fifteen digits, which is all that a spreadsheet keeps.
            plain = format(Decimal(f"{cell:.15g}"), "f")
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case datetime() | date() | time():
            return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
        case _:
            return str(cell).replace("\0", "")
