"""What the rooms declared: tasks, handlers of events, periodic jobs. Filled while modules are imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from etalage.jobs.errors import UnknownTaskError

if TYPE_CHECKING:
    from etalage.jobs.declare import LeasedTask


@dataclass(frozen=True)
class Handler:
    """One reaction to one kind of event."""

    path: str
    event: str
    call: Callable[[Any], object]
    queue: str
    max_attempts: int
    backoff: float
    lease: int
    time_limit: int
    atomic: bool


@dataclass(frozen=True)
class Periodic:
    """A task that runs every `period`, once for the whole installation."""

    name: str
    task: LeasedTask[..., Any]
    period: timedelta


TASKS: dict[str, LeasedTask[..., Any]] = {}
EVENTS: dict[str, type] = {}
HANDLERS: dict[str, Handler] = {}
PERIODIC: dict[str, Periodic] = {}


def path_of(thing: Callable[..., Any] | type) -> str:
    """The dotted name under which a class or function is stored in the database."""
    return f"{thing.__module__}.{thing.__qualname__}"


def room_of(module: str) -> str:
    """The queue of a module that names none: its room, so that no room's crowd starves another's."""
    parts = module.split(".")
    return parts[1] if parts[0] == "etalage" and len(parts) > 2 else "default"


def find_task(path: str) -> LeasedTask[..., Any]:
    """The declared task of that dotted name. Raises UnknownTaskError."""
    try:
        return TASKS[path]
    except KeyError:
        raise UnknownTaskError(path) from None


def most_at_once(queue: str) -> int | None:
    """How many jobs of a queue one worker runs at once: the least that a task of that queue says; None: none does."""
    said = [task.most_at_once for task in TASKS.values() if task.queue_name == queue]
    return min((most for most in said if most is not None), default=None)


def find_handler(path: str) -> Handler:
    """The declared handler of that dotted name. Raises UnknownTaskError."""
    try:
        return HANDLERS[path]
    except KeyError:
        raise UnknownTaskError(path) from None


def find_event(path: str) -> type:
    """The event class of that dotted name. Raises UnknownTaskError."""
    try:
        return EVENTS[path]
    except KeyError:
        raise UnknownTaskError(path) from None


def handlers_of(event: str) -> list[Handler]:
    """The handlers of an event, by its dotted class name, in a stable order."""
    return sorted((h for h in HANDLERS.values() if h.event == event), key=lambda handler: handler.path)


def describe() -> str:
    """The listing that `etalage events` prints: each event with its handlers, the schedule, the tasks."""
    lines = ["Events and who reacts"]
    for event in sorted({*EVENTS, *(handler.event for handler in HANDLERS.values())}):
        lines.append(f"  {event}")
        lines += [f"    -> {handler.path} (queue {handler.queue})" for handler in handlers_of(event)]
    lines.append("Schedule")
    lines += [f"  every {p.period}: {p.name}" for p in sorted(PERIODIC.values(), key=lambda p: p.name)]
    lines.append("Tasks")
    lines += [f"  {path} (queue {task.queue_name})" for path, task in sorted(TASKS.items())]
    return "\n".join(lines)
