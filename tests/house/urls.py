"""Every address of the product, as the URLconf has it now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """A route: its full name, its parameters, the view behind it."""

    name: str
    params: tuple[str, ...]
    view: Any

    @property
    def is_public_page(self) -> bool:
        """True for pages whose address begins with a language."""
        return "lang" in self.params


def addresses() -> list[Address]:
    """All routes, those of other packages too."""
    return list(_walk(get_resolver(), "", ()))


def _walk(resolver: URLResolver, space: str, params: tuple[str, ...]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        inside = (*params, *entry.pattern.converters, *_regex_params(entry))
        if isinstance(entry, URLPattern):
            yield Address(space + str(entry.name or ""), inside, entry.callback)
        else:
            yield from _walk(entry, space + (f"{entry.namespace}:" if entry.namespace else ""), inside)


def _regex_params(entry: URLPattern | URLResolver) -> tuple[str, ...]:
    known = entry.pattern.regex.groupindex
    return tuple(name for name in known if name not in entry.pattern.converters)
