"""Template tags say the same thing in each language's own way."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from etalage.kit.money import Money
from etalage.kit.text import TranslatedText
from etalage.web.marks import initials, tone


def render(source, language="en", **context):
    with translation.override(language):
        return Template("{% load etalage i18n %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "€12.50"), ("fr", "12,50\xa0€"), ("nl", "€\xa012,50"), ("ar", "12.50")]
)
def test_an_amount_is_written_as_its_reader_writes_it(language, shown):
    out = render("{{ price|money }}", language, price=Money(1250, "EUR"))
    assert shown in out and out.startswith('<bdi class="amount">')


def test_an_amount_from_minor_units_and_no_amount_at_all():
    assert "€0.05" in render('{% amount 5 "EUR" %}')
    assert (
        render("{{ price|money }}{{ count|number }}{{ when|ago }}", price=None, count=None, when=None) == ""
    )


def test_a_moment_is_shown_in_the_zone_that_is_asked_for():
    moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    out = render('{{ moment|moment:"Europe/Brussels" }}', moment=moment)
    assert "2 Jul 2026" in out and "00:30" in out and 'datetime="2026-07-01T22:30:00+00:00"' in out


def test_a_change_carries_its_sign_and_not_only_a_colour():
    assert "+21%" in render("{{ 0.21|change }}")
    assert "\u22126%" in render("{{ ratio|change }}", ratio=-0.06)


def test_a_text_is_said_in_the_readers_language_or_marked_with_its_own():
    name = TranslatedText({"en": "Boots", "ar": "حذاء"})
    assert render("{% said name %}", "ar", name=name) == '<bdi lang="ar" dir="rtl">حذاء</bdi>'
    assert render("{% said name %}", "nl", name=name) == '<bdi lang="en" dir="ltr">Boots</bdi>'
    assert render("{{ name|in_language }}", "ar", name=name) == "حذاء"
    assert (
        render("{% said name %}", name=TranslatedText({"en": "<b>"}))
        == '<bdi lang="en" dir="ltr">&lt;b&gt;</bdi>'
    )


def test_an_icon_is_silent_unless_it_stands_alone():
    assert 'aria-hidden="true"' in render('{% icon "check" %}')
    assert 'aria-label="Done"' in render('{% icon "check" label="Done" %}')
    assert "flip" in render('{% icon "chevron-left" %}') and "flip" not in render('{% icon "check" %}')


def test_a_query_string_keeps_what_it_does_not_change():
    request = RequestFactory().get("/", {"store": "GNT", "after": "9"})
    assert render("{% query after=None by='post' %}", request=request) == "?store=GNT&amp;by=post"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Lena Maes", "LM"), ("@tom_runs", "TR"), ("سارة المنصوري", "س"), ("", "?"), ("9", "9")],
)
def test_initials_work_in_any_script(name, letters):
    assert initials(name) == letters


def test_a_state_has_a_tone_and_an_unknown_one_calls_for_nothing():
    assert (tone("published"), tone("unknown"), tone("error"), tone("whatever")) == (
        "good",
        "warn",
        "bad",
        "plain",
    )


def test_a_day_has_the_style_that_is_asked_for():
    assert render('{{ day|day:"month" }}', "fr", day=date(2026, 11, 2)) == "novembre 2026"


def test_a_qr_code_is_one_path_with_a_name():
    out = render('{% qr "https://shop.example/r/K7M" "Your code" %}')
    assert out.count("<path") == 1 and 'aria-label="Your code"' in out and "style" not in out
