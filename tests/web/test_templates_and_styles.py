"""House rules for every template and style sheet of every room."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

from etalage.web import navigation, sprite

PACKAGE = Path(sprite.__file__).resolve().parents[1]
TEMPLATES = sorted(PACKAGE.glob("*/templates/**/*.html"))
SHEETS = sorted(PACKAGE.glob("*/static/**/*.css"))
ICONS = set(re.findall(r'<symbol id="([^"]+)"', sprite.SPRITE.read_text(encoding="utf-8")))


def name_of(path):
    return str(path.relative_to(PACKAGE))


def without_comments(text):
    return re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.S)


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_keeps_to_the_security_policy_and_to_the_sprite(path):
    text = without_comments(path.read_text(encoding="utf-8"))
    assert not re.search(r"<[a-z][^>]*\sstyle\s*=", text), "a style attribute"
    assert not re.search(r"<style\b", text), "a style element"
    assert not re.search(r"<[a-z][^>]*\son[a-z]+\s*=", text), "an event handler in the markup"
    assert not re.search(r"<script(?![^>]*(\bsrc=|application/json))", text), "a script in the page"
    assert "hx-on" not in text and "javascript:" not in text
    assert "data:image" not in text
    for used in re.findall(r"""\{% icon ["']([a-z0-9-]+)["']""", text):
        assert used in ICONS, f"the icon {used} is not in the sprite; add it to icons.txt"
    for used in re.findall(r"""\sicon=["']([a-z0-9-]+)["']""", text):
        assert used in ICONS, f"the icon {used} is not in the sprite; add it to icons.txt"


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_pane_that_waits_for_news_also_asks_now_and_then(path):
    # A page that was hidden for a while has closed its stream and misses what was told meanwhile.
    for trigger in re.findall(r'hx-trigger="([^"]*)"', path.read_text(encoding="utf-8")):
        if re.search(r"\b(?!input|change)\w+ from:body", trigger):
            assert "every " in trigger, trigger


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_can_be_read(path):
    get_template(str(path.relative_to(path.parents[len(path.parts) - path.parts.index("templates") - 2])))


def test_the_navigation_and_the_marks_use_icons_that_exist():
    assert {entry.icon for entry in navigation.ENTRIES} <= ICONS


def test_the_sprites_hold_what_their_lists_name():
    assert set(sprite.names()) == ICONS
    few = re.findall(r'<symbol id="([^"]+)"', sprite.SHOP_SPRITE.read_text(encoding="utf-8"))
    assert set(few) == sprite.SHOP_ICONS <= ICONS


PHYSICAL = re.compile(
    r"(?<![\w-])(margin|padding|border)-(left|right|top|bottom)\b|(?<![\w-])(left|right|top|bottom)\s*:|"
    r"text-align:\s*(left|right)|float:\s*(left|right)|(?<![\w-])(min-|max-)?(width|height)\s*:"
)


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_a_sheet_knows_no_left_and_right_and_no_foreign_address(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    rules = re.sub(r"@(media|container)[^{]*", "", text)
    assert not PHYSICAL.search(rules), PHYSICAL.search(rules)
    assert "url(" not in text
    assert "@import" not in text
    assert "!important" not in text.replace("display: none !important", "")
    assert text.count("{") == text.count("}")
    assert text.lstrip().startswith("@layer"), "rules outside a layer beat every layer"


def test_the_own_script_stays_small():
    script = PACKAGE / "web/static/web/etalage.js"
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 200
    assert "eval(" not in script.read_text(encoding="utf-8")


def test_the_first_view_of_the_shop_leaves_room_for_its_pictures():
    sheet = (PACKAGE / "web/static/web/shop.css").stat().st_size
    assert sheet + sprite.SHOP_SPRITE.stat().st_size < 20_000
