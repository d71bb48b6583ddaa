"""Values of jobs and events to JSON and back: ids, texts, numbers, dates, and lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from inspect import Parameter, signature
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

E = TypeVar("E")
BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def encode(value: Any) -> Any:
    """Return the JSON form of a value. Raises TypeError for what a job should not carry (rows, files)."""
    if isinstance(value, Enum):
        return encode(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [encode(item) for item in value]
    raise TypeError(f"a job carries ids and plain values, not {type(value).__name__}")


def decode(value: Any, hint: Any) -> Any:
    """Return the value that `encode` was given, as the annotation `hint` says; others change nothing."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        choices = [choice for choice in get_args(hint) if choice is not NoneType]
        return decode(value, choices[0]) if value is not None and len(choices) == 1 else value
    if origin in (list, tuple, set, frozenset) and isinstance(value, list):
        items = [choice for choice in get_args(hint) if choice is not Ellipsis]
        each = items if len(items) == len(value) else [items[0] if items else Any] * len(value)
        return origin(decode(item, kind) for item, kind in zip(value, each, strict=True))
    if not isinstance(hint, type) or not isinstance(value, str | int | float):
        return value
    if hint in (datetime, date):
        return hint.fromisoformat(str(value))
    if issubclass(hint, UUID):
        return hint(str(value))
    return hint(value) if issubclass(hint, Enum) else value


def decode_event(kind: type[E], payload: Mapping[str, Any]) -> E:
    """Build an event from its stored payload; fields it no longer has are left out."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind) if field.init]  # type: ignore[arg-type]
    return kind(**{name: decode(payload[name], hints[name]) for name in names if name in payload})


def decode_call(
    function: Any, args: list[Any], kwargs: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Give stored arguments the types of the function's annotations."""
    hints = get_type_hints(function)
    parameters = [p for p in signature(function).parameters.values() if p.name != "context"]
    places = [p.name for p in parameters if p.kind in BY_PLACE]
    named = [hints.get(name, Any) for name in places] + [Any] * len(args)
    ready = [decode(value, hint) for value, hint in zip(args, named, strict=False)]
    return ready, {name: decode(value, hints.get(name, Any)) for name, value in kwargs.items()}
