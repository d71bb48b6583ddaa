"""Which post, channel, campaign, product or store sold what, in one model or in all of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.accounts.queries import current_business
from etalage.insights import queries
from etalage.insights.forms import MODEL_NAMES, MODEL_SENTENCES, Choice, ResultsForm
from etalage.insights.models import Grouping
from etalage.insights.reports import Totals
from etalage.insights.views import figures

PAGE = 25
COMPARED = 10
SAME_IN_EVERY_MODEL = (Grouping.PRODUCT, Grouping.STORE)


@require_safe
@require(Role.MEMBER)
def results(request: StaffRequest) -> HttpResponse:
    """The report by post (or another grouping) in one model; htmx gets the moving part alone."""
    form, choice = _asked(request)
    skip = _skip(request)
    report = queries.report(
        choice.period,
        model=choice.model,
        by=choice.by,
        store_id=choice.store_id,
        language=_language(),
        size=PAGE,
        skip=skip,
    )
    points = queries.by_day(choice.period, choice.store_id)
    context = {
        **_frame(request, form, choice, report.totals),
        "report": report,
        "rows": figures.with_bars(report.rows),
        "has_pictures": any(row.picture for row in report.rows),
        "sums": figures.sums_of(report),
        "skip": skip,
        "newer_skip": max(0, skip - PAGE),
        "older_skip": skip + PAGE,
        "chart": figures.sales_chart(points, report.totals.net.currency, _language()),
    }
    return _answer(request, form, "insights/_results.html", context)


@require_safe
@require(Role.MEMBER)
def models(request: StaffRequest) -> HttpResponse:
    """The most credited rows with every model's amount side by side."""
    form, choice = _asked(request)
    sums = queries.totals(choice.period, choice.store_id)
    rows = queries.compare_models(choice.period, choice.by, choice.store_id, _language(), COMPARED)
    names = {name: str(label) for name, label in MODEL_NAMES}
    context = {
        **_frame(request, form, choice, sums),
        "rows": rows,
        "rest": figures.rest_of_models(rows, sums),
        "names": names,
        "explained": [(label, MODEL_SENTENCES[name]) for name, label in names.items()],
        "same_in_every_model": choice.by in SAME_IN_EVERY_MODEL,
        "chart": figures.models_chart(rows, names, sums.net.currency),
    }
    return _answer(request, form, "insights/_models.html", context)


def _answer(request: StaffRequest, form: ResultsForm, part: str, context: dict[str, Any]) -> HttpResponse:
    whole = "HX-Request" not in request.headers
    template = "insights/results.html" if whole else part
    return render(request, template, {**context, "part": part}, status=422 if form.problems() else 200)


def _asked(request: StaffRequest) -> tuple[ResultsForm, Choice]:
    form = ResultsForm(request.GET.dict(), queries.today())
    return form, form.choice()


def _frame(request: StaffRequest, form: ResultsForm, choice: Choice, sums: Totals) -> dict[str, Any]:
    """What both pages show around their table."""
    before = choice.period.previous()
    known = queries.known_since(choice.store_id)
    empty = not sums.orders and not sums.clicks and sums.loose_refunds.is_zero
    led = sums.attributed.minor / sums.net.minor if sums.net.minor > 0 else None
    return {
        "form": form,
        "problems": form.problems(),
        "choice": choice,
        "totals": sums,
        "led_share": led,
        "changes": figures.changes(
            sums,
            queries.totals(before, choice.store_id),
            sales_known=known.covers_sales(before),
            visits_known=known.covers_visits(before),
        ),
        "before": before,
        "span": figures.span_text(choice.period, _language()),
        "span_before": figures.span_text(before, _language()),
        "model_sentence": MODEL_SENTENCES[choice.model],
        "grouping": Grouping(choice.by).label,
        "never_sold": empty and not queries.has_sales(),
        "sums_wait": queries.sums_wait(),
        "lookback_days": current_business().lookback_days,
        "here": request.get_full_path(),
        "address": request.path,
        "tabs": _tabs(request),
    }


def _tabs(request: StaffRequest) -> list[dict[str, Any]]:
    asked = request.GET.copy()
    asked.pop("skip", None)
    query = f"?{asked.urlencode()}" if asked else ""
    pages = [("insights:results", _("What sold")), ("insights:models", _("Five ways of sharing"))]
    return [
        {
            "label": label,
            "url": reverse(name) + query,
            "current": reverse(name) == request.path,
            "count": None,
        }
        for name, label in pages
    ]


def _skip(request: StaffRequest) -> int:
    text = request.GET.get("skip", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _language() -> str:
    return get_language() or "en"
