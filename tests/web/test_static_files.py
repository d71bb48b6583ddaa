"""Static files: the address changes with the content, and a browser may keep it for long."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django.fixtures import Settings

from etalage.web import static_files
from etalage.web.static_files import VersionedStorage


def test_another_content_has_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = set()
    for content in ("a {}", "b {}"):
        (tmp_path / "sheet.css").write_text(content)
        monkeypatch.setattr(finders, "find", lambda name: str(tmp_path / name))
        static_files._version.cache_clear()
        addresses.add(VersionedStorage().url("sheet.css"))
    static_files._version.cache_clear()
    assert len(addresses) == 2


def test_what_is_not_there_keeps_its_plain_address() -> None:
    assert "?" not in VersionedStorage().url("no/such.css")


@pytest.mark.django_db
def test_a_page_names_versions_that_may_be_kept(settings: Settings) -> None:
    settings.SERVESTATIC_USE_FINDERS = True
    page = Client().get("/account/login/").content.decode()
    sheet = re.search(r'href="(/static/web/etalage\.css\?v=[0-9a-f]{10})"', page)
    assert sheet
    answer = Client().get(sheet[1])
    assert answer.status_code == 200
    assert f"max-age={7 * 24 * 3600}" in answer["Cache-Control"]
