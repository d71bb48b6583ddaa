"""`python -m tests.faults [family …] --database sqlite|postgresql --rounds N --seed S --short`.

Each family is one module with `run(options) -> list[Line]`. It runs in a process of its own, on a new database of
each kind, with the settings that it asks for here. The exit status is 1 when an invariant broke, or when a control
went through without its fault being seen.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
    "looks": 30,
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


FAMILIES: dict[str, Family] = {
    "publish": Family("tests.faults.publish", 40, 400, {"ETALAGE_DELIVERY_PACE": json.dumps(HASTE)}),
    "pause": Family("tests.faults.pause", 10, 200, {"ETALAGE_DELIVERY_PACE": json.dumps(HASTE)}),
    "clock": Family("tests.faults.clock", 10, 100, {"ETALAGE_DELIVERY_PACE": json.dumps(HASTE)}),
    "intake": Family("tests.faults.intake", 40, 300),
    "drain": Family("tests.faults.drain", 40, 300),
    "checkout": Family("tests.faults.checkout", 40, 300),
    "power": Family("tests.faults.power", 100, 1000, databases=("sqlite",)),
    "stores": Family("tests.faults.stores", 1, 5),
    "disk": Family("tests.faults.disk", 1, 10, databases=("sqlite",)),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the families one after the other; 1 when anything broke."""
    chosen = _options(arguments)
    if chosen.alone:
        return _run_here(chosen)
    print(f"seed {chosen.seed}{' (short)' if chosen.short else ''}", flush=True)
    begun, broken, databases = time.monotonic(), [], Databases()
    pairs = [(name, kind) for name in chosen.family or FAMILIES for kind in FAMILIES[name].databases]
    try:
        for name, kind in pairs:
            if chosen.database in (None, kind):
                print(f"\n=== {name} on {kind}", flush=True)
                at = time.monotonic()
                if _run_apart(databases, name, kind, chosen):
                    broken.append(f"{name} on {kind}")
                print(f"--- {time.monotonic() - at:.0f} s", flush=True)
    finally:
        databases.stop()
    print(f"\nseed {chosen.seed}, {time.monotonic() - begun:.0f} s: {'; '.join(broken) or 'everything held'}")
    return 1 if broken else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="The program under fire.")
    parser.add_argument("family", nargs="*", help=", ".join(FAMILIES))
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument("--rounds", type=int, help="instead of the family's own number")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument(
        "--short", action="store_true", help="the form for every change: a tenth of the rounds"
    )
    parser.add_argument("--only", default="", help="only combinations with this in their name")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.family) - set(FAMILIES):
        parser.error(f"no family {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}")
    return chosen


def _run_apart(databases: Databases, name: str, database: str, chosen: argparse.Namespace) -> int:
    """Run one family on one database in a process of its own, with an empty database; its exit status."""
    family = FAMILIES[name]
    rounds = chosen.rounds or (family.short if chosen.short else family.long)
    command = [sys.executable, "-W", "ignore", "-m", "tests.faults", name, "--alone", "--database", database]
    command += ["--rounds", str(rounds), "--seed", str(chosen.seed), "--only", chosen.only]
    command += ["--short"] if chosen.short else []
    with databases.fresh(database) as (folder, address):
        told = environment(folder, address) | family.environment
        return subprocess.run(command, cwd=HERE, env=told, check=False).returncode


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
