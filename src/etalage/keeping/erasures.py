"""Who asked to be forgotten, remembered outside of every backup, so that no backup brings a person back.

The list (`accounts.erased`) tells nobody who it was. It stands in the data folder, where each erasure adds to it, and
beside the backups, where each backup joins what both places know.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from etalage.accounts.erased import LIST as ERASURES
from etalage.accounts.erased import ids_in, read_list, write_list
from etalage.channels.actions import erase_authors_again, erased_lines
from etalage.channels.forgotten import portions
from etalage.customers.actions import erase_customer
from etalage.customers.models import Customer

__all__ = ["ERASURES", "erase_again", "join_erasures", "known_erasures"]


def known_erasures(*more: Path, ask_database: bool = True) -> set[str]:
    """Everybody of whom the data folder, the lists in `more`, or the present database know that they left, as lines."""
    found = read_list(settings.DATA / ERASURES)
    for path in more:
        found |= read_list(path)
    if ask_database:
        with suppress(DatabaseError):  # there is none, or it is damaged: the lists have to do
            found |= {str(pk) for pk in Customer.objects.exclude(erased_at=None).values_list("pk", flat=True)}
        with suppress(DatabaseError):
            found |= erased_lines()
    return found


def join_erasures(path: Path) -> None:
    """Let the list beside the backups know what is known here, and keep what it knew."""
    write_list(path, known_erasures(path))


def erase_again(lines: set[str]) -> int:
    """Erase those of these people who are there again, customers and who spoke on a network; the number of them."""
    erased = 0
    for some in portions(ids_in(lines)):
        there = Customer.objects.filter(pk__in=some, erased_at=None)
        erased += sum(erase_customer(customer) for customer in there.values_list("pk", flat=True))
    erased += erase_authors_again(lines)
    write_list(settings.DATA / ERASURES, lines | known_erasures())
    return erased
