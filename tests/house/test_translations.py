"""Every text of the interface is there in four languages, and the tool that says so can see what is wrong."""

import re
import shutil

import pytest
from django.utils.translation import gettext, override, pgettext

from tests import translations

needs_gettext = pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs GNU gettext")
PAGES = '#, python-format\nmsgid "%(count)s page"\nmsgid_plural "%(count)s pages"\n'


@needs_gettext
def test_every_text_is_translated():
    found = translations.troubles()
    assert not found, "\n".join(found[:20])


def wrong(tmp_path, body, language="fr"):
    """What the check says of one message."""
    folder = tmp_path / language / "LC_MESSAGES"
    folder.mkdir(parents=True)
    number, rule = translations.PLURALS[language]
    header = f'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals={number}; plural={rule};\\n"\n\n'
    (folder / "django.po").write_text(header + body, encoding="utf-8")
    (message,) = [each for each in translations.catalog(language, tmp_path) if each.id]
    return list(translations._wrong(message, language, {"Stock"}))


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ('msgid "Posts"\nmsgstr ""', "not translated"),
        ('msgid "Posts"\nmsgstr "Posts"', "English text"),
        ('#, fuzzy\nmsgid "Posts"\nmsgstr "Publications"', "fuzzy"),
        ('#, python-format\nmsgid "Paid: %(amount)s"\nmsgstr "Payé : %(montant)s"', "placeholders"),
        ('msgid "See <a>this</a>"\nmsgstr "Voyez <b>ceci</b>"', "mark-up"),
        ('msgid "Posts "\nmsgstr "Publications"', "white space"),
        (PAGES + 'msgstr[0] "%(count)s page"\nmsgstr[1] ""', "1 of 2 forms"),
        (PAGES + 'msgstr[0] "une page"\nmsgstr[1] "des pages"', "placeholders"),
    ],
)
def test_each_kind_of_mistake_is_seen(tmp_path, body, word):
    assert any(word in trouble for trouble in wrong(tmp_path, body))


@pytest.mark.parametrize(
    "body",
    [
        'msgid "Posts"\nmsgstr "Publications"',
        'msgid "Stock"\nmsgstr "Stock"',
        'msgid "%(a)s · %(b)s"\nmsgstr "%(a)s · %(b)s"',
        PAGES + 'msgstr[0] "une page"\nmsgstr[1] "%(count)s pages"',
    ],
)
def test_what_is_right_passes(tmp_path, body):
    assert wrong(tmp_path, body) == []


def test_arabic_needs_its_six_forms(tmp_path):
    five = "".join(f'msgstr[{number}] "%(count)s صفحة"\n' for number in range(5))
    assert "5 of 6 forms" in wrong(tmp_path, PAGES + five, "ar")[0]


@needs_gettext
def test_an_update_keeps_translations_and_drops_what_is_used_nowhere(tmp_path, capsys):
    translations.update(tmp_path)
    path = tmp_path / "nl" / "LC_MESSAGES" / "django.po"
    text = path.read_text("utf-8").replace('msgid "Saved."\nmsgstr ""', 'msgid "Saved."\nmsgstr "Bewaard."')
    path.write_text(text + '\nmsgid "Nowhere"\nmsgstr "Nergens"\n', encoding="utf-8")
    translations.update(tmp_path)
    assert path.read_text("utf-8") == text
    assert 'msgstr "Bewaard."' in text
    translations.compile_all(tmp_path)
    assert not [line for line in translations._compiled("nl", tmp_path) if "older" in line]
    path.write_text(text.replace("Bewaard.", "Opgeslagen."), encoding="utf-8")
    assert [line for line in translations._compiled("nl", tmp_path) if "older" in line]


def test_arabic_never_says_a_number_in_words_and_then_in_digits() -> None:
    doubled = [
        form
        for message in translations._messages(translations.catalog("ar"))
        if isinstance(message.id, tuple)
        for form in translations._forms(message)[:3]
        if re.search(r"\(%\(\w+\)[ds]\)", form)
    ]
    assert doubled == []


@pytest.mark.parametrize(
    ("context", "word", "said"),
    [
        ("role", "Counter", "Au comptoir"),
        ("amount", "Paid", "Payé"),
        ("date", "Published", "Publiée le"),
        ("posts", "Published", "Publiées"),
        ("button", "Put away", "Archiver"),
    ],
)
def test_one_english_word_has_the_french_words_that_fit_its_place(context: str, word: str, said: str) -> None:
    with override("fr"):
        assert pgettext(context, word) == said
        assert gettext(word) != said
