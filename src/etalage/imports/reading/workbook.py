"""Rows of an .xlsx file, read one by one."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook

from etalage.imports.reading.refusals import FileRefused

WIDEST = 500


def workbook_rows(file: IO[bytes]) -> Iterator[list[str]]:
    """Yield the rows of the first sheet as text. Dates come as ISO 8601, numbers with a point and no exponent."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # openpyxl warns of styles and extensions, which do not concern us
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            for row in book.worksheets[0].iter_rows(values_only=True, max_col=WIDEST):
                yield [cell_text(cell) for cell in row]
    except (zipfile.BadZipFile, KeyError, ValueError, ParseError, EOFError, IndexError) as error:
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
            return str(cell)
