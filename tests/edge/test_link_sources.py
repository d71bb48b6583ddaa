"""Links read from the product's own table, on both databases."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from etalage.edge.link_sources import PostgreSQLLinks, SQLiteLinks, links_in, microseconds
from etalage.edge.links import Link, LinkSource, LinksUnavailable, normal_code
from etalage.environment import POSTGRESQL_PATIENCE, Environment
from etalage.kit import clock
from etalage.publishing.models import TrackedLink
from tests.edge.world import Shop

ENDS = datetime(2026, 12, 24, 17, 30, 0, 123456, UTC)


def source() -> LinkSource:
    """A source of the edge's on the very database that Django writes."""
    return links_in(connection.settings_dict)


@pytest.mark.django_db(transaction=True)
def test_a_link_that_the_product_made_is_found_as_it_is() -> None:
    made = TrackedLink.objects.create(code="VASE22", target="/shop/fr/vase/", expires_at=ENDS)
    TrackedLink.objects.create(code="SHELF2", target="/shop/", kind="qr", withdrawn=True)
    links = source()
    assert links.find("VASE22") == Link(
        "VASE22", "/shop/fr/vase/", clock.to_micros(ENDS), made.id.hex, "live", "link"
    )
    shelf = links.find("SHELF2")
    assert shelf is not None
    assert (shelf.status, shelf.kind, shelf.expires_at_us) == ("withdrawn", "qr", None)
    assert links.find("NOBODY") is None
    assert links.find("'; --") is None
    links.close()


@pytest.mark.django_db(transaction=True)
def test_a_change_is_seen_by_the_next_look() -> None:
    made = TrackedLink.objects.create(code="VASE22", target="/shop/")
    links = source()
    assert links.find("VASE22")
    TrackedLink.objects.filter(pk=made.pk).update(withdrawn=True)
    found = links.find("VASE22")
    assert found is not None
    assert found.is_over(0)
    links.close()


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_cut_is_opened_again() -> None:
    TrackedLink.objects.create(code="VASE22", target="/shop/")
    links = source()
    assert links.find("VASE22")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    else:
        links.close()
    assert links.find("VASE22")
    links.close()


@pytest.mark.django_db(transaction=True)
def test_a_server_that_falls_silent_is_not_waited_for() -> None:
    """Its machine still takes what is sent, so that nothing but our own patience ends it. A new one is asked then."""
    if connection.vendor != "postgresql":
        pytest.skip("is about PostgreSQL")
    TrackedLink.objects.create(code="VASE22", target="/shop/")
    patient = source()
    assert isinstance(patient, PostgreSQLLinks)
    links = PostgreSQLLinks(patient.address, wait_s=1)
    assert links.find("VASE22")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE %s",
            ["SELECT id, code, target, %"],
        )
        ((server,),) = cursor.fetchall()
    program = Path(f"/proc/{server}/cmdline")
    if not program.exists() or b"postgres" not in program.read_bytes():
        pytest.skip("the server is on another machine")
    os.kill(server, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert links.find("VASE22")
        assert 1 < time.monotonic() - began < 10
    finally:
        os.kill(server, signal.SIGCONT)
    links.close()


def test_a_file_that_was_taken_away_with_its_disk_is_read_no_more(tmp_path: Path) -> None:
    """It reads well for ever; what the shop says since stands in the file that the path leads to."""
    folder = tmp_path / "data"
    folder.mkdir()
    former = Shop(folder)
    former.link("VASE22", "/shop/before/")
    links = SQLiteLinks(former.path)
    assert links.find("VASE22")
    folder.rename(tmp_path / "taken away")
    with pytest.raises(LinksUnavailable):
        links.find("VASE22")
    folder.mkdir()
    Shop(folder).link("VASE22", "/shop/since/")
    found = links.find("VASE22")
    assert found and found.target_path == "/shop/since/"
    links.close()


@pytest.mark.parametrize("password", ["plain", "it's", "back\\slash", "\\'", "two words", "a=b", "é"])
def test_any_password_reaches_postgresql_as_it_is(password: str) -> None:
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "PASSWORD": password, "PORT": ""}
    links = links_in(database)
    assert isinstance(links, PostgreSQLLinks)
    assert conninfo_to_dict(links.address) == {"dbname": "shop", "password": password}


def test_the_options_of_the_database_reach_postgresql_and_those_of_django_do_not() -> None:
    address = "postgresql://shop@db/shop?sslmode=require&application_name=the%20shop"
    database = Environment.load({"DATABASE_URL": address}).database()
    said = {"sslmode": "require", "application_name": "the shop"}
    assert database["OPTIONS"] == POSTGRESQL_PATIENCE | said
    links = links_in({**database, "OPTIONS": {**database["OPTIONS"], "pool": True}})
    assert isinstance(links, PostgreSQLLinks)
    told = {"dbname": "shop", "user": "shop", "host": "db"}
    assert conninfo_to_dict(links.address) == {**told, **POSTGRESQL_PATIENCE, **said}


def test_how_long_a_silent_server_is_waited_for_may_be_said_in_its_address() -> None:
    address = "postgresql://shop@db/shop?connect_timeout=3&tcp_user_timeout=0"
    told = Environment.load({"DATABASE_URL": address}).database()["OPTIONS"]
    assert told == {**POSTGRESQL_PATIENCE, "connect_timeout": "3", "tcp_user_timeout": "0"}


def test_a_database_that_is_not_there_is_unavailable_and_not_empty(tmp_path: Path) -> None:
    with pytest.raises(LinksUnavailable):
        SQLiteLinks(tmp_path / "nowhere.sqlite3").find("VASE22")
    with pytest.raises(LinksUnavailable):
        PostgreSQLLinks("host=127.0.0.1 port=1 dbname=nowhere", wait_s=1).find("VASE22")
    assert list(tmp_path.iterdir()) == [], "looking makes no file"


def test_a_link_is_over_at_its_very_end_and_not_before() -> None:
    link = Link("VASE22", "/", 1000, UUID(int=0).hex)
    assert [link.is_over(now) for now in (999, 1000, 1001)] == [False, True, True]


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (None, None),
        ("1970-01-01 00:00:01", 1_000_000),
        ("1970-01-01 00:00:01.000002", 1_000_002),
        ("1970-01-01 01:00:01+01:00", 1_000_000),
        (datetime(1970, 1, 1, 0, 0, 1, 2, UTC), 1_000_002),
    ],
)
def test_stored_times_of_both_databases_become_microseconds(
    stored: datetime | str | None, expected: int | None
) -> None:
    assert microseconds(stored) == expected


@pytest.mark.parametrize("typed", ["vase22", "VASE22", "1234", "A" * 16])
def test_what_can_be_a_code(typed: str) -> None:
    assert normal_code(typed) == typed.upper()


@pytest.mark.parametrize(
    "typed", ["", "abc", "A" * 17, "VASE 22", "VASÉ22", "١٢٣٤", "ＡＢＣＤ", "ab\n12", "ab.12", "ßßßß"]
)
def test_what_cannot_be_a_code(typed: str) -> None:
    assert normal_code(typed) is None
