"""A database file in whose place another was put (a disk that was mounted again) is opened anew by whoever is next."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from etalage.kit.outages import is_outage
from etalage.kit.sqlite3.base import DatabaseWrapper

pytestmark = pytest.mark.django_db  # of which only the leave to open a file is used


def opened(path: Path) -> DatabaseWrapper:
    usual: dict[str, Any] = connections[DEFAULT_DB_ALIAS].settings_dict
    more: dict[str, Any] = {
        "ENGINE": "etalage.kit.sqlite3",
        "NAME": str(path),
        "OPTIONS": {},
        "CONN_MAX_AGE": None,
    }
    wrapper = DatabaseWrapper({**usual, **more, "CONN_HEALTH_CHECKS": True})
    wrapper.inc_thread_sharing()  # it is this test's own, and no other test's
    return wrapper


def test_another_file_in_the_same_place_is_opened_with_the_next_request(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite3"
    wrapper = opened(path)
    with wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE goods (name TEXT)")
    shutil.copy(path, tmp_path / "mended")
    wrapper.close_if_unusable_or_obsolete()
    with wrapper.cursor() as cursor:
        assert wrapper.is_usable(), "nothing has changed"
        cursor.execute("INSERT INTO goods VALUES ('before')")
    (tmp_path / "mended").replace(path)
    wrapper.close_if_unusable_or_obsolete()  # what Django does around each request
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM goods")
        assert cursor.fetchone() == (0,), "it reads the file that stands there now"
    wrapper.close()


def test_a_file_whose_disk_is_gone_is_an_outage_and_no_empty_shop_is_made_in_its_place(
    tmp_path: Path,
) -> None:
    path, aside = tmp_path / "shop.sqlite3", tmp_path / "mended"
    wrapper = opened(path)
    with wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE goods (name TEXT)")  # the first time, it is made
    path.replace(aside)
    for _visit in range(2):
        wrapper.close_if_unusable_or_obsolete()
        with pytest.raises(OperationalError) as raised, wrapper.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM goods")
        assert is_outage(raised.value) and not path.exists()
    aside.replace(path)
    with wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO goods VALUES ('after')")
    wrapper.close()
