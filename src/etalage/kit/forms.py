"""Form fields that every room may use: a text per language, money, pictures, days and moments.

Their widgets are drawn by templates of the web shell (`web/widgets/…`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_decimal_symbol
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from etalage.kit.amounts import parse_amount
from etalage.kit.formats import format_number, locale
from etalage.kit.money import Money, exponent
from etalage.kit.text import LANGUAGES, TranslatedText, language_direction

PICTURE_TYPES = "image/jpeg,image/png,image/webp,image/avif"
_NOT_AN_AMOUNT = _("Write an amount such as %(example)s.")


class TranslatedTextWidget(forms.Widget):
    """An input (or a text area) per language, each with its language and direction."""

    template_name = "web/widgets/translated.html"
    use_fieldset = True

    def __init__(
        self,
        languages: Sequence[str] = LANGUAGES,
        *,
        textarea: bool = False,
        attrs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(attrs)
        self.languages = tuple(languages)
        self.required_languages: tuple[str, ...] = ()
        self.textarea = textarea

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """Nothing: the legend names the group, and each input has a label of its own."""
        return ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        texts = value if isinstance(value, Mapping) else {}
        base = context["widget"]["attrs"].pop("id", f"id_{name}")
        context["widget"]["attrs"].pop("required", None)
        context["widget"]["textarea"] = self.textarea
        context["widget"]["inputs"] = [
            {
                "code": code,
                "language": str(get_language_info(code)["name_local"]).capitalize(),
                "dir": language_direction(code),
                "name": f"{name}_{code}",
                "id": f"{base}_{code}",
                "value": texts.get(code, ""),
                "required": code in self.required_languages,
            }
            for code in self.languages
        ]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, str]:
        return {code: str(data.get(f"{name}_{code}", "")) for code in self.languages}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(f"{name}_{code}" in data for code in self.languages)


class TranslatedTextField(forms.Field):
    """Cleans to a `TranslatedText`.

    A required field asks for at least one language; `required_languages` names those that must be there.
    """

    widget: Any = TranslatedTextWidget

    def __init__(
        self,
        *,
        languages: Sequence[str] | None = None,
        required_languages: Sequence[str] = (),
        textarea: bool = False,
        max_length: int | None = None,
        **options: Any,
    ) -> None:
        attrs = {"maxlength": max_length} if max_length else {}
        widget = TranslatedTextWidget(languages or LANGUAGES, textarea=textarea, attrs=attrs)
        widget.required_languages = tuple(required_languages)
        options.setdefault("widget", widget)
        super().__init__(**options)
        self.max_length = max_length
        self.required_languages = tuple(required_languages)

    def to_python(self, value: Any) -> TranslatedText:
        return TranslatedText({code: str(text).strip() for code, text in (value or {}).items()})

    def validate(self, value: TranslatedText) -> None:
        if self.required and value.is_empty:
            raise ValidationError(_("Write the text in at least one language."), code="required")
        for code in self.required_languages:
            if code not in value:
                language = get_language_info(code)["name_translated"]
                raise ValidationError(
                    _("The text in %(language)s is missing."), code="required", params={"language": language}
                )
        if self.max_length and any(len(text) > self.max_length for text in value.values()):
            raise ValidationError(
                _("A text may have at most %(limit)s characters."),
                code="max_length",
                params={"limit": self.max_length},
            )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class MoneyInput(forms.TextInput):
    """A text input with the currency behind it; a phone shows the keypad with the decimal mark."""

    template_name = "web/widgets/money.html"
    currency = "EUR"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["currency"] = self.currency
        return context


class MoneyField(forms.Field):
    """Cleans to `Money` in `currency`, which a form may set when it is made. Takes point and comma."""

    widget: Any = MoneyInput

    def __init__(self, *, currency: str = "EUR", at_least: int | None = None, **options: Any) -> None:
        """`at_least` is the lowest amount taken, in minor units."""
        super().__init__(**options)
        self.at_least = at_least
        self.currency = currency

    @property
    def currency(self) -> str:
        return self._currency

    @currency.setter
    def currency(self, code: str) -> None:
        self._currency = code
        self.widget.currency = code

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off", "class": "ltr"}

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Money):
            return value
        return format_number(value.decimal, _language(), digits=exponent(value.currency))

    def to_python(self, value: Any) -> Money | None:
        if isinstance(value, Money):
            return value
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return Money(parse_amount(text, self.currency, _decimal_mark()), self.currency)
        except ValueError as problem:
            example = format_number(Decimal("12.5"), _language(), digits=exponent(self.currency))
            raise ValidationError(_NOT_AN_AMOUNT, code="invalid", params={"example": example}) from problem

    def validate(self, value: Money | None) -> None:
        super().validate(value)
        if value is not None and self.at_least is not None and value.minor < self.at_least:
            raise ValidationError(_("The amount is too low."), code="min_value")

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


class PictureInput(forms.FileInput):
    """A file input that offers pictures only."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"accept": PICTURE_TYPES, **(attrs or {})})


class PicturesInput(PictureInput):
    """Several pictures at once."""

    allow_multiple_selected = True


class PictureField(forms.FileField):
    """One uploaded file that says it is a picture; `kit.images` finds out whether that is true."""

    widget: Any = PictureInput


class PicturesField(forms.FileField):
    """Cleans to a list of uploaded files, at most `limit`."""

    widget: Any = PicturesInput

    def __init__(self, *, limit: int = 10, **options: Any) -> None:
        super().__init__(**options)
        self.limit = limit

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        given = data or [None] if isinstance(data, list) else [data]
        files = [super(PicturesField, self).clean(one, initial) for one in given]
        if len(files) > self.limit:
            raise ValidationError(
                _("Choose at most %(limit)s pictures."), code="too_many", params={"limit": self.limit}
            )
        return [one for one in files if one]


class DayField(forms.DateField):
    """A date, chosen with the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(input_formats=["%Y-%m-%d"], **options)


class MomentField(forms.Field):
    """A date and time as people in `zone` write it; cleans to an aware moment in UTC.

    A form sets `zone` (a name) when it is made. A time that the clocks skip in spring is refused; one that they
    show twice in autumn means the first.
    """

    def __init__(self, *, zone: str = "UTC", **options: Any) -> None:
        options.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        )
        super().__init__(**options)
        self.zone = zone

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
        if value in self.empty_values:
            return None
        try:
            local = datetime.fromisoformat(str(value)).replace(tzinfo=None)
        except ValueError as problem:
            raise ValidationError(_("Write a date and a time."), code="invalid") from problem
        moment = local.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        if moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None) != local:
            raise ValidationError(
                _("The clocks skip this hour on that day. Choose another time."), code="skipped"
            )
        return moment

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


def _language() -> str:
    return get_language() or "en"


def _decimal_mark() -> str:
    """The decimal mark of the reader's language, for amounts that can be read in two ways."""
    mark = get_decimal_symbol(locale(_language()))
    return mark if mark in (".", ",") else "."
