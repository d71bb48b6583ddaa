"""Files as other programs write them, in a folder of their own."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import translation
from openpyxl import Workbook

from etalage.imports.reading.table import open_table

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, settings: object) -> Iterator[Path]:
    """Each test keeps its uploads to itself."""
    before = django_settings.DATA
    folder = tmp_path / "data"
    folder.mkdir()
    settings.DATA = folder  # type: ignore[attr-defined]
    translation.activate("en")  # a page that an earlier test opened leaves its language behind
    yield folder
    settings.DATA = before  # type: ignore[attr-defined]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file and return its path."""

    def write(
        content: str | bytes, name: str = "file.csv", *, encoding: str = "utf-8", packed: bool = False
    ) -> Path:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode(encoding)
        path.write_bytes(gzip.compress(data) if packed else data)
        return path

    return write


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[[list[list[object]]], Path]:
    """Write an .xlsx file and return its path."""

    def workbook(rows: list[list[object]]) -> Path:
        book = Workbook()
        for row in rows:
            book.active.append(row)
        path = tmp_path / "file.xlsx"
        book.save(path)
        return path

    return workbook


def read_all(path: Path, **told: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header and all rows of a file."""
    with open_table(path, **told) as table:
        return table.header, list(table.rows)
