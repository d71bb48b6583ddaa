"""The results as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.imports.refused import harmless
from etalage.insights import queries
from etalage.insights.forms import Choice, ResultsForm
from etalage.insights.reports import Report
from etalage.insights.views.figures import sums_of
from etalage.kit.errors import Refusal
from etalage.kit.money import Money

AT_ONCE = 500
# Stable names: whoever reads the file by program must not depend on the language of whoever saved it.
HEADER = ("label", "note", "visits", "orders", "credited", "currency", "kind")


@require_safe
@require(Role.MEMBER)
def export(request: StaffRequest) -> HttpResponse:
    """Every row of the report as CSV (UTF-8); the last rows say what is not attributed, and the sum of all."""
    form = ResultsForm(request.GET.dict(), queries.today())
    choice = form.choice()
    if problems := form.problems():
        raise Refusal(problems[0], code="period_invalid", status=422)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows(_rows(choice))
    name = f"results-{choice.by}-{choice.model}-{choice.period.first}-{choice.period.last}.csv"
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _rows(choice: Choice) -> Iterator[tuple[str, ...]]:
    rest: Money | None = None
    for report in _pages(choice):
        for row in report.rows:
            counts = "" if row.clicks is None else str(row.clicks), str(row.orders)
            yield _cells((row.label, row.note), counts, row.credited, choice.by)
        left = sums_of(report).rest
        rest = left if rest is None else rest + left - report.totals.attributed
    if rest is not None and not rest.is_zero:
        yield _cells((_("Amounts without a row"), ""), ("", ""), rest, "rest")
    yield _cells((_("Not attributed"), ""), ("", ""), report.not_attributed, "not_attributed")
    sums = report.totals
    yield _cells((_("All sales"), ""), (str(sums.clicks), str(sums.orders)), sums.net, "total")


def _pages(choice: Choice) -> Iterator[Report]:
    skip = 0
    while True:
        report = queries.report(
            choice.period,
            model=choice.model,
            by=choice.by,
            store_id=choice.store_id,
            language=get_language() or "en",
            size=AT_ONCE,
            skip=skip,
        )
        yield report
        if not report.older:
            return
        skip += AT_ONCE


def _cells(words: tuple[str, str], counts: tuple[str, str], credited: Money, kind: str) -> tuple[str, ...]:
    """One line of the file: label and note, visits and orders, the exact amount."""
    return *map(harmless, words), *counts, str(credited.decimal), credited.currency, kind
