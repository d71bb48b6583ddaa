"""What the edge is told when it is made; whoever starts it wires the shop's secrets and tables in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from etalage.edge.disk import MIN_FREE_BYTES
from etalage.edge.links import LinkSource
from etalage.edge.signatures import Verifier, refuse_all

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeConfig:
    """Sizes in bytes, times in seconds. `visitor_key` empty: no visitor is ever recognised."""

    data_folder: Path
    links: LinkSource
    verifier: Verifier = refuse_all
    visitor_key: bytes = field(default=b"", repr=False)
    min_free_bytes: int = MIN_FREE_BYTES
    body_limit: int = MIB
    body_seconds: float = 15.0
    bodies_in_flight: int = 64 * MIB
    waiting_deliveries: int = 5_000
    waiting_clicks: int = 20_000

    @property
    def clicks_path(self) -> Path:
        """The file of clicks; `click_log.ClickLog` reads it."""
        return self.data_folder / "clicks.sqlite3"

    @property
    def journal_path(self) -> Path:
        """The file of deliveries; `journal.Journal` reads it."""
        return self.data_folder / "journal.sqlite3"
