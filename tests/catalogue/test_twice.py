"""The same file twice changes nothing; a corrected file corrects; the size of a batch is nobody's business."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etalage.catalogue.importing.importer import ProductImporter
from etalage.catalogue.models import Product, Variant, WantedPicture
from etalage.imports.importers import Context, Counts
from etalage.imports.reading.columns import find_columns
from etalage.imports.reading.table import open_table
from etalage.kit import clock
from tests.catalogue.conftest import ReadIn, catalogue, counts, make_picture
from tests.conftest import World

LISTED = (
    "handle,sku,title,vendor,price,compare_at,Stock GNT,image\n"
    "scarf,S1,Scarf,Lune,25.00,30.00,3,https://x.example/1.jpg\n"
    "scarf,S2,,,27.00,,1,https://x.example/2.jpg\n"
    "hat,H1,Hat,,15.00,,0,\n"
)


def test_the_same_file_twice_changes_nothing_at_all(read_in: ReadIn) -> None:
    assert counts(read_in(LISTED)) == {"created": 2}
    before = catalogue(), list(Product.objects.values_list("pk", "updated_at"))
    assert counts(read_in(LISTED)) == {"unchanged": 2}
    assert (catalogue(), list(Product.objects.values_list("pk", "updated_at"))) == before


def test_a_second_reading_writes_no_row(read_in: ReadIn) -> None:
    read_in(LISTED)
    with connection.execute_wrapper(_refuse_writes):
        assert counts(read_in(LISTED)) == {"unchanged": 2}


def _refuse_writes(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    verb = sql.split(None, 1)[0].upper()
    assert verb not in {"INSERT", "UPDATE", "DELETE"} or '"catalogue_' not in sql, sql
    return execute(sql, params, many, context)


def test_a_corrected_file_corrects(read_in: ReadIn) -> None:
    read_in(LISTED)
    run = read_in(
        "handle,sku,title,vendor,price,compare_at,Stock GNT,image\n"
        "scarf,S1,Wool scarf,,24.00,,5,https://x.example/2.jpg\n"
        "hat,H1,Hat,,15.00,,0,\n"
    )
    assert counts(run) == {"updated": 1, "unchanged": 1}
    now = catalogue()
    assert now["products"]["scarf"][1] == {"en": "Wool scarf"}
    assert now["products"]["scarf"][3] == ""  # the brand was taken out
    assert now["variants"]["S1"][3:5] == (2400, None)
    assert now["stock"]["S1", "GNT"] == (5, 0)
    assert [wanted[1:3] for wanted in now["wanted"]] == [("https://x.example/2.jpg", 0)]


def test_an_article_that_its_product_no_longer_lists_is_retired_and_comes_back(read_in: ReadIn) -> None:
    read_in(LISTED)
    shorter = "\n".join(line for line in LISTED.splitlines() if ",S2," not in line) + "\n"
    assert counts(read_in(shorter)) == {"updated": 1, "unchanged": 1}
    assert Variant.objects.get(sku="S2").retired_at
    assert counts(read_in(LISTED)) == {"updated": 1, "unchanged": 1}
    assert Variant.objects.get(sku="S2").retired_at is None


def test_nothing_is_retired_where_a_row_was_refused_or_the_file_lists_no_products(read_in: ReadIn) -> None:
    read_in(LISTED)
    read_in("handle,sku,title,price\nscarf,S1,Scarf,25.00\nscarf,S2,Scarf,dear\n")
    read_in("sku,title,price\nS1,Scarf,25.00\n")
    assert not Variant.objects.exclude(retired_at=None).exists()


def test_products_that_a_file_does_not_name_stay_as_they_are(read_in: ReadIn) -> None:
    read_in(LISTED)
    before = catalogue()["products"]["hat"]
    read_in("handle,sku,title,price\nscarf,S1,Scarf,25.00\n")
    assert catalogue()["products"]["hat"] == before


def test_pictures_and_words_of_people_survive_the_next_file(read_in: ReadIn) -> None:
    read_in(LISTED)
    scarf = Product.objects.get(handle="scarf")
    fetched = make_picture(scarf, source="https://x.example/1.jpg")
    fetched.alt = {"en": "A grey scarf", "fr": "Une écharpe grise"}
    fetched.save()
    own = make_picture(scarf)
    WantedPicture.objects.filter(source="https://x.example/1.jpg").delete()
    assert counts(read_in(LISTED)) == {"unchanged": 2}
    fetched.refresh_from_db()
    assert dict(fetched.alt) == {"en": "A grey scarf", "fr": "Une écharpe grise"}
    read_in(LISTED.replace("https://x.example/1.jpg", ""))
    assert [picture.pk for picture in scarf.pictures.all()] == [own.pk]


def test_a_crash_in_the_middle_and_another_run_give_what_one_run_gives(
    world: World, tmp_path: Path, read_in: ReadIn
) -> None:
    rows = "".join(f"p{n // 2},S{n},Thing {n // 2},{n}.50,{n}\n" for n in range(60))
    path = tmp_path / "crash.csv"
    path.write_text("handle,sku,title,price,Stock GNT\n" + rows)
    clean = once(path, 7)
    Product.objects.all().delete()
    with pytest.raises(RuntimeError):
        once(path, 7, crash_after=4, fresh=False)
    assert 0 < Product.objects.count() < 30
    assert {**once(path, 7, fresh=False), "tally": None} == {**clean, "tally": None}


def once(path: Path, batch: int, *, crash_after: int = 0, fresh: bool = True) -> dict[str, Any]:
    """Read a file in batches of that many rows, and return what the catalogue then holds."""
    if fresh:
        Product.objects.all().delete()
    importer, done = ProductImporter(batch), SimpleNamespace(batches=0, refused=[])

    def progress(rows: int, counts: Counts) -> None:
        done.batches += 1
        if done.batches == crash_after:
            raise RuntimeError("the power went")

    with open_table(path) as table:
        columns = find_columns(table.header, importer.fields)
        refuse = lambda number, row, reason: done.refused.append((number, reason.code))  # noqa: E731
        context = Context(uuid4(), columns, {}, "EUR", clock.zone("Europe/Brussels"), refuse, progress)
        tally = importer.load(table, context)
    return {**catalogue(), "refused": sorted(done.refused), "tally": tally}


HANDLES = st.sampled_from(["", "cup", "pot", "lamp"])
NUMBERS = st.sampled_from(["", "A1", "A2", "B1", "cup"])
ROW = st.tuples(
    HANDLES,
    NUMBERS,
    st.sampled_from(["", "Cup", "Pot", "Cup 2"]),
    st.sampled_from(["", "1.00", "2.50", "dear"]),
    st.sampled_from(["", "0", "3", "x"]),
    st.sampled_from(["", "S", "M"]),
    st.sampled_from(["", "Lune"]),
    st.sampled_from(["", "https://x.example/1.jpg", "https://x.example/2.jpg https://x.example/3.jpg"]),
)


WHOLE_ROW = ROW.filter(lambda row: row[2] and row[3])
"""With title and price: an article without them is refused only as long as it is new."""


def table_of(rows: list[tuple[str, ...]], folder: Path, *, listed: bool) -> Path:
    header = ["handle", "sku", "title", "price", "Stock GNT", "option1", "vendor", "image"]
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows] if listed else [header[1:], *(row[1:] for row in rows)])
    path = folder / "rows.csv"
    path.write_text(out.getvalue())
    return path


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, max_size=12), batch=st.integers(1, 6), listed=st.booleans())
def test_any_file_in_batches_of_any_size_gives_the_same(
    world: World, tmp_path: Path, rows: list[tuple[str, ...]], batch: int, listed: bool
) -> None:
    path = table_of(rows, tmp_path, listed=listed)
    whole = once(path, 1000)
    assert once(path, batch) == whole


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(WHOLE_ROW, max_size=12), batch=st.integers(1, 6), listed=st.booleans())
def test_any_file_leaves_the_same_catalogue_when_it_is_read_again(
    world: World, tmp_path: Path, rows: list[tuple[str, ...]], batch: int, listed: bool
) -> None:
    path = table_of(rows, tmp_path, listed=listed)
    before = once(path, 1000)
    after = once(path, batch, fresh=False)
    assert after["tally"].created == 0
    assert {**after, "tally": None} == {**before, "tally": None}


def test_an_article_whose_row_stands_apart_and_was_refused_is_not_retired(read_in: ReadIn) -> None:
    apart = "handle,sku,title,price\nscarf,S1,Scarf,{price}\nhat,H1,Hat,15\nscarf,S2,Scarf,27\n"
    read_in(apart.format(price="25"))
    run = read_in(apart.format(price="dear"))
    assert counts(run) == {"unchanged": 2, "refused": 1}
    assert not Variant.objects.exclude(retired_at=None).exists()
