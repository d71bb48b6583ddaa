"""The file of rows that were not taken: each as it came, with its number and the reason."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from etalage.kit.errors import Refusal

_RISKY = ("=", "+", "-", "@", "\t", "\r")


class RefusedRows:
    """Writes refused rows as CSV; the file is made with the first of them. Cells cannot act as formulas."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path = path
        self.count = 0
        self._header = header
        self._file: IO[str] | None = None

    def __enter__(self) -> RefusedRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, number: int, row: Sequence[str], reason: Refusal) -> None:
        """Keep one row with its number in the original file and the reason in the reader's language."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(["row", "reason", "explanation", *self._header])
        self.count += 1
        csv.writer(self._file).writerow([number, reason.code, reason.message, *map(harmless, row)])


def harmless(cell: str) -> str:
    """The cell as a spreadsheet may open it: text that would act as a formula gets an apostrophe; numbers stay."""
    if not cell.startswith(_RISKY):
        return cell
    number = cell[1:].replace(".", "").replace(",", "")
    return cell if cell[0] in "+-" and number.isdigit() else f"'{cell}"
