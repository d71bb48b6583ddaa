"""A practice network per test module: each test opens its own account on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.practice_network import PracticeNetwork, running_network


@pytest.fixture(scope="module")
def practice_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeNetwork]:
    """The program itself; its ledger grows from test to test."""
    with running_network(tmp_path_factory.mktemp("practice")) as network:
        yield network


@pytest.fixture
def practice(practice_program: PracticeNetwork) -> Iterator[PracticeNetwork]:
    """The program with no fault on order."""
    practice_program.clear_orders()
    yield practice_program
    practice_program.clear_orders()
