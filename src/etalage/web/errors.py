"""Pages for when something cannot be done: they say what happened and what to do next.

They stand on their own, without the database, so that they also work when the database does not.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from etalage.kit.errors import Refusal
from etalage.kit.outages import is_outage

Text = str | Promise


@dataclass(frozen=True)
class Problem:
    """What is told: a short title, a sentence that says what to do, and a stable code for programs."""

    status: int
    title: Text
    text: Text
    code: str


BAD_REQUEST = Problem(
    400,
    _("That did not work"),
    _("The address or the form was not complete. Go back, look at what you entered, and try again."),
    "bad_request",
)
FORBIDDEN = Problem(
    403,
    _("This page is not for your role"),
    _("Ask the owner of the shop to give you the role that may do this."),
    "forbidden",
)
CSRF = Problem(
    403,
    _("Please send that again"),
    _(
        "The page was open for too long, or your browser blocks cookies. Go back, reload the page, and send it again."
    ),
    "csrf",
)
NOT_FOUND = Problem(
    404,
    _("Nothing stands here"),
    _(
        "The page has moved, or the address has a mistake in it. Check the address or begin at the start page."
    ),
    "not_found",
)
TOO_LARGE = Problem(
    413,
    _("That is too large"),
    _("What you sent is larger than we can take. Make the file smaller or send it in parts."),
    "too_large",
)
TOO_MANY = Problem(
    429,
    _("That was too often"),
    _("Wait a few minutes, then try again."),
    "too_many",
)
SERVER_ERROR = Problem(
    500,
    _("Something broke on our side"),
    _("What you entered may not have been kept. Wait a moment, go back, and try again."),
    "server_error",
)
OUTAGE = Problem(
    503,
    _("We will be back in a moment"),
    _("The shop cannot read or keep anything right now. Wait a minute, then try again."),
    "outage",
)
OUTAGE_SECONDS = 30  # after which it is worth trying again


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Handler for 400, and for bodies that are too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        return answer(request, TOO_LARGE)
    return answer(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Handler for 403."""
    return answer(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Handler for 404."""
    return answer(request, NOT_FOUND)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Handler for 429: somebody tries too often."""
    return answer(request, TOO_MANY)


def server_error(request: HttpRequest) -> HttpResponse:
    """Handler for 500; asks nothing of the database. A database or disk that is out of order is 503."""
    if not is_outage(sys.exc_info()[1]):  # Django calls this while it handles the exception
        return answer(request, SERVER_ERROR)
    response = answer(request, OUTAGE)
    response.headers["Retry-After"] = str(OUTAGE_SECONDS)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is missing or old."""
    return answer(request, CSRF)


def refusal(request: HttpRequest, problem: Refusal) -> HttpResponse:
    """A refusal of one of the rooms, in its own words and with its own status."""
    return answer(request, Problem(problem.status, _("That cannot be done"), problem.message, problem.code))


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Show `problem` in the form that was asked for: a message for htmx, JSON, or a page."""
    if request.headers.get("HX-Request") == "true":
        # The message goes to the toasts, so that the pane that asked keeps what it shows.
        fragment = render_to_string("web/parts/toast.html", {"text": problem.text, "tone": "error"})
        headers = {"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"}
        return HttpResponse(fragment, status=problem.status, headers=headers)
    if request.accepts("text/html"):
        return HttpResponse(_page(problem), status=problem.status)
    body = {
        "type": "about:blank",
        "title": str(problem.title),
        "status": problem.status,
        "detail": str(problem.text),
        "code": problem.code,
    }
    return JsonResponse(body, status=problem.status, content_type="application/problem+json")


def _page(problem: Problem) -> str:
    language = (get_language() or "en")[:2]
    direction = "rtl" if get_language_info(language)["bidi"] else "ltr"
    return render_to_string(
        "web/error.html", {"problem": problem, "language": language, "direction": direction}
    )
