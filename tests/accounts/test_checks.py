"""What `etalage check` finds."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from etalage.accounts.checks import has_wal_reset_bug


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 54, 1), False),
    ],
)
def test_the_wal_reset_bug_is_known_by_version(version: tuple[int, int, int], affected: bool) -> None:
    assert has_wal_reset_bug(version) is affected


def found(**options: object) -> set[str]:
    return {str(message.id) for message in run_checks()}


def test_short_keys_must_be_mended(settings: Settings) -> None:
    settings.SECRET_KEYS = ["short"]
    assert "etalage.E002" in found()


def test_one_key_for_two_uses_is_pointed_out(settings: Settings) -> None:
    settings.SECRET_KEYS = [settings.SECRET_KEY]
    assert "etalage.W003" in found()


def test_an_address_that_is_none_must_be_mended(settings: Settings) -> None:
    settings.PUBLIC_ADDRESS = "shop.example.com"
    assert "etalage.E005" in found()


def test_an_unencrypted_public_address_is_pointed_out(settings: Settings) -> None:
    settings.PUBLIC_ADDRESS = "http://shop.example.com"
    assert "etalage.W007" in found()
