"""Writers take turns at the shop's file: nobody is overtaken for seconds, and nobody keeps the turn for ever."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time

import pytest
from django.db import OperationalError, connection, connections, transaction

from etalage.kit.sqlite3.turns import Turns, turns_at
from etalage.orders.models import Attempt

sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has no such lock")


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_the_turn_comes_in_the_order_of_asking():
    turns, order = Turns(), []
    assert turns.take(1)

    def wait(number):
        assert turns.take(10)
        order.append(number)
        turns.give()

    threads = []
    for number in range(12):
        threads.append(in_thread(lambda number=number: wait(number)))
        until(lambda: len(turns._waiting) == number + 1)  # noqa: B023
    turns.give()
    for thread in threads:
        thread.join()
    assert order == list(range(12))
    assert turns.take(0) and not turns.take(0.01)


def test_who_gave_up_waiting_is_passed_over():
    turns = Turns()
    assert turns.take(0) and not turns.take(0.01)
    turns.give()
    assert turns.take(0)


@pytest.mark.parametrize("given_meanwhile", [False, True])
def test_who_is_interrupted_in_waiting_leaves_the_line_and_keeps_no_turn(given_meanwhile):
    turns = Turns()
    assert turns.take(1)

    def interrupt(*_signal):
        if given_meanwhile:
            turns.give()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            turns.take(10)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if not given_meanwhile:
        assert not turns.take(0)
        turns.give()
    assert turns.take(0) and not turns.take(0)


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_transaction_ends_the_turn_however_it_ends():
    turns = turns_at(str(connection.get_connection_params()["database"]))

    def write(number):
        Attempt.objects.create(who="someone", window=number, count=1)

    with transaction.atomic():
        write(1)
        assert turns._taken
    assert not turns._taken
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        raise ZeroDivisionError
    assert not turns._taken
    write(2)
    assert not turns._taken
    with pytest.raises(Exception, match="UNIQUE"):
        write(2)
    assert not turns._taken
    with transaction.atomic():
        write(3)
        connection.close()  # what was written goes with it, and the turn must not
    assert not turns._taken


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_file_that_another_program_keeps_locked_is_said_and_the_turn_goes_on():
    connection.ensure_connection()
    path = connection.get_connection_params()["database"]
    connection.cursor().execute("PRAGMA busy_timeout=50")
    with sqlite3.connect(path, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            Attempt.objects.create(who="someone", window=1, count=1)
        holder.execute("ROLLBACK")
    holder.close()
    connection.close()
    Attempt.objects.create(who="someone", window=1, count=1)


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_wait_about_as_long_as_one_another():
    waits = []

    def write_often():
        for number in range(12):
            began = time.monotonic()
            with transaction.atomic():
                Attempt.objects.create(who=str(threading.get_ident()), window=number, count=1)
                time.sleep(0.002)  # as a reservation holds it
            waits.append(time.monotonic() - began)
        connections.close_all()

    threads = [in_thread(write_often) for _ in range(16)]
    for thread in threads:
        thread.join()
    waits.sort()
    assert Attempt.objects.count() == len(waits) == 16 * 12
    assert waits[-1] < 6 * waits[len(waits) // 2]
