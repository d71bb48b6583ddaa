"""A file that is no table, or a trap, is refused with what to do; memory does not grow with it."""

from __future__ import annotations

import gzip
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.imports.reading import kinds, table
from etalage.imports.reading.columns import Field, find_columns, missing
from etalage.imports.reading.refusals import FileRefused
from etalage.imports.reading.table import open_table, whole_encoding
from tests.imports.conftest import Write

HEADER = "sku,title,price\n"
BAD = {
    "empty": b"",
    "blank": b" \n\n \t\n",
    "one_column": b"just some words\nand more\n",
    "pdf": b"%PDF-1.7 something",
    "png": b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
    "jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 64,
    "html": b"\xef\xbb\xbf\n <!DOCTYPE html><html><body>Sign in</body></html>",
    "html_16": "<html><body>Sign in</body></html>".encode("utf-16"),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "old_excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 64,
    "seven_zip": b"7z\xbc\xaf\x27\x1c",
    "program": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 4,
    "nul_header": b"sku,ti\0tle\nA1,b\n",
    "broken_zip": b"PK\x03\x04 and then nothing",
}
CODES = {
    "empty": "file_empty",
    "blank": "file_empty",
    "one_column": "file_no_table",
    "pdf": "file_pdf",
    "png": "file_picture",
    "jpeg": "file_picture",
    "html": "file_web_page",
    "html_16": "file_web_page",
    "svg": "file_web_page",
    "old_excel": "file_old_excel",
    "seven_zip": "file_archive",
    "program": "file_binary",
    "nul_header": "file_binary",
    "broken_zip": "file_broken",
}


def code_of(path: Path) -> str:
    """The code with which reading this file to its end is refused."""
    with pytest.raises(FileRefused) as refused:
        whole_encoding(path)
        with open_table(path) as opened:
            for _row in opened.rows:
                pass
    assert refused.value.status == 422
    assert refused.value.message.endswith((".", "import"))
    return refused.value.code


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_table_is_told_for_what_it_is(write: Write, name: str) -> None:
    assert code_of(write(BAD[name], name="innocent.csv")) == CODES[name]


@pytest.mark.parametrize("name", ["empty", "blank", "one_column", "html", "svg", "program", "nul_header"])
def test_it_is_told_inside_gzip_too(write: Write, name: str) -> None:
    assert code_of(write(BAD[name], name="innocent.csv.gz", packed=True)) == CODES[name]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_gzip_file_that_is_cut_off_is_refused_before_its_first_row(write: Write, share: float) -> None:
    rows = HEADER + "".join(f"A{n},Cup {n * 7919 % 1000},{n}.00\n" for n in range(5000))
    packed = gzip.compress(rows.encode())
    path = write(packed[: int(len(packed) * share)], name="file.gz")
    with pytest.raises(FileRefused) as refused:
        whole_encoding(path)
    assert refused.value.code == "file_broken"


def test_a_changed_byte_in_gzip_is_noticed(write: Write) -> None:
    packed = bytearray(gzip.compress((HEADER + "A1,Cup,1.00\n" * 5000).encode()))
    packed[-5] ^= 0xFF  # the check sum
    assert code_of(write(bytes(packed), name="file.gz")) == "file_broken"


def test_encodings_that_are_mixed_are_refused_before_the_first_row(write: Write) -> None:
    good = (HEADER + "A1,Théière,1.00\n" * 30_000).encode()
    assert code_of(write(good + "B2,Café,2.00\n".encode("cp1252"))) == "file_encoding"


def test_a_missing_quotation_mark_is_found_with_its_row(write: Write) -> None:
    path = write(HEADER + "A1,Cup,1.00\n" + 'B2,"Saucer,2.00\n' + "C3,Pot,3.00\n" * 20_000)
    with pytest.raises(FileRefused) as refused, open_table(path) as opened:
        list(opened.rows)
    assert refused.value.code == "file_long_line"
    assert "Row 3" in refused.value.message


def test_what_stands_before_a_line_that_is_too_long_is_handed_on_first(write: Write) -> None:
    path = write(HEADER + "A1,Cup,1.00\n" * 10_000 + "B2," * 500_000)
    taken = []
    with pytest.raises(FileRefused) as refused, open_table(path) as opened:
        taken.extend(opened.rows)
    assert refused.value.code == "file_long_line"
    assert "Row 10002" in refused.value.message
    assert len(taken) == 10_000


