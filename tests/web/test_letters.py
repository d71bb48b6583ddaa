"""E-mails in the shop's look, in both directions, without anything that mail programs refuse."""

import pytest
from django.template.loader import render_to_string


@pytest.mark.parametrize(("lang", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_a_letter_has_its_direction_and_its_button(lang, direction):
    context = {
        "lang": lang,
        "dir": direction,
        "business_name": "Maison <Lune>",
        "action_url": "https://shop.example/?a=1&b=2",
        "action_label": "Open",
    }
    letter = render_to_string("web/email/base.html", context)
    assert f'<html lang="{lang}" dir="{direction}">' in letter
    assert "Maison &lt;Lune&gt;" in letter and 'href="https://shop.example/?a=1&amp;b=2"' in letter
    assert "style=" not in letter and "<script" not in letter
    plain = render_to_string("web/email/base.txt", context)
    assert "Maison <Lune>" in plain and "Open: https://shop.example/?a=1&b=2" in plain


def test_a_letter_without_a_button_has_none():
    assert "<a " not in render_to_string(
        "web/email/base.html", {"lang": "en", "dir": "ltr", "business_name": "x"}
    )
