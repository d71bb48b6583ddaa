"""Addresses of pages that this installation may or may not have."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def address(route: str, *arguments: object) -> str:
    """The address of a page; empty where there is no such page."""
    try:
        return reverse(route, args=arguments)
    except NoReverseMatch:
        return ""
