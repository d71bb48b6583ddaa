"""`python -m tests.faults [family …] --database sqlite|postgresql --rounds N --seed S --short`.

Each family is one module with `run(options) -> list[Line]`. It runs in a process of its own, on a new database of
each kind, with the settings that it asks for here. The exit status is 1 when an invariant broke, or when a control
went through without its fault being seen; and, where CI is set, when this machine could not play all of it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.ending import with_parent
from tests.faults.databases import HERE, Databases, environment
from tests.faults.family import Options

DATABASES = ("sqlite", "postgresql")
#: Everything that takes minutes in a shop, in fractions of a second.
HASTE = {
    "lease": 0.9,
    "request": 0.35,
    "least_settle": 0.3,
    "first_wait": 0.05,
    "longest_wait": 0.4,
    "hands": 2,
    "shift": 0.5,
    "lost": 10_000,  # so many are killed that no publication is to blame
    "lag_samples": 0,
}


@dataclass(frozen=True)
class Family:
    """Where a family lives, how many rounds it takes, and what its processes are told."""

    module: str
    short: int
    long: int
    environment: Mapping[str, str] = field(default_factory=dict)
    databases: tuple[str, ...] = DATABASES
    harms_server: bool = False  # so that it has one of its own


#: The longest first, so that at the end no processor waits for one of them alone.
FAMILIES: dict[str, Family] = {
    "publish": Family("tests.faults.publish", 40, 400, {"ETALAGE_DELIVERY_PACE": json.dumps(HASTE)}),
    "pause": Family("tests.faults.pause", 10, 200, {"ETALAGE_DELIVERY_PACE": json.dumps(HASTE)}),
    "checkout": Family("tests.faults.checkout", 40, 300),
    "intake": Family("tests.faults.intake", 40, 300),
    "drain": Family("tests.faults.drain", 40, 300),
    "queue": Family("tests.faults.queue", 30, 300),
    "saved": Family("tests.faults.saved", 1, 20),
    "stores": Family("tests.faults.stores", 1, 5, harms_server=True),
    "clock": Family("tests.faults.clock", 10, 100, {"ETALAGE_DELIVERY_PACE": json.dumps(HASTE)}),
    "power": Family("tests.faults.power", 60, 1000, databases=("sqlite",)),
    "disk": Family("tests.faults.disk", 1, 10, databases=("sqlite",)),
}
#: Families spend a third of their time waiting: for a lease, for a network, for a disk.
BESIDE = (os.cpu_count() or 1) + 1


def main(arguments: list[str] | None = None) -> int:
    """Run the families, some side by side; 1 when anything broke."""
    chosen = _options(arguments)
    if chosen.alone:
        return _run_here(chosen)
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))  # so that everything is tidied up
    print(f"seed {chosen.seed}{' (short)' if chosen.short else ''}", flush=True)
    begun, databases = time.monotonic(), Databases()
    pairs = [(name, kind) for name in chosen.family or FAMILIES for kind in FAMILIES[name].databases]
    try:
        broken = run_beside(databases, [pair for pair in pairs if chosen.database in (None, pair[1])], chosen)
    finally:
        databases.stop()
    print(f"\nseed {chosen.seed}, {time.monotonic() - begun:.0f} s: {'; '.join(broken) or 'everything held'}")
    return 1 if broken else 0


def run_beside(databases: Databases, pairs: list[tuple[str, str]], chosen: argparse.Namespace) -> list[str]:
    """Run families in their order, `--beside` at once, each told when it has ended; what broke."""
    broken, waiting, running = [], deque(pairs), list[Running]()
    with ExitStack() as ends:
        while waiting or running:
            while waiting and len(running) < chosen.beside:
                running.append(Running(databases, *waiting.popleft(), chosen))
                ends.callback(running[-1].end)
            time.sleep(0.05)
            for one in [one for one in running if one.is_over()]:
                running.remove(one)
                one.end()
                one.say()
                if one.process.returncode:
                    broken.append(f"{one.name} on {one.kind}")
    return broken


class Running:
    """One family on one database, in a process of its own on an empty database; what it says is kept."""

    def __init__(self, databases: Databases, name: str, kind: str, chosen: argparse.Namespace) -> None:
        self.name, self.kind, self._begun = name, kind, time.monotonic()
        family, self._ends = FAMILIES[name], ExitStack()
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115  (`end` closes it)
        fresh = databases.fresh(kind, own_server=family.harms_server)
        told = {**environment(*self._ends.enter_context(fresh)), **family.environment}
        rounds = chosen.rounds or (family.short if chosen.short else family.long)
        command = [sys.executable, "-W", "ignore", "-m", "tests.faults", name, "--alone", "--database", kind]
        command += ["--rounds", str(rounds), "--seed", str(chosen.seed), "--only", chosen.only]
        command += ["--short"] if chosen.short else []
        self.process = subprocess.Popen(
            command, cwd=HERE, env=told, stdout=self._said, stderr=subprocess.STDOUT, preexec_fn=with_parent
        )
        self._text, self._worked = "", 0.0

    def is_over(self) -> bool:
        """Whether it has ended by itself; what it took of the processors is then known."""
        before = _worked()
        over = self.process.poll() is not None
        self._worked += _worked() - before
        return over

    def end(self) -> None:
        """End it if it has not ended, and give back what it worked on. A second time does nothing."""
        if not self._said.closed:
            self.process.kill()
            self.process.wait()
            self._said.seek(0)
            self._text = self._said.read()
            self._said.close()
            self._ends.close()

    def say(self) -> None:
        """Print what it said, how long it took, and how much of that it worked (without a database's server)."""
        seconds = time.monotonic() - self._begun
        took = f"{seconds:.0f} s, {self._worked:.0f} s of a processor"
        print(f"\n=== {self.name} on {self.kind}\n{self._text}--- {took}", flush=True)


def _worked() -> float:
    """Seconds of a processor that children took which have ended, with their own children."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="The program under fire.")
    parser.add_argument("family", nargs="*", help=", ".join(FAMILIES))
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument("--rounds", type=int, help="instead of the family's own number")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument(
        "--short", action="store_true", help="the form for every change: a tenth of the rounds"
    )
    parser.add_argument(
        "--beside", type=int, default=BESIDE, help="how many families run at the same time (%(default)s)"
    )
    parser.add_argument("--only", default="", help="only combinations with this in their name")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.family) - set(FAMILIES):
        parser.error(f"no family {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}")
    return chosen


def _run_here(chosen: argparse.Namespace) -> int:
    """Inside the process of one family."""
    import django
    from django.conf import settings

    django.setup()
    (name,) = chosen.family
    options = Options(
        chosen.database, chosen.rounds, chosen.seed, chosen.short, Path(settings.DATA), chosen.only
    )
    lines = importlib.import_module(FAMILIES[name].module).run(options)
    return 1 if any(line.broken for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
