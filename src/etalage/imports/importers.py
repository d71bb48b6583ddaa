"""What rooms above offer to read: each kind of file has one importer, registered when its room is ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from etalage.imports.reading.columns import Field
from etalage.imports.reading.table import Table
from etalage.kit.errors import Refusal


@dataclass
class Counts:
    """What became of a file's things: products or orders, not rows. `refused` counts rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass
class Context:
    """What an importer is told: where the columns are, what holds for the whole file, and whom to tell.

    `options` may hold source, store, place, currency, decimal and dates ("day-first", "month-first"); what is not
    there is detected or taken from the business. `refuse` keeps a row with its reason; `progress` is called after
    each batch, inside no transaction, with the number of rows read, and raises when the run was stopped.
    """

    run_id: UUID
    columns: Mapping[str, int]
    options: Mapping[str, str]
    currency: str
    zone: ZoneInfo
    refuse: Callable[[int, Sequence[str], Refusal], None]
    progress: Callable[[int, Counts], None]
    counts: Counts = field(default_factory=Counts)


class Importer(Protocol):
    """Reads one kind of file. Loading the same file twice leaves the same rows as loading it once."""

    kind: str

    @property
    def fields(self) -> Sequence[Field]:
        """What it can read, in the order in which columns are looked for."""

    def check(self, columns: Mapping[str, int], options: Mapping[str, str]) -> None:
        """Look at what was chosen before the first row is read. Raises FileRefused where it does not go together."""

    def load(self, table: Table, context: Context) -> Counts:
        """Read every row, in batches that each are a transaction; memory does not grow with the file."""


_IMPORTERS: dict[str, Importer] = {}


def register(importer: Importer) -> None:
    """Offer an importer; called once from the room's AppConfig.ready."""
    _IMPORTERS[importer.kind] = importer


def importer_for(kind: str) -> Importer:
    """The importer of a kind. Raises KeyError for a kind that no room offers."""
    return _IMPORTERS[kind]


def kinds() -> list[str]:
    """The kinds that can be imported, in the order of registration."""
    return list(_IMPORTERS)
