"""PostgreSQL's own programs reach the server as the shop's own connection does."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from etalage.keeping import postgresql
from etalage.keeping.words import KeepingTrouble
from tests.keeping.conftest import SERVER

pytestmark = [
    pytest.mark.skipif(not SERVER, reason="is about PostgreSQL"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What stands behind the question mark of DATABASE_URL."""
    found: dict[str, Any] = {}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", found)
    return found


def test_what_the_address_says_of_the_connection_holds_for_them_too(options: dict[str, Any]) -> None:
    options.update(application_name="the shop", isolation_level=2)
    assert postgresql.run("psql", "-At", "-c", "SHOW application_name").strip() == "the shop"


def test_a_server_that_proves_nothing_gets_no_password_where_proof_is_asked_for(
    options: dict[str, Any],
) -> None:
    assert postgresql.run("psql", "-At", "-c", "SELECT 1").strip() == "1"
    options.update(sslmode="verify-full", sslrootcert="/nowhere/root.crt")
    with pytest.raises(KeepingTrouble):
        postgresql.run("psql", "-At", "-c", "SELECT 1")
