"""Django fields and bases that rooms share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import models
from django.db.models.expressions import Expression
from django.db.models.fields.json import KeyTransform
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from etalage.kit.ids import uuid7
from etalage.kit.secrets import Cipher
from etalage.kit.text import TranslatedText

if TYPE_CHECKING:
    _TranslatedBase = models.JSONField[TranslatedText | Mapping[str, str] | str, TranslatedText]
    _SecretBase = models.TextField[str | None, str]
else:
    _TranslatedBase, _SecretBase = models.JSONField, models.TextField


class UUIDModel(models.Model):
    """A row whose id is a UUIDv7: made by us before saving, sorted by time of making."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class _TextIn(DeferredAttribute):
    """Makes whatever is assigned a TranslatedText at once, so that unsaved rows read like saved ones."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = _translated(value)


class TranslatedField(_TranslatedBase):
    """A text per language, stored as {"en": …}; reads as `TranslatedText`, takes a mapping or a text."""

    description = "A text per language"
    descriptor_class = _TextIn

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("default", TranslatedText)
        super().__init__(*args, **options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, options = super().deconstruct()
        if options.get("default") is TranslatedText:
            del options["default"]
        return name, path, args, options

    def from_db_value(self, value: Any, expression: Expression, connection: Any) -> Any:
        read = super().from_db_value(value, expression, connection)
        return read if isinstance(expression, KeyTransform) else _translated(read)

    def to_python(self, value: Any) -> TranslatedText | None:
        try:
            read: TranslatedText | None = _translated(value)
        except (TypeError, ValueError) as problem:
            raise ValidationError(_("Give the text per language."), code="invalid") from problem
        return read

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(dict(value) if isinstance(value, TranslatedText) else value)

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(dict(value) if isinstance(value, TranslatedText) else value, model_instance)

    def value_to_string(self, obj: models.Model) -> Any:
        return dict(self.value_from_object(obj))


class SecretText(str):
    """A decrypted secret: a text that does not show itself in logs, debuggers or error pages."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "SecretText('…')"


class EncryptedTextField(_SecretBase):
    """A text that is encrypted in the database with `settings.SECRET_KEYS`, newest key first.

    Nothing can be looked up in it but whether it is null, and dumps leave it out. Without keys it refuses to
    save and to read, with ImproperlyConfigured.
    """

    description = "A text that the database keeps encrypted"

    def __init__(self, *args: Any, **options: Any) -> None:
        options["serialize"] = False
        super().__init__(*args, **options)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, options = super().deconstruct()
        options.pop("serialize", None)
        return name, path, args, options

    def check(self, **options: Any) -> list[CheckMessage]:
        found = list(super().check(**options))
        if self.unique or self.primary_key or getattr(self, "db_index", False):
            found.append(
                Error("An encrypted field cannot be unique or indexed.", obj=self, id="etalage.E014")
            )
        return found

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: nothing can be looked up in it.")
        return super().get_lookup(lookup_name)

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return None if text is None else configured_cipher().encrypt(str(text))

    def from_db_value(self, value: str | None, expression: Expression, connection: Any) -> SecretText | None:
        return None if value is None else SecretText(configured_cipher().decrypt(value))


def configured_cipher() -> Cipher:
    """The cipher of this installation; ImproperlyConfigured when it has no keys."""
    keys = tuple(settings.SECRET_KEYS or ())
    if not keys:
        raise ImproperlyConfigured("Set ETALAGE_SECRET_KEYS: without it no secret can be kept or read.")
    return _cipher(keys)


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> Cipher:
    return Cipher(keys)


def _translated(value: Any) -> Any:
    """A TranslatedText for whatever may stand for one; expressions and None pass."""
    if value is None or isinstance(value, TranslatedText) or hasattr(value, "resolve_expression"):
        return value
    return TranslatedText(value)
