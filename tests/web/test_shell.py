"""The frame: who sees which pages, in which language and theme."""

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from etalage.accounts.models import AuditEntry
from etalage.web.context import Shell
from etalage.web.middleware import language_for, language_of_path
from etalage.web.navigation import items_for


@pytest.fixture
def owner(signed_in):
    return signed_in["owner"]


def test_the_start_page_names_the_shop_and_marks_itself_in_the_navigation(owner):
    page = owner.get("/").content.decode()
    assert "Maison Lune" in page and 'aria-current="page"' in page
    assert '<html lang="en" dir="ltr" data-theme="auto">' in page


def test_a_stranger_is_asked_to_sign_in(world):
    answer = Client().get("/")
    assert answer.status_code == 302 and answer["Location"].startswith(reverse("account_login"))


def test_the_navigation_offers_only_what_the_role_may_open(world):
    offered = {
        role: {item.url for item in items_for(world.staff(role), "/")} for role in ("owner", "counter")
    }
    assert offered["counter"] < offered["owner"]
    for role, client in (("counter", Client()), ("owner", Client())):
        client.force_login(world.staff(role), backend="django.contrib.auth.backends.ModelBackend")
        for url in offered[role]:
            assert client.get(url).status_code == 200, (role, url)


def test_the_page_under_which_one_is_stands_out_in_the_navigation(world):
    current = [
        item.url for item in items_for(world.owner, reverse("accounts:settings") + "people/") if item.current
    ]
    assert current == [reverse("accounts:settings")]
    assert [item.url for item in items_for(world.owner, "/") if item.current] == ["/"]


def test_the_shell_asks_for_the_business_once(owner, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        owner.get(reverse("web:style"))


def test_a_chosen_language_stays_with_the_member_on_every_device(owner, world):
    answer = owner.post("/language/", {"language": "ar", "next": "/style/"})
    assert answer["Location"] == "/style/"
    elsewhere = Client()
    elsewhere.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")
    page = elsewhere.get("/")
    assert '<html lang="ar" dir="rtl"' in page.content.decode()
    assert page["Content-Language"] == "ar"


def test_a_strangers_language_stays_in_the_browser(world):
    browser = Client()
    browser.post("/language/", {"language": "fr", "next": "/account/login/"})
    assert '<html lang="fr"' in browser.get("/account/login/").content.decode()


def test_a_chosen_theme_is_kept_and_nonsense_is_not(owner, world):
    owner.post("/theme/", {"theme": "dark", "next": "/"})
    world.owner.refresh_from_db()
    assert world.owner.theme == "dark"
    assert AuditEntry.objects.filter(action="member.theme_chosen", member=world.owner).exists()
    assert 'data-theme="dark"' in owner.get("/").content.decode()
    owner.post("/theme/", {"theme": "x" * 500})
    world.owner.refresh_from_db()
    assert world.owner.theme == "dark"
    owner.post("/theme/", {"theme": "auto"})
    assert 'data-theme="auto"' in owner.get("/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_a_choice_never_leads_away_from_the_shop(owner, target):
    assert owner.post("/language/", {"language": "nl", "next": target})["Location"] == "/"


def test_the_language_of_an_address_beats_every_wish():
    request = RequestFactory().get("/nl/p/boots", headers={"accept-language": "ar", "cookie": "language=fr"})
    assert language_for(request) == "nl"
    assert (language_of_path("/fr"), language_of_path("/french/"), language_of_path("/")) == ("fr", "", "")


def test_before_the_shop_is_set_up_the_frame_still_stands(db):
    frame = Shell(RequestFactory().get("/"))
    assert (frame.business_name, frame.zone, frame.currency, frame.nav, frame.live_url) == (
        "Etalage",
        "UTC",
        "EUR",
        [],
        "",
    )


def test_the_style_page_shows_every_part_in_every_language(owner):
    for code in ("en", "fr", "nl", "ar"):
        owner.post("/language/", {"language": code})
        assert owner.get("/style/").status_code == 200


def test_the_demo_says_that_it_is_one(owner, settings):
    assert "demo-banner" not in owner.get("/").content.decode()
    settings.DEMO = True
    assert "demo-banner" in owner.get("/").content.decode()


def test_messages_are_shown_once_as_toasts(owner):
    answer = owner.post(reverse("account_logout"), follow=True)
    assert "notice" in answer.content.decode() or "toast" in answer.content.decode()
