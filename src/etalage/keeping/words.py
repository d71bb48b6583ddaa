"""Troubles of keeping, in sentences for whoever typed the command."""

from __future__ import annotations


class KeepingTrouble(Exception):
    """A backup or a restore that cannot be; its text says why and what to do. Nothing was changed."""


def megabytes(size: int) -> str:
    """A size in bytes for people."""
    return f"{size / 1_000_000:.1f} MB"
