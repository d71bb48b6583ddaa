"""Which errors mean that the store is out of order, and which that we are."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, InternalError, connection, transaction

from etalage.kit.outages import is_outage
from etalage.orders.models import Attempt


def _write() -> None:
    Attempt.objects.create(who="someone", window=1, count=1)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_writes_is_an_outage() -> None:
    sqlite = connection.vendor == "sqlite"
    begin = "PRAGMA query_only = 1" if sqlite else "SET default_transaction_read_only = on"
    with connection.cursor() as cursor:
        cursor.execute(begin)
    with pytest.raises(DatabaseError) as raised:
        _write()
    assert is_outage(raised.value)
    connection.close()
    _write()


@pytest.mark.django_db
def test_what_is_wrong_with_our_rows_is_none() -> None:
    _write()
    with pytest.raises(IntegrityError) as raised, transaction.atomic():
        _write()
    assert not is_outage(raised.value)


@pytest.mark.django_db
def test_a_transaction_that_failed_before_is_our_own_fault() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no failed transactions")
    with pytest.raises(InternalError) as raised, transaction.atomic():
        with pytest.raises(IntegrityError):
            Attempt.objects.bulk_create([Attempt(who="someone", window=1, count=1) for _ in range(2)])
        connection.set_rollback(False)  # Django would not even ask
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    assert not is_outage(raised.value)
