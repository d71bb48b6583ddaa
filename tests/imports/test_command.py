"""`etalage import` as an owner types it, in a process of its own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new shop in a folder of its own."""
    folder = tmp_path_factory.mktemp("shop")
    made = etalage(
        folder, "init", "--data", str(folder), "--name", "Maison Lune", "--email", "a@lune.example"
    )
    assert made.returncode == 0, made.stderr
    return folder


def etalage(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program; its environment names no database but the folder's own."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ETALAGE_", "DATABASE_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "etalage", *words],
        env={**env, "ETALAGE_DATA": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_clean_file_a_file_with_refused_rows_and_a_refused_file(shop: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.csv"
    good.write_text("sku;naam;Kosten\nA1;Kop;12,50\nA2;Vaas;3,00\n")
    done = etalage(shop, "import", "products", str(good), "--column", "price=Kosten", "--language", "nl")
    assert (done.returncode, done.stderr) == (0, "")
    assert "created: 2" in done.stdout

    part = tmp_path / "part.csv"
    part.write_text("sku;naam;prijs\nA1;Kop;12,50\nA2;Vaas;duur\n")
    told = etalage(shop, "import", "products", str(part), "--json")
    assert told.returncode == 3
    outcome = json.loads(told.stdout)
    assert (outcome["state"], outcome["unchanged"], outcome["refused"]) == ("done", 0, 1)
    assert outcome["updated"] == 1  # the title, now in the main language too
    assert [reason["code"] for reason in outcome["reasons"]] == ["price_unreadable"]
    assert "duur" in Path(outcome["refused_rows"]).read_text("utf-8-sig")

    wrong = tmp_path / "page.csv"
    wrong.write_text("<html>sign in</html>")
    refused = etalage(shop, "import", "products", str(wrong))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("This is a web page")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("products", "nothing.csv"), 1, "There is no file here"),
        (("products", "nothing.csv", "--store", "Paris"), 1, "no open store called “Paris”"),
        (("products", "nothing.csv", "--column", "price"), 2, "--column price=Prijs"),
        (("horses", "nothing.csv"), 2, "invalid choice"),
    ],
)
def test_mistakes_are_told_with_their_status(
    shop: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    done = etalage(shop, "import", *words)
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr


def test_help_says_what_the_statuses_mean(shop: Path) -> None:
    assert "exit status" in etalage(shop, "import", "--help").stdout


SECOND_STORE = """
import django
django.setup()
from etalage.accounts.models import Store
Store.objects.create(code="2", name="Second", timezone="Europe/Brussels")
"""


def test_a_column_of_stock_without_a_store_names_the_option_and_makes_no_run(
    shop: Path, tmp_path: Path
) -> None:
    script = [sys.executable, "-c", SECOND_STORE]
    env = {**os.environ, "ETALAGE_DATA": str(shop), "DJANGO_SETTINGS_MODULE": "etalage.settings"}
    env.pop("DATABASE_URL", None)
    subprocess.run(script, env=env, check=True, timeout=60)
    path = tmp_path / "stock.csv"
    path.write_text("sku,title,price,stock\nS1,Stool,1.00,3\n")
    refused = etalage(shop, "import", "products", str(path))
    assert refused.returncode == 1
    assert "--store" in refused.stderr
    assert "2 (Second)" in refused.stderr
    with sqlite3.connect(shop / "etalage.sqlite3") as database:
        runs = database.execute("SELECT COUNT(*) FROM imports_importrun WHERE file_name = 'stock.csv'")
        assert runs.fetchone() == (0,)
    assert etalage(shop, "import", "products", str(path), "--store", "2").returncode == 0
