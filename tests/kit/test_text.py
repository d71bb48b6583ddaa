"""Texts know their languages, their direction and their length as a reader sees it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.kit import text
from etalage.kit.text import LANGUAGES, TranslatedText

TEXTS = st.dictionaries(st.sampled_from(LANGUAGES), st.text(max_size=12))


def test_the_asked_language_wins_then_the_default_then_whatever_there_is() -> None:
    words = TranslatedText({"fr": "Écharpe", "ar": "وشاح"})
    assert words.in_language("ar") == "وشاح"
    assert words.in_language("fr-be") == "Écharpe"
    assert words.in_language("nl", default="ar") == "وشاح"
    assert words.in_language("nl") == "Écharpe"
    assert words.language_for("nl") == "fr"


def test_an_empty_text_reads_as_nothing() -> None:
    empty = TranslatedText({"en": "  ", "fr": ""})
    assert empty.is_empty
    assert empty.in_language("fr") == str(empty) == empty.language_for("fr") == ""
    assert empty == TranslatedText() == TranslatedText(None)


def test_one_text_stands_in_one_language() -> None:
    assert dict(TranslatedText("Sjaal", language="nl")) == {"nl": "Sjaal"}


@pytest.mark.parametrize("wrong", [{"de": "Schal"}, {"": "x"}, {"EN": "x"}])
def test_a_language_we_do_not_have_is_refused(wrong: Mapping[str, str]) -> None:
    with pytest.raises(ValueError, match="not one of the languages"):
        TranslatedText(wrong)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="not a text"):
        TranslatedText({"en": 3})  # type: ignore[dict-item]


@settings(deadline=None)
@given(TEXTS, st.sampled_from(LANGUAGES), st.sampled_from(LANGUAGES))
def test_a_text_is_never_lost_to_a_missing_translation(
    texts: dict[str, str], asked: str, default: str
) -> None:
    words = TranslatedText(texts)
    shown = words.in_language(asked, default)
    assert bool(shown) == any(text.strip() for text in texts.values())
    assert shown in {*texts.values(), ""}
    assert dict(words) == {code: said for code, said in texts.items() if said.strip()}


@settings(deadline=None)
@given(TEXTS)
def test_equal_texts_are_one_and_the_same_to_sets_copies_and_pickles(texts: dict[str, str]) -> None:
    words = TranslatedText(texts)
    again = TranslatedText(dict(reversed(texts.items())))
    assert words == again
    assert hash(words) == hash(again)
    assert copy.deepcopy(words) == pickle.loads(pickle.dumps(words)) == words
    assert words.languages == tuple(code for code in LANGUAGES if code in words)


def test_a_text_is_replaced_in_one_language_and_the_first_stays_as_it_was() -> None:
    words = TranslatedText({"en": "Scarf", "fr": "Écharpe"})
    assert dict(words.with_text("fr", "Foulard")) == {"en": "Scarf", "fr": "Foulard"}
    assert dict(words.with_text("fr", "")) == {"en": "Scarf"}
    assert words["fr"] == "Écharpe"


@pytest.mark.parametrize(
    ("words", "direction"),
    [
        ("Hello", "ltr"),
        ("مرحبا", "rtl"),
        ("12 € — مرحبا", "rtl"),
        ("🎉 (2) Soldes مرحبا", "ltr"),
        ("שלום", "rtl"),
        ("\u2067مرحبا\u2069 hello", "ltr"),  # what is isolated does not count
        ("123", "ltr"),
        ("", "ltr"),
    ],
)
def test_the_first_strong_letter_gives_the_direction(words: str, direction: str) -> None:
    assert text.direction(words) == direction


def test_languages_have_a_direction() -> None:
    assert [text.language_direction(code) for code in (*LANGUAGES, "ar-TN", "he_IL", "")] == [
        "ltr", "ltr", "ltr", "rtl", "rtl", "rtl", "ltr",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>Soft <b>wool</b></p><p>Warm</p>", "Soft wool\nWarm"),
        ("One<br>two<br/>three", "One\ntwo\nthree"),
        ("<ul><li>red</li><li>blue</li></ul>", "red\nblue"),
        ("Fish &amp; chips &lt;3", "Fish & chips <3"),
        ("<script>alert(1)</script>Safe<style>p{}</style>", "Safe"),
        ('<img src=x onerror="alert(1)">Safe', "Safe"),
        ("<h2>Title</h2>\n  Text\n  goes  on", "Title\nText goes on"),
        ("<p>وشاح <i>أحمر</i></p>", "وشاح أحمر"),
        ("a < b and c > d", "a < b and c > d"),
        ("", ""),
        ("<p></p>", ""),
    ],
)
def test_markup_becomes_words(markup: str, words: str) -> None:
    assert text.plain_text(markup) == words


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("Écharpe d'Été", "echarpe-dete"),
        ("Straße & Œuvre", "strasse-oeuvre"),
        ("وشاح أحمر", "وشاح-أحمر"),
        ("مُحَمَّد", "محمد"),
        ("  -- Sjaal!! 2026 -- ", "sjaal-2026"),
        ("ＷＩＤＥ", "wide"),
        ("Rode/sjaal_nr.3", "rode-sjaal-nr-3"),
        ("***", ""),
        ("İstanbul", "istanbul"),
    ],
)
def test_slugs_keep_the_letters_of_every_script(words: str, slug: str) -> None:
    assert text.slugify_any(words) == slug


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_slug_of_a_slug_is_the_same(words: str) -> None:
    slug = text.slugify_any(words)
    assert text.slugify_any(slug) == slug
    assert not set(slug) & set(" /?#%&<>\"'_.")


def test_a_text_is_clipped_between_graphemes() -> None:
    family = "👨‍👩‍👧‍👦"
    assert text.clip("Hello world", 20) == "Hello world"
    assert text.clip("Hello world", 6) == "Hello…"
    assert text.clip("Hello world", 7) == "Hello…"  # no space before the ellipsis
    assert text.clip(family * 3, 2) == family + "…"
    assert text.clip("abc", 1) == "…"
    assert text.clip("abc", 0) == ""


@settings(deadline=None)
@given(st.text(max_size=30), st.integers(0, 12))
def test_a_clipped_text_is_never_too_long(words: str, limit: int) -> None:
    assert text.graphemes(text.clip(words, limit)) <= max(limit, 0)
