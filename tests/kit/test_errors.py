"""Refusals speak the reader's language, also from rooms that know no Django."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from etalage.kit import errors
from etalage.kit.errors import Refusal, gettext_noop, translate_with


@pytest.fixture
def french() -> Iterator[None]:
    """A translator that knows one sentence; the one in use comes back afterwards."""
    before = errors._Speech.translate
    translate_with({"At most %(limit)s pieces.": "Au plus %(limit)s pièces."}.get)  # type: ignore[arg-type]
    yield
    translate_with(before)


def test_a_refusal_says_its_sentence_with_its_values() -> None:
    refusal = Refusal(gettext_noop("At most %(limit)s pieces."), code="too_many", limit=3)
    assert (str(refusal), refusal.code, refusal.status) == ("At most 3 pieces.", "too_many", 400)


def test_a_marked_sentence_is_translated_when_it_is_shown(french: None) -> None:
    assert Refusal("At most %(limit)s pieces.", code="too_many", limit=3).message == "Au plus 3 pièces."


def test_a_lazy_message_is_read_when_it_is_shown_and_not_before() -> None:
    class Lazy:
        language = "en"

        def __str__(self) -> str:
            return {"en": "No.", "fr": "Non."}[self.language]

    lazy = Lazy()
    refusal = Refusal(lazy, code="no", status=409)
    lazy.language = "fr"
    assert str(refusal) == "Non."


def test_a_sentence_without_values_may_hold_a_percent_sign() -> None:
    assert str(Refusal("Credit is over 100 %.", code="credit")) == "Credit is over 100 %."
