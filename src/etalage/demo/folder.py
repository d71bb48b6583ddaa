"""The one folder that the demo lives in: its marker, its addresses, and starting afresh without harm to others.

Plain Python, because it is asked before Django knows where its data is.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

MARKER = "etalage-demo.json"
NETWORK = "practice"


class ForeignFolder(Exception):
    """The folder holds something else than a demo; the text says what to do."""


@dataclass(frozen=True)
class Facts:
    """What the marker keeps: the seed, where the demo ran last, and whether it was made to the end."""

    seed: int
    shop: str
    network: str
    ready: bool = False


def read_facts(folder: Path) -> Facts | None:
    """What the demo in this folder is; None where there is none. Raises ForeignFolder for other content."""
    try:
        return Facts(**json.loads((folder / MARKER).read_text("utf-8")))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError) as error:
        raise ForeignFolder(
            f"{folder / MARKER} cannot be read. Choose another folder: --folder NAME"
        ) from error
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ForeignFolder(
            f"{folder} exists and is no demo of Etalage, so nothing in it is touched. "
            "Choose another folder: --folder NAME"
        )
    return None


def write_facts(folder: Path, facts: Facts) -> None:
    """Keep the facts; the file is replaced as a whole."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{MARKER}.new"
    draft.write_text(json.dumps(asdict(facts), indent=2) + "\n", "utf-8")
    draft.replace(folder / MARKER)


def remove(folder: Path) -> bool:
    """Delete the demo of this folder; False where there was none. Raises ForeignFolder for anything else.

    The marker goes last, so that a removal that was cut off can be repeated.
    """
    if read_facts(folder) is None:
        return False
    for entry in folder.iterdir():
        if entry.name == MARKER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    (folder / MARKER).unlink()
    folder.rmdir()
    return True
