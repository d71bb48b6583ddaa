"""`etalage results`: a table for people, JSON and CSV for programs, and clear words for questions without sense."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
import time_machine
from django.conf import settings

from etalage.accounts.models import Business
from etalage.cli import parser
from etalage.insights.actions.credit import recompute_all
from etalage.insights.actions.days import rebuild_stale_days
from tests.conftest import World
from tests.insights.shop import at, customer, link, publication, sale, visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(world: World) -> Iterator[None]:
    """Lena bought boots for 99.99 in Ghent after a visit; somebody paid 20.00 in Brussels."""
    with time_machine.travel(at(13), tick=True):
        lena = customer("Lena")
        visit(lena, 1, link(publication("Autumn boots")))
        sale(lena, 3, 9999, store=world.ghent)
        sale(None, 6, 2000, store=world.brussels)
        recompute_all()
        rebuild_stale_days()
        yield


def asked(*words: str) -> int:
    arguments = parser().parse_args(["results", "--data", str(settings.DATA), *words])
    return int(arguments.run(arguments))


def test_people_read_a_table_whose_lines_sum(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Sales by post, model linear, 2026-09-17 to 2026-10-14"
    assert [line.split()[-1] for line in lines[2:]] == ["credited", "€99.99", "€20.00", "€119.99"]
    assert len({len(line) for line in lines[2:]}) == 1, "amounts stand under each other"


def test_programs_read_whole_cents(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("--model", "linear", "--by", "post", "--format", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [(row["label"], row["credited_minor"]) for row in answer["rows"]] == [("Autumn boots", 9999)]
    assert answer["totals"]["net_minor"] == 11999
    assert answer["totals"]["not_attributed_minor"] == 2000
    assert (answer["currency"], answer["model"], answer["by"]) == ("EUR", "linear", "post")
    assert answer["period"] == {"first": "2026-09-17", "last": "2026-10-14"}


def test_days_and_a_store_narrow_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked("--from", "2026-10-01", "--to", "2026-10-05", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["totals"]["net_minor"] == 9999
    assert asked("--store", "BRU", "--format", "json", "--period", "month") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["store"], answer["totals"]["net_minor"], answer["rows"]) == ("BRU", 2000, [])


def test_what_the_limit_leaves_out_is_summed(capsys: pytest.CaptureFixture[str], world: World) -> None:
    noor = customer("Noor")
    visit(noor, 1, link(publication("=Coats")))
    sale(noor, 3, 100)
    recompute_all()
    rebuild_stale_days()
    assert asked("--limit", "1", "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["key"] if row["credited"] != "99.99" else "", row["credited"]) for row in rows] == [
        ("", "99.99"),
        ("rest", "1.00"),
        ("not_attributed", "20.00"),
        ("total", "120.99"),
    ]
    assert asked("--format", "csv") == 0
    assert "'=Coats" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--store", "NOPE"], "No store has the code NOPE. There are: BRU, GNT"),
        (["--period", "7d", "--from", "2026-10-01"], "Give either --period, or --from and --to."),
        (["--to", "2026-10-01"], "Give the first day with --from."),
        (["--from", "2026-10-05", "--to", "2026-10-01"], "lies after the last one"),
    ],
)
def test_a_question_without_sense_is_refused(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert asked(*words) == 2
    told = capsys.readouterr()
    assert said in told.err and not told.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "1.10.2026"], "write it like 2026-10-01"),
        (["--model", "best"], "invalid choice"),
        (["--limit", "0"], "write one from 1 on"),
    ],
)
def test_a_word_that_cannot_be_read_is_named(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        asked(*words)
    assert said in capsys.readouterr().err


def test_without_a_shop_it_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    Business.objects.all().delete()
    assert asked() == 1
    assert "Begin with: etalage init" in capsys.readouterr().err


def test_the_help_describes_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args(["results", "--help"])
    assert "whole minor units" in capsys.readouterr().out
