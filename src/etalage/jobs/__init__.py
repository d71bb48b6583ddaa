"""Background work: a leased queue in the shop's own database, a schedule, an outbox, live changes."""

from etalage.jobs.declare import enqueue_many, enqueue_once, task
from etalage.jobs.errors import GiveUp, LeaseLost, RetryAt
from etalage.jobs.stopping import is_stopping

__all__ = ["GiveUp", "LeaseLost", "RetryAt", "enqueue_many", "enqueue_once", "is_stopping", "task"]
