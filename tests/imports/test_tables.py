"""A table is read as it was meant, whatever program wrote it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from etalage.imports.reading.table import open_table, whole_encoding
from etalage.imports.reading.text import BLOCK
from tests.imports.conftest import Write, read_all

ROWS = "sku,titre,prix\nA1,Théière,12.50\nB2,«Œuf» à la coque,3.00\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("packed", [False, True])
def test_accents_survive_every_encoding(write: Write, encoding: str, packed: bool) -> None:
    header, rows = read_all(write(ROWS, encoding=encoding, packed=packed))
    assert header == ["sku", "titre", "prix"]
    assert rows == [(2, ["A1", "Théière", "12.50"]), (3, ["B2", "«Œuf» à la coque", "3.00"])]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1256", "utf-16"])
def test_arabic_survives(write: Write, encoding: str) -> None:
    text = "رقم الصنف;الاسم;السعر\n" + "A1;إبريق شاي من الخزف الأبيض;12,50\n" * 3
    header, rows = read_all(write(text, encoding=encoding))
    assert header == ["رقم الصنف", "الاسم", "السعر"]
    assert rows[0] == (2, ["A1", "إبريق شاي من الخزف الأبيض", "12,50"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found(write: Write, delimiter: str, ending: str) -> None:
    text = ending.join(
        delimiter.join(row) for row in (["sku", "title", "price"], ["A1", "Tea", "1"], ["B2", "Pot", "2"])
    )
    header, rows = read_all(write(text))
    assert header == ["sku", "title", "price"]
    assert [row for _number, row in rows] == [["A1", "Tea", "1"], ["B2", "Pot", "2"]]


def test_decimal_commas_do_not_pass_for_separators(write: Write) -> None:
    header, rows = read_all(write("sku;titel;prijs\nA1;Kop, schotel;12,50\nB2;Vaas;3,00\n"))
    assert header == ["sku", "titel", "prijs"]
    assert rows[0] == (2, ["A1", "Kop, schotel", "12,50"])


def test_a_title_above_the_header_and_empty_rows_are_passed_over_but_counted(write: Write) -> None:
    header, rows = read_all(write("Export of 21 November\n\nsku,title\nA1,Tea\n,,\n\nB2,Pot\n"))
    assert header == ["sku", "title"]
    assert rows == [(4, ["A1", "Tea"]), (7, ["B2", "Pot"])]


def test_an_accent_that_shows_only_far_down_is_still_read(write: Write) -> None:
    plain = "A1,Plain cup,1.00\n" * 40_000
    path = write(f"sku,title,price\n{plain}B2,Café,2.00\n".encode("cp1252"))
    encoding = whole_encoding(path)
    assert encoding == "cp1252"
    _header, rows = read_all(path, encoding=encoding)
    assert rows[-1] == (40_002, ["B2", "Café", "2.00"])


def test_what_a_person_says_overrules_what_is_found(write: Write) -> None:
    path = write("sku;title\nA1;Łódź\n", encoding="iso8859-2")
    assert read_all(path, encoding="iso8859-2")[1] == [(2, ["A1", "Łódź"])]
    assert read_all(path, encoding="iso8859-2", delimiter=";")[0] == ["sku", "title"]


def test_a_spreadsheet_gives_plain_numbers_dates_and_no_phantom_columns(
    workbook: Callable[[list[list[object]]], Path],
) -> None:
    path = workbook(
        [
            ["sku", "price", "pieces", "day", "moment", "sold"],
            ["A1", 0.1 + 0.2, 3.0, date(2026, 11, 21), datetime(2026, 11, 21, 9, 5), True],  # noqa: DTZ001
            [1234567890123, 12, None, None, None, False],
        ]
    )
    header, rows = read_all(path)
    assert header == ["sku", "price", "pieces", "day", "moment", "sold"]
    assert rows[0] == (2, ["A1", "0.3", "3", "2026-11-21 00:00:00", "2026-11-21 09:05:00", "true"])
    assert rows[1][1][:3] == ["1234567890123", "12", ""]
    assert whole_encoding(path) == ""


def test_hidden_sheets_of_a_spreadsheet_are_passed_over(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["secret", "numbers"])
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("Products")
    shown.append(["sku", "title"])
    book.save(tmp_path / "file.xlsx")
    assert read_all(tmp_path / "file.xlsx")[0] == ["sku", "title"]


def test_progress_follows_the_file_on_disk(write: Write) -> None:
    path = write("sku,title\n" + "".join(f"A{n},{hash(str(n))}\n" for n in range(50_000)), packed=True)
    with open_table(path) as table:
        assert table.size == path.stat().st_size
        next(table.rows)
        begun = table.bytes_read
        for _row in table.rows:
            pass
        assert begun < table.bytes_read <= table.size


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_row_may_end_anywhere_in_what_is_read_at_once(write: Write, ending: str) -> None:
    for before in range(3):  # the end of a line falls before, on and after the end of a block
        text = f"sku,title{ending}" + f'A1,"Cup{ending}and saucer"{ending}' * 6_000
        begun = text[: BLOCK - 2].rfind(ending) + len(ending)
        text = text[:begun] + "B" * (BLOCK - begun - before - 2) + f",x{ending}" + text[begun:]
        _header, rows = read_all(write(text), encoding="utf-8", delimiter=",")
        whole = csv.reader(io.StringIO(text, newline=""))
        assert rows == [(number, row) for number, row in enumerate(whole, 1) if number > 1]


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=12
).map(str.strip)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3).filter(any), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, ending: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([["number", "title", "price"], *rows])
    path = tmp_path_factory.mktemp("table") / "file.csv"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    assert whole_encoding(path) == "utf-8"
    header, read = read_all(path, encoding="utf-8", delimiter=delimiter)
    assert header == ["number", "title", "price"]
    assert [[cell.strip() for cell in row] for _number, row in read] == rows
