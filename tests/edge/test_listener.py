"""The sockets of our servers, and what the edge needs to start."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys

import pytest

from etalage.edge.app import edge_app
from etalage.edge.listener import AddressTaken, bind
from etalage.edge.store import StoreUnavailable
from tests.edge.world import Shop


def test_a_port_in_use_is_refused_and_not_shared() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port}"):
            bind("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError) as refused:
        bind("192.0.2.1", 0)
    assert refused.value.errno == errno.EADDRNOTAVAIL


def test_a_data_folder_that_cannot_be_written_stops_the_start(shop: Shop) -> None:
    (shop.folder / "journal.sqlite3").mkdir()
    with pytest.raises(StoreUnavailable, match="journal"):
        asyncio.run(edge_app(shop.config()).start())


def test_the_edge_runs_without_django() -> None:
    check = (
        "import sys, pkgutil, importlib, etalage.edge;"
        "names = [m.name for m in pkgutil.iter_modules(etalage.edge.__path__)];"
        "[importlib.import_module('etalage.edge.' + name) for name in names];"
        "assert len(names) > 10; print([m for m in sys.modules if m.split('.')[0] in ('django', 'asgiref')])"
    )
    printed = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True, text=True).stdout
    assert printed.strip() == "[]"
