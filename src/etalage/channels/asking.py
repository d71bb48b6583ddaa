"""Asking a connector: one that breaks has told nothing, and what it was asked for must not stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from etalage.networks.base import CouldNotRead, Reason

log = logging.getLogger(__name__)
A = TypeVar("A")


def safely(network: str, call: Callable[[], A]) -> A | CouldNotRead:
    """What the network's connector answers; for one that breaks, that nothing could be read."""
    try:
        return call()
    except Exception as error:
        log.exception("the connector of %s broke", network)
        return CouldNotRead(Reason.UNKNOWN, detail=type(error).__name__)
