"""Power cuts: a disk that keeps what was synced, and of the rest drops, tears or keeps each sector as it likes.

`kill -9` cannot show what `synchronous` is for, because the system's memory survives it. Here SQLite writes through a
file system of our own (`tests.faults.cuttable`). At the cut each 512-byte sector that is not synced yet is lost, half
written, or kept, by chance; then the files are opened again, and what was acknowledged must be there. Most cuts strike
the files that the cut before left behind.

In most lives the log is short, so that cuts fall into checkpoints, when the database's own pages are rewritten, and
behind them, when the log is written from its start; a part that met neither proved nothing, and fails. What is struck
is the real code of the edge and the real tables of the shop; `tests.faults.lives` says which is which.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from etalage.edge.store import StoreUnavailable
from tests.faults import lives
from tests.faults.cuttable import Disk, over
from tests.faults.databases import FILE
from tests.faults.family import Line, Options, played, timed
from tests.faults.lives import GONE, STAGES, Promises

SHORT_LOGS = (3, 12, 50)  # pages
LONG_LOG = 1000  # as in a shop
CONTROL_CUTS = 12  # at least


@dataclass(frozen=True)
class Part:
    """One file of the program: what it does until its power is cut, and what is found in it afterwards."""

    name: str
    live: Callable[[Path, random.Random, Promises], None]
    found: Callable[[Path], dict[str, str]]
    made: dict[str, bytes] = field(default_factory=dict)
    weak: str = ""
    keeps_pages: bool = True
    is_control: bool = False


@dataclass
class Result:
    """What so many cuts did."""

    cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    broken: int = 0  # could not be opened, or not soundly
    in_checkpoint: int = 0  # cuts between its first page and its sync
    after_restart: int = 0  # cuts of a life in which the log was begun again


def lost(promises: Promises, found: dict[str, str]) -> int:
    """How many are not as far as was acknowledged, or not whole."""
    return sum(not _is_kept(stage, found.get(one)) for one, stage in promises.items())


def _is_kept(promised: str, found: str | None) -> bool:
    if promised == GONE:
        return found is None
    return found in STAGES and STAGES.index(found) >= STAGES.index(promised)


def strike(part: Part, rounds: int, chance: random.Random, folder: Path) -> Result:
    """Cut the power so many times; after three cuts of four it goes on with the files that were left."""
    result, files, promises = Result(), part.made, Promises()
    for _cut in range(rounds):
        before = len(promises)
        disk = _disk(part, files, chance)
        with tempfile.TemporaryDirectory(dir=folder) as name:
            _lay(Path(name), files)
            with over(disk):
                _live(part, Path(name), disk, promises)
        files = disk.after_cut()
        result.cuts += 1
        result.acknowledged += len(promises) - before
        result.in_checkpoint += disk.was_in_checkpoint
        result.after_restart += disk.restarts > 0
        is_well = _is_well(part, files, promises, folder, result)
        if not is_well or chance.random() < 0.25:
            files, promises = part.made, Promises()
    return result


def _disk(part: Part, files: dict[str, bytes], chance: random.Random) -> Disk:
    """A short log comes to a checkpoint soon; one of the usual length does after some thousand steps.

    A part of the cuts waits for a page that a checkpoint writes.
    """
    disk = Disk(chance, {name: bytearray(image) for name, image in files.items()})
    is_short = chance.random() < 0.95
    disk.log_pages = chance.choice(SHORT_LOGS) if is_short else LONG_LOG
    disk.until_cut = chance.randrange(10, 400 if is_short else 5000)
    disk.pages_until_cut = chance.randrange(1, 40) if chance.random() < 0.3 else -1
    disk.weak, disk.keeps_pages = part.weak, part.keeps_pages
    return disk


def _live(part: Part, folder: Path, disk: Disk, promises: Promises) -> None:
    try:
        part.live(folder, disk.chance, promises)
    except (StoreUnavailable, sqlite3.Error):
        if not disk.is_off:
            raise


def _is_well(part: Part, files: dict[str, bytes], promises: Promises, folder: Path, result: Result) -> bool:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        _lay(Path(name), files)
        try:
            missing = lost(promises, part.found(Path(name)))
        except (StoreUnavailable, sqlite3.Error):
            result.broken += 1
            return False
    result.lost += missing
    return not missing


def _lay(folder: Path, files: dict[str, bytes]) -> None:
    for name, image in files.items():
        (folder / name).write_bytes(image)


def parts(shop: bytes) -> Iterable[Part]:
    """Everything that is struck, and the controls; `shop` is a database of before."""
    intake = Part("intake of webhooks, FULL", lives.take_in, lives.kept_deliveries)
    work = Part("the journal handled and pruned, FULL", lives.handle, lives.kept_deliveries)
    clicks = Part("clicks, once settled", lives.count_clicks, lives.kept_clicks)
    trade = Part("the shop's database, FULL", lives.trade, lives.kept_events, {FILE: shop})
    yield from (intake, work, clicks, trade)
    control, hasty = partial(replace, is_control=True), partial(lives.count_clicks, hasty=True)
    yield control(intake, name="control: intake with NORMAL", weak="NORMAL")
    yield control(trade, name="control: the shop's database with NORMAL", weak="NORMAL")
    yield control(clicks, name="control: clicks, once written", live=hasty)
    yield control(work, name="control: no checkpoint synced, the journal", keeps_pages=False)
    yield control(trade, name="control: no checkpoint synced, the shop's database", keeps_pages=False)


def run(options: Options) -> list[Line]:
    """So many cuts of each part, and of each control a tenth."""
    shop = (options.folder / FILE).read_bytes()
    return [
        played(partial(_play, part, options), part.is_control)
        for part in parts(shop)
        if options.only in part.name
    ]


def _play(part: Part, options: Options, number: int, is_final: bool) -> Line:
    line = Line(part.name, {}, is_control=part.is_control, is_final=is_final)
    with timed(line):
        rounds = max(CONTROL_CUTS, options.rounds // 10) if part.is_control else options.rounds
        result = strike(part, rounds, options.chance("power", part.name, number), options.folder)
        line.counts = {name.replace("_", " "): value for name, value in vars(result).items()}
        line.broken = _broken(result, part)
    return line


def _broken(result: Result, part: Part) -> list[str]:
    if not result.acknowledged:
        return ["nothing was acknowledged"]
    if part.is_control:
        return [] if result.lost or result.broken else ["the harness does not see the loss"]
    broken = [name for name in ("lost", "broken") if getattr(result, name)]
    broken += ["no cut fell into a checkpoint"] * (not result.in_checkpoint)
    return broken + ["no cut came after a restart of the log"] * (not result.after_restart)
