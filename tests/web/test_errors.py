"""When something cannot be done, people read what to do next, in their language and in the form they asked for."""

import json

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpResponseRedirect
from django.test import Client, RequestFactory
from django.urls import path
from django.utils.translation import gettext_lazy as _

from etalage.kit.errors import Refusal, gettext_noop
from etalage.urls import urlpatterns as real_urls
from etalage.web import errors


def refuse(request):
    raise Refusal(_("Somebody was faster: choose another size."), code="sold_out", status=409)


def refuse_plainly(request):
    raise Refusal(gettext_noop("Wait %(seconds)s seconds."), code="slow", status=429, seconds=30)


def forbid(request):
    raise PermissionDenied


def too_big(request):
    raise RequestDataTooBig


def send_to_sign_in(request):
    return HttpResponseRedirect("/account/login/?next=/pane/")


urlpatterns = [
    path("refuse/", refuse),
    path("plain/", refuse_plainly),
    path("forbid/", forbid),
    path("big/", too_big),
    path("pane/", send_to_sign_in),
    *real_urls,
]
handler400, handler403 = errors.bad_request, errors.forbidden
handler404, handler500 = errors.not_found, errors.server_error


@pytest.fixture
def browser(settings, client):
    settings.ROOT_URLCONF = __name__
    return client


def test_a_refusal_is_a_page_in_its_own_words(browser):
    answer = browser.get("/refuse/", headers={"accept": "text/html"})
    assert answer.status_code == 409
    assert "Somebody was faster: choose another size." in answer.content.decode()


def test_a_refusal_of_a_fragment_goes_to_the_messages_and_leaves_the_pane(browser):
    answer = browser.get("/refuse/", headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (409, "#toasts", "beforeend")
    assert "<html" not in answer.content.decode() and "Somebody was faster" in answer.content.decode()


def test_a_refusal_is_a_problem_for_programs(browser):
    answer = browser.get("/plain/", headers={"accept": "application/json"})
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert (body["status"], body["code"], body["detail"]) == (429, "slow", "Wait 30 seconds.")


@pytest.mark.parametrize(("address", "status"), [("/forbid/", 403), ("/big/", 413), ("/nothing/here/", 404)])
def test_each_error_has_its_page(browser, address, status):
    browser.raise_request_exception = False
    answer = browser.get(address, headers={"accept": "text/html", "accept-language": "ar"})
    assert answer.status_code == status
    assert '<html lang="ar" dir="rtl">' in answer.content.decode()


def test_the_page_for_our_own_faults_needs_no_database():
    # This test has no access to a database: asking it anything would fail here.
    answer = errors.server_error(RequestFactory().get("/", headers={"accept": "text/html"}))
    assert answer.status_code == 500 and "Something broke on our side" in answer.content.decode()


def test_an_old_form_is_asked_for_again(db):
    answer = Client(enforce_csrf_checks=True).post(
        "/language/", {"language": "fr"}, headers={"accept": "text/html"}
    )
    assert answer.status_code == 403 and "Please send that again" in answer.content.decode()


def test_a_pane_whose_member_is_signed_out_reloads_its_page(browser):
    answer = browser.get("/pane/", headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")
    assert browser.get("/pane/").status_code == 302
