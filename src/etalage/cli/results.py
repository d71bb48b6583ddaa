"""`etalage results`: which post, channel, campaign, product or store sold what."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

from etalage.cli.say import complain, say
from etalage.credit.models import MODELS

if TYPE_CHECKING:
    from etalage.accounts.models import Business
    from etalage.insights.reports import Period, Report
    from etalage.kit.money import Money

GROUPINGS = ("post", "publication", "channel", "campaign", "product", "store")
PERIODS = ("7d", "28d", "90d", "month", "last-month")
LABEL_WIDTH = 56
ABOUT_JSON = """
JSON for programs: one object. Amounts are whole minor units of "currency" (1250 with EUR is 12.50 euro):
  period {first, last}, model, by, store (code or null), currency, more (further rows exist),
  rows [{key, label, language, note, visits, orders, credited_minor, share}],
  totals {orders, attributed_orders, visits, gross_minor, net_minor, attributed_minor, not_attributed_minor,
          online_minor, in_store_minor, loose_refunds_minor}
"credited_minor" of all rows and "not_attributed_minor" sum to "net_minor". "visits" is null where none can be
told, "share" is a ratio of the net sales. Days begin in the business's time zone.
"""


def add_to(commands: Any) -> None:
    """Add the sub-command."""
    command = commands.add_parser(
        "results",
        help="say what led to which sales",
        description="Say which post, channel, campaign, product or store led to which sales.",
        epilog=ABOUT_JSON,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--data", default=os.environ.get("ETALAGE_DATA", "etalage-data"), help="the data folder"
    )
    command.add_argument(
        "--model", default="linear", choices=MODELS, help="how a sale is shared over its visits (linear)"
    )
    command.add_argument(
        "--by", default="post", choices=GROUPINGS, help="what the sales are credited to (post)"
    )
    command.add_argument("--format", default="table", choices=["table", "json", "csv"], help="(table)")
    command.add_argument(
        "--period", choices=PERIODS, help="days until today (28d), a month so far, or the last"
    )
    command.add_argument(
        "--from", dest="first", type=_day, metavar="DAY", help="first day, such as 2026-10-01"
    )
    command.add_argument(
        "--to", dest="last", type=_day, metavar="DAY", help="last day, included; today if not given"
    )
    command.add_argument("--store", default="", metavar="CODE", help="only the sales of this store")
    command.add_argument("--limit", type=_count, default=50, help="most rows (50)")
    command.set_defaults(run=run)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it like 2026-10-01") from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows; write one from 1 on")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Print the report; the status is 1 when there is no shop, and 2 when the question makes no sense."""
    os.environ["ETALAGE_DATA"] = arguments.data
    import django

    django.setup()
    from django.conf import settings
    from django.db import DatabaseError

    from etalage.accounts.models import Business

    try:
        business = Business.objects.first()
    except DatabaseError as error:
        return complain(f"The database of {settings.DATA} cannot be read: {error}")
    if business is None:
        return complain(f"There is no shop in {settings.DATA} yet. Begin with: etalage init")
    try:
        asked = _report(arguments, business)
    except _Unclear as problem:
        complain(str(problem))
        return 2
    {"table": _print_table, "json": _print_json, "csv": _print_csv}[arguments.format](asked)
    return 0


class _Unclear(Exception):
    """The question contradicts itself or names what does not exist."""


def _report(arguments: argparse.Namespace, business: Business) -> Report:
    from etalage.accounts.models import Store
    from etalage.insights import queries

    store = Store.objects.filter(code=arguments.store).first() if arguments.store else None
    if arguments.store and store is None:
        codes = ", ".join(Store.objects.order_by("code").values_list("code", flat=True))
        raise _Unclear(f"No store has the code {arguments.store}. There are: {codes}")
    return queries.report(
        _period(arguments),
        model=arguments.model,
        by=arguments.by,
        store_id=store.pk if store else None,
        language=business.language,
        size=arguments.limit,
    )


def _period(arguments: argparse.Namespace) -> Period:
    from etalage.insights import queries
    from etalage.insights.reports import Period, period_named

    if arguments.period and (arguments.first or arguments.last):
        raise _Unclear("Give either --period, or --from and --to.")
    today = queries.today()
    if not (arguments.first or arguments.last):
        return period_named(arguments.period or "28d", today)
    if arguments.first is None:
        raise _Unclear("Give the first day with --from.")
    last = arguments.last or today
    if arguments.first > last:
        raise _Unclear(f"The first day, {arguments.first}, lies after the last one, {last}.")
    return Period(arguments.first, last)


def _print_json(report: Report) -> None:
    sums = report.totals
    rows = [
        {
            "key": str(row.key) if row.key else None,
            "label": row.label,
            "language": row.language,
            "note": row.note,
            "visits": row.clicks,
            "orders": row.orders,
            "credited_minor": row.credited.minor,
            "share": row.share,
        }
        for row in report.rows
    ]
    amounts = ("gross", "net", "attributed", "not_attributed", "online", "in_store", "loose_refunds")
    totals = {
        "orders": sums.orders,
        "attributed_orders": sums.attributed_orders,
        "visits": sums.clicks,
        **{f"{name}_minor": getattr(sums, name).minor for name in amounts},
    }
    answer = {
        "period": {"first": report.period.first.isoformat(), "last": report.period.last.isoformat()},
        "model": report.model,
        "by": report.by,
        "store": report.store.code if report.store else None,
        "currency": sums.net.currency,
        "more": report.older,
        "rows": rows,
        "totals": totals,
    }
    say(json.dumps(answer, ensure_ascii=False, indent=2))


def _print_csv(report: Report) -> None:
    from etalage.imports.refused import harmless

    writer = csv.writer(sys.stdout)
    writer.writerow(["key", "label", "note", "visits", "orders", "credited", "currency"])
    for row in report.rows:
        visits = "" if row.clicks is None else row.clicks
        labels = (str(row.key or ""), harmless(row.label), harmless(row.note))
        writer.writerow([*labels, visits, row.orders, row.credited.decimal, row.credited.currency])
    for key, label, amount in _ends(report):
        writer.writerow([key, label, "", "", "", amount.decimal, amount.currency])


def _print_table(report: Report) -> None:
    from etalage.kit.formats import format_money

    where = f", store {report.store.code}" if report.store else ""
    say(f"Sales by {report.by}, model {report.model}, {report.period.first} to {report.period.last}{where}")
    say()
    lines = [(f"{'':<{LABEL_WIDTH}}", "visits", "orders", "credited")]
    for row in report.rows:
        visits = "" if row.clicks is None else str(row.clicks)
        lines.append((_wide(row.label), visits, str(row.orders), format_money(row.credited, "en")))
    for _key, label, amount in _ends(report):
        lines.append((_wide(label), "", "", format_money(amount, "en")))
    widest = max(len(line[3]) for line in lines)
    for words, visits, orders, credited in lines:
        say(f"{words} {visits:>8} {orders:>8} {credited:>{widest}}")


def _ends(report: Report) -> list[tuple[str, str, Money]]:
    """The last lines: what further rows hold, what is not attributed, and the sum of all."""
    sums = report.totals
    rest = sums.attributed
    for row in report.rows:
        rest -= row.credited
    further = [] if rest.is_zero else [("rest", "(further rows)" if report.older else "(no row)", rest)]
    return [
        *further,
        ("not_attributed", "Not attributed", sums.not_attributed),
        ("total", "All sales", sums.net),
    ]


def _wide(label: str) -> str:
    return f"{label if len(label) <= LABEL_WIDTH else label[: LABEL_WIDTH - 1] + '…':<{LABEL_WIDTH}}"
