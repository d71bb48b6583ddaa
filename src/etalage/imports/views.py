"""The pages of files: choose one, look at its columns, watch it being read, see what became of it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.imports import actions, queries
from etalage.imports.forms import ColumnsForm, OptionsForm, UploadForm
from etalage.imports.models import ImportRun, ImportState
from etalage.imports.queries import PAGE
from etalage.imports.reading.refusals import FileRefused
from etalage.kit.errors import Refusal


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def start(request: StaffRequest) -> HttpResponse:
    """Choose a file and what it holds; below, the files that were read before."""
    if request.method == "POST":
        actions.check_size(int(request.META.get("CONTENT_LENGTH") or 0))
    form = UploadForm(request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind")})
    if request.method == "POST" and form.is_valid():
        try:
            run = actions.receive_upload(request.user, form.cleaned_data["kind"], form.cleaned_data["file"])
            return redirect("imports:run", run.pk)
        except FileRefused as refusal:
            form.add_error("file", refusal.message)
    before = _id(request.GET.get("before", ""))
    runs = queries.history(before, PAGE + 1)
    context = {
        "form": form,
        "runs": [(run, queries.kind_label(run.kind)) for run in runs[:PAGE]],
        "older": runs[PAGE - 1].pk if len(runs) > PAGE else None,
        "began": before is None,
    }
    return render(request, "imports/start.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MANAGER)
def run(request: StaffRequest, run_id: UUID) -> HttpResponse:
    """One file: its columns while they wait for a person, then its progress, then what became of it.

    htmx gets the moving part alone, and the whole page once it is over.
    """
    found = _run(run_id)
    if found.state == ImportState.PREVIEW and found.path:
        return _preview(request, found)
    context = {"run": found, "kind": queries.kind_label(found.kind), "steps": _steps(), "step": 3}
    if request.headers.get("HX-Request") != "true":
        return render(request, "imports/run.html", context)
    response = render(request, "imports/progress.html", context)
    if found.is_over:
        response["HX-Refresh"] = "true"
    return response


def _preview(request: StaffRequest, found: ImportRun) -> HttpResponse:
    """The columns and first rows; `look` reads them again with another encoding or separator."""
    sent = request.POST if request.method == "POST" else request.GET if "look" in request.GET else None
    options = OptionsForm(sent, kind=found.kind)
    told = options.cleaned_data if sent is not None and options.is_valid() else {}
    refusal: Refusal | None = None
    try:
        preview = queries.preview(found, options=told)
    except FileRefused as problem:
        refusal, preview = problem, queries.preview(found)
    posted = request.POST if request.method == "POST" else None
    columns = ColumnsForm(posted, preview=preview, kind=found.kind)
    if posted is not None and not refusal and options.is_valid() and columns.is_valid():
        try:
            actions.confirm(request.user, found, columns.mapping(), options.cleaned_data)
            return redirect("imports:run", found.pk)
        except Refusal as problem:
            if problem.status == 409:
                raise
            refusal = problem
    context = {
        "run": found,
        "kind": queries.kind_label(found.kind),
        "preview": preview,
        "columns": columns,
        "options": options,
        "refusal": refusal,
        "missing": [_(field.label) for field in preview.missing],
        "before": queries.same_file_before(found),
        "steps": _steps(),
        "step": 2,
    }
    failed = refusal or columns.errors or options.errors
    return render(request, "imports/preview.html", context, status=422 if failed else 200)


@require_POST
@require(Role.MANAGER)
def stop(request: StaffRequest, run_id: UUID) -> HttpResponse:
    """Stop a run, or give a preview up."""
    actions.stop(request.user, _run(run_id))
    return redirect("imports:run", run_id)


@require_POST
@require(Role.MANAGER)
def again(request: StaffRequest, run_id: UUID) -> HttpResponse:
    """Read the file once more."""
    actions.run_again(request.user, _run(run_id))
    messages.success(request, _("The file is read once more. What is there already stays."))
    return redirect("imports:run", run_id)


@require_safe
@require(Role.MANAGER)
def refused(request: StaffRequest, run_id: UUID) -> HttpResponse:
    """The refused rows with their reasons, as a file that a spreadsheet opens."""
    found = _run(run_id)
    path = Path(found.refused_path)
    if not found.refused_path or not path.is_file():
        raise Http404
    return HttpResponse(
        path.read_bytes(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="refused-{found.pk}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _steps() -> list[str]:
    return [_("File"), _("Columns"), _("Result")]


def _run(run_id: UUID) -> ImportRun:
    try:
        return queries.import_run(run_id)
    except ImportRun.DoesNotExist:
        raise Http404 from None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
