"""`etalage import`: read a file of products or orders, here and now."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etalage.cli.at_work import at_work
from etalage.cli.say import complain, say

if TYPE_CHECKING:
    from etalage.imports.models import ImportRun

KINDS = ("products", "orders")
SOME_REFUSED = 3
STATUSES = (
    "exit status: 0 every row was taken; 1 the file was not taken, or not to its end; 2 the command has a mistake; "
    "3 the file was read, and some of its rows were refused: they are in the file that is named. "
    "The same file twice changes nothing; a corrected file corrects."
)


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser(
        "import", help="read a file of products or orders (CSV, gz, XLSX)", epilog=STATUSES
    )
    command.add_argument("kind", choices=KINDS, help="what the file holds")
    command.add_argument("file", type=Path)
    command.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="KEY=NAME",
        help="which column holds what, such as price=Prijs; an empty name leaves out",
    )
    command.add_argument("--source", default="", help="the program that wrote the file, such as till")
    command.add_argument(
        "--store", default="", help="the store that everything belongs to, by its code or name"
    )
    command.add_argument("--currency", default="", help="three letters, such as EUR")
    command.add_argument("--language", default="", help="of texts whose column names none: en, fr, nl or ar")
    command.add_argument("--decimal", default="", choices=["", ",", "."], help="the decimal mark")
    command.add_argument("--dates", default="", choices=["", "day-first", "month-first"])
    command.add_argument("--encoding", default="", help="such as utf-8 or cp1252, when it is not found")
    command.add_argument("--delimiter", default="", help="comma, semicolon, tab or bar, when it is not found")
    command.add_argument("--json", action="store_true", help="print the outcome as JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read the file with a line of progress; the status says what became of it."""
    pairs = [column.partition("=") for column in arguments.column]
    if any(not mark for _key, mark, _name in pairs):
        return complain("Write --column as KEY=NAME, such as --column price=Prijs") + 1
    import django

    django.setup()
    with at_work("import") as trouble:
        return complain(trouble) if trouble else _import(arguments, pairs)


def _import(arguments: argparse.Namespace, pairs: list[tuple[str, str, str]]) -> int:
    from django.utils import translation

    from etalage.accounts.models import Business
    from etalage.imports.actions import import_file
    from etalage.kit.errors import Refusal

    business = Business.objects.first()
    if business is None:
        return complain(
            'There is no shop here yet. Make one first: etalage init --name "My shop" --email me@…'
        )
    names = ("source", "store", "currency", "language", "decimal", "dates", "encoding", "delimiter")
    options = {name: getattr(arguments, name) for name in names}
    with translation.override(business.language):
        try:
            done = import_file(
                None,
                arguments.kind,
                arguments.file,
                columns={key.strip(): name.strip() for key, _mark, name in pairs},
                options=options,
                watch=_progress,
            )
        except Refusal as refusal:
            message = f"{refusal.message} {_hint(refusal.code)}".strip()
            return _refused(refusal.code, message, as_json=arguments.json)
    return _tell(done, as_json=arguments.json)


def _progress(run: ImportRun) -> None:
    """One line that changes in place, for people who watch."""
    if sys.stderr.isatty():
        share = min(100, run.bytes_read * 100 // max(1, run.size_bytes))
        sys.stderr.write(f"\r{share:3d} %   {run.rows_read} rows   {run.refused} refused ")
        sys.stderr.flush()


def _hint(code: str) -> str:
    """How this command is told what a page would ask; nothing where the sentence says it all."""
    from django.utils.translation import gettext as _

    if code == "file_stock_without_store":
        return _("With this command: --store and its code, or --column stock= to leave the column out.")
    return ""


def _refused(code: str, message: str, *, as_json: bool) -> int:
    if as_json:
        say(json.dumps({"state": "failed", "reason": code, "explanation": message}, ensure_ascii=False))
        return 1
    return complain(message)


def _tell(run: ImportRun, *, as_json: bool) -> int:
    counts = {
        name: getattr(run, name) for name in ("rows_read", "created", "updated", "unchanged", "refused")
    }
    failed = run.state != "done"
    if as_json:
        more = {"reason": run.reason, "explanation": run.explanation, "refused_rows": run.refused_path}
        reasons = [{"code": c, "rows": n, "example": text} for c, n, text in run.examples]
        whole = {"id": str(run.pk), "state": run.state, **counts, **more, "reasons": reasons}
        say(json.dumps(whole, ensure_ascii=False, indent=2))
    else:
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
        if run.rows_read or not failed:
            say("   ".join(f"{name.replace('_', ' ')}: {number}" for name, number in counts.items()))
        for _code, number, example in run.examples:
            say(f"  {number} × {example}")
        if run.refused_path:
            say(f"The refused rows, each with its reason: {run.refused_path}")
        if failed:
            complain(run.explanation)
    return 1 if failed else SOME_REFUSED if run.refused else 0
