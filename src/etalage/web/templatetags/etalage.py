"""Template tags of the design system: icons, amounts, dates, texts, charts, marks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms, template
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from etalage.accounts import queries
from etalage.kit import formats
from etalage.kit.chart import Chart
from etalage.kit.hours import opening_hours
from etalage.kit.money import Money
from etalage.kit.text import TranslatedText, direction, language_direction
from etalage.web import charts, marks
from etalage.web import qr as qr_codes
from etalage.web.sprite import SHOP_ICONS

register = template.Library()

# Pictures that point somewhere are mirrored where the page is read from right to left.
_DIRECTIONAL = """
arrow-left arrow-right book-open chart-line chart-no-axes-combined chevron-left chevron-right external-link file-text
list list-checks log-in log-out megaphone message-square pencil quote receipt-text send trending-down trending-up undo-2
"""
DIRECTIONAL = frozenset(_DIRECTIONAL.split())
_SILENT = SafeString('aria-hidden="true" focusable="false"')


def _language() -> str:
    return get_language() or "en"


def _zone(zone: str | ZoneInfo) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(str(zone) or "UTC")


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon of the sprite: silent beside words, spoken when `label` stands in for them."""
    classes = " ".join(part for part in ("icon", "flip" if name in DIRECTIONAL else "", css) if part)
    # Width and height: without its style sheet an icon would fill the page.
    sprite = "web/shop-icons.svg" if name in SHOP_ICONS else "web/icons.svg"
    target = f"{static(sprite)}#{name}"
    spoken = format_html('role="img" aria-label="{}"', label) if label else _SILENT
    return format_html(
        '<svg class="{}" width="20" height="20" {}><use href="{}"></use></svg>', classes, spoken, target
    )


# Money, numbers, dates


@register.filter
def money(value: Money | None) -> str:
    """An amount that neither wraps nor changes its place among words of the other direction."""
    if value is None:
        return ""
    return format_html('<bdi class="amount">{}</bdi>', formats.format_money(value, _language()))


@register.filter
def money_text(value: Money | None) -> str:
    """An amount as plain text, for attributes and sentences."""
    return "" if value is None else formats.format_money(value, _language())


@register.simple_tag
def amount(minor: int | None, currency: str) -> str:
    """`minor` units of `currency`, shown like `|money`."""
    return "" if minor is None else money(Money(int(minor), currency))


@register.filter
def hours(text: str) -> str:
    """Opening hours in the reader's language, as far as they are days and times."""
    return opening_hours(text, _language())


@register.filter
def number(value: Any) -> str:
    """A number with the groups of the reader's language; nothing for None."""
    return "" if value is None or value == "" else formats.format_number(value, _language())


@register.filter
def plain_number(value: Any) -> str:
    """A number as machines read it, whatever the language: for attributes."""
    return "" if value is None else str(value)


@register.filter
def percent(ratio: float | Decimal | None, digits: int = 0) -> str:
    """A ratio (0.21) as a percentage."""
    return "" if ratio is None else formats.format_percent(ratio, _language(), digits=digits)


@register.filter
def change(ratio: float | Decimal | None) -> str:
    """A ratio of change with its sign and an arrow; the colour only repeats what the sign says."""
    if ratio is None:
        return ""
    text = formats.format_percent(-ratio if ratio < 0 else ratio, _language())
    if ratio == 0:
        return format_html('<span class="change"><bdi>{}</bdi></span>', text)
    way, sign = ("up", "+") if ratio > 0 else ("down", "\u2212")
    return format_html('<span class="change {}"><bdi>{}{}</bdi></span>', way, sign, text)


@register.filter
def day(value: date | datetime | None, style: formats.DateStyle = "medium") -> str:
    """A date, in the style `short`, `medium`, `long`, `full`, `day_month`, `month` or `weekday`."""
    return "" if value is None else formats.format_date(value, _language(), style)


@register.filter
def moment(value: datetime | None, zone: str | ZoneInfo = "UTC") -> str:
    """An aware moment as the people in `zone` read it."""
    if value is None:
        return ""
    text = formats.format_datetime(value, _zone(zone), _language())
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)


@register.filter
def clock(value: datetime | None, zone: str | ZoneInfo = "UTC") -> str:
    """The time of day of an aware moment in `zone`."""
    if value is None:
        return ""
    text = formats.format_time(value.astimezone(_zone(zone)), _language())
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)


@register.filter
def ago(value: datetime | None) -> str:
    """How long since (or until) an aware moment; the moment itself on hover."""
    if value is None:
        return ""
    exact = formats.format_datetime(value, ZoneInfo("UTC"), _language())
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        value.isoformat(),
        exact,
        formats.relative_time(value, _language()),
    )


# Texts


@register.filter
def in_language(value: TranslatedText | Mapping[str, str] | str | None, language: str = "") -> str:
    """A translated text in the reader's language (or `language`), else in one that there is."""
    if value is None or isinstance(value, str):
        return value or ""
    text = value if isinstance(value, TranslatedText) else TranslatedText(value)
    return text.in_language(language or _language())


@register.simple_tag
def said(value: TranslatedText | Mapping[str, str] | str | None) -> str:
    """A translated text with its own language and direction, for the content of a page."""
    text = value if isinstance(value, TranslatedText) else TranslatedText(value)
    if text.is_empty:
        return ""
    language = text.language_for(_language())
    return format_html(
        '<bdi lang="{}" dir="{}">{}</bdi>', language, language_direction(language), text[language]
    )


@register.filter(name="dir")
def text_direction(value: object) -> str:
    """`rtl` or `ltr`: the direction of a text by its first letter."""
    return direction(str(value))


# Marks and states


register.simple_tag(queries.second_steps)


@register.simple_tag
def network_mark(name: str, label: str = "") -> str:
    """A small letter mark for a network: ours, not the network's own sign."""
    return marks.network(name, label)


@register.simple_tag
def avatar(who: object, css: str = "") -> str:
    """The initials of a person in a circle."""
    return format_html('<span class="avatar {}" aria-hidden="true">{}</span>', css, marks.initials(str(who)))


@register.filter
def tone(value: object) -> str:
    """The tone of a state or a message level: `good`, `warn`, `bad`, `info` or `plain`."""
    return marks.tone(str(value or ""))


@register.filter
def tone_icon(value: object) -> str:
    """The icon that goes with the tone of `value`."""
    return marks.TONE_ICONS[marks.tone(str(value or ""))]


@register.simple_tag
def qr(text: str, label: str) -> str:
    """A QR code of `text`; put it in an element of the class `qr`."""
    return qr_codes.svg(text, label)


# Charts


@register.simple_tag
def line_chart(chart: Chart) -> str:
    """Lines over time, with their numbers as a table beneath."""
    return charts.line(chart, _language())


@register.simple_tag
def bar_chart(chart: Chart) -> str:
    """Bars side by side, or on top of each other when the chart is stacked."""
    return charts.bars(chart, _language())


@register.simple_tag
def sparkline(values: list[float], label: str) -> str:
    """A line as small as a word; `label` says what it shows."""
    return charts.spark(values, label, _language())


# Addresses and forms


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """The page's query string with `changes`; None drops a name."""
    request = context.get("request")
    parameters: QueryDict = request.GET.copy() if request else QueryDict(mutable=True)
    for name, value in changes.items():
        if value is None:
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}"


@register.filter
def widget_kind(field: forms.BoundField) -> str:
    """How a field is laid out: `check` (one box), `group` (a fieldset) or `line`."""
    if isinstance(field.field.widget, forms.CheckboxInput):
        return "check"
    return "group" if field.use_fieldset else "line"