def peak_while(act: Callable[[], object]) -> int:
    """The most memory, in bytes, that Python held meanwhile."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        ("sku,title\nA1,", b"x"),  # one cell without end
        ("sku,title\nA1", b","),  # one row of endless cells
        ('sku,title\nA1,"a', b'\n","'),  # one row over endless lines
    ],
)
def test_a_row_without_end_does_not_fill_the_memory(write: Write, start: str, rest: bytes) -> None:
    path = write(start.encode() + rest * (60_000_000 // len(rest)), packed=True)

    def read() -> None:
        with pytest.raises(FileRefused) as refused, open_table(path, delimiter=",") as opened:
            list(opened.rows)
        assert refused.value.code == "file_long_line"

    assert peak_while(read) < 30_000_000


def test_gzip_that_unpacks_without_end_is_refused_early(write: Write) -> None:
    path = write((HEADER + "A1,Cup,1.00\n" * 12_000_000).encode(), packed=True)

    def read() -> None:
        assert code_of(path) == "file_bomb"

    assert peak_while(read) < 30_000_000


def test_a_workbook_whose_texts_unpack_without_end_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", b"0" * 300_000_000)
    assert code_of(path) == "file_bomb"


def test_a_workbook_of_entities_within_entities_is_refused(
    tmp_path: Path, workbook: Callable[[list[list[object]]], Path]
) -> None:
    good = workbook([["sku", "title"], ["A1", "Cup"]])
    laughs = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)
    )
    bad = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                data = f'<?xml version="1.0"?>{laughs}]><worksheet>&j;</worksheet>'.encode()
            target.writestr(entry.filename, data)
    assert code_of(bad) in {"file_broken", "file_no_table"}


def test_a_workbook_with_a_damaged_part_is_refused_before_its_first_row(
    workbook: Callable[[list[list[object]]], Path],
) -> None:
    path = workbook([["sku", "title"], *[[f"A{n}", f"Cup {n}"] for n in range(3000)]])
    data = bytearray(path.read_bytes())
    place = data.index(b"xl/worksheets/sheet1.xml") + 2000
    data[place : place + 50] = b"\xff" * 50
    path.write_bytes(bytes(data))
    with pytest.raises(FileRefused) as refused:
        whole_encoding(path)
    assert refused.value.code == "file_broken"


def test_a_zip_of_other_things_is_called_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("products.csv", HEADER)
    assert code_of(path) == "file_archive"


def test_too_many_columns_are_refused(write: Write) -> None:
    wide = ",".join(f"column {n}" for n in range(table.WIDEST + 1))
    assert code_of(write(wide + "\n1,2\n")) == "file_too_wide"


def test_a_file_that_is_much_packed_but_small_is_fine() -> None:
    assert not kinds.unreasonable(60 * 1024**2, 1000)
    assert kinds.unreasonable(70 * 1024**2, 1000)
    assert kinds.unreasonable(5 * 1024**3, 4 * 1024**3)


@settings(deadline=None, max_examples=150)
@given(data=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda t: ("a,b\n" + t).encode())))
def test_any_bytes_are_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "file"
    path.write_bytes(data)
    try:
        with open_table(path, encoding=whole_encoding(path)) as opened:
            rows = list(opened.rows)
    except FileRefused as refused:
        assert refused.message
    else:
        assert not any("\0" in cell for _number, row in rows for cell in row)


FIELDS = (
    Field("sku", "Article number", ("référence",), required=True),
    Field("title", "Title", ("naam",), required=True, or_else=("stock",), per_language=True),
    Field("stock", "Stock", ("voorraad",)),
)


def test_columns_are_found_whatever_way_their_names_are_written() -> None:
    header = ["REFERENCE", "Naam (fr)", "naam", "Voor-raad"]
    assert find_columns(header, FIELDS) == {"sku": 0, "title": 2, "title:fr": 1, "stock": 3}


def test_what_is_told_takes_a_column_from_what_was_found() -> None:
    header = ["sku", "title", "voorraad", "Description courte"]
    assert find_columns(header, FIELDS, {"title": "description courte"}) == {"sku": 0, "title": 3, "stock": 2}
    assert find_columns(header, FIELDS, {"sku": "title"}) == {"sku": 1, "stock": 2}
    assert find_columns(header, FIELDS, {"stock": ""}) == {"sku": 0, "title": 1}


@pytest.mark.parametrize(
    ("told", "code"),
    [({"title": "Nothing"}, "file_column_unknown"), ({"colour": "title"}, "file_field_unknown")],
)
def test_a_column_or_field_that_does_not_exist_is_refused(told: dict[str, str], code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        find_columns(["sku", "title"], FIELDS, told)
    assert refused.value.code == code


def test_a_field_that_another_stands_in_for_is_not_missed() -> None:
    assert [field.key for field in missing({}, FIELDS)] == ["sku", "title"]
    assert [field.key for field in missing({"sku": 0, "stock:GNT": 1}, FIELDS)] == []
