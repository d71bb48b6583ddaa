"""The practice network as the workers under fire see it: a hasty connector with points at which a process can end."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.backends.signals import connection_created

from etalage.networks import registry
from etalage.networks.base import Account, Delivery, Look, Outcome, Rendition, Step
from etalage.networks.practice.connector import PracticeConnector

POINTS = ("statement", "before_step", "after_step", "before_send", "after_send", "before_look", "after_look")
WAITS = 0.2  # seconds for an answer


@dataclass
class Plan:
    """At the `number`-th time that this process passes the point, `act` happens to it."""

    point: str = ""
    number: int = 0
    act: Callable[[], None] = lambda: None


PLAN = Plan()


def plan(point: str, number: int, act: Callable[[], None]) -> None:
    """Make a plan for this process."""
    PLAN.point, PLAN.number, PLAN.act = point, number, act


def drawn(chance: random.Random, points: tuple[str, ...] = POINTS) -> tuple[str, int]:
    """A point and which passing of it; a statement out of the first hundred or so."""
    point = chance.choice(points)
    return point, chance.randint(1, 120) if point == "statement" else chance.randint(1, 4)


def passing(point: str) -> None:
    """The process passes a point."""
    if PLAN.point == point:
        PLAN.number -= 1
        if PLAN.number == 0:
            PLAN.act()


def kill_me() -> None:
    """As by `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


class HastyConnector(PracticeConnector):
    """Gives up on an answer soon, and tells the plan what it is about to do."""

    def __init__(self) -> None:
        super().__init__(read_seconds=WAITS, write_seconds=WAITS)

    def take_step(self, account: Account, rendition: Rendition, delivery: Delivery, step: Step) -> Any:
        passing("before_step")
        answer = super().take_step(account, rendition, delivery, step)
        passing("after_step")
        return answer

    def commit(self, account: Account, rendition: Rendition, delivery: Delivery) -> Outcome:
        passing("before_send")
        answer = super().commit(account, rendition, delivery)
        passing("after_send")
        return answer

    def look(self, account: Account, delivery: Delivery, since: datetime) -> Look:
        passing("before_look")
        answer = super().look(account, delivery, since)
        passing("after_look")
        return answer


def _count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    passing("statement")
    return execute(sql, params, many, context)


def _listen(connection: Any, **_more: Any) -> None:
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


def install() -> None:
    """Let this process and its children speak through the hasty connector, and count their statements."""
    registry.CONNECTORS["practice"] = "tests.faults.network:HastyConnector"
    registry.get.cache_clear()
    connection_created.connect(_listen)
