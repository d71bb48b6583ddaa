"""Background work of insights."""

from __future__ import annotations

from uuid import UUID

from etalage.insights.actions import credit, days, touches
from etalage.jobs import task
from etalage.jobs.schedule import every


@every(seconds=3)
@task(lease=120)
def drain_clicks() -> None:
    """Take over the edge's clicks."""
    touches.drain_clicks()


@task(lease=600)
def rebuild_stale_days() -> None:
    """Make the sums of changed days again."""
    days.rebuild_stale_days()


@task(lease=600)
def recompute(customer_ids: list[UUID], order_ids: list[UUID], since_us: int) -> None:
    """Compute the credit of these customers' sales since then again, and of these sales."""
    credit.recompute_buyers(customer_ids, order_ids, since_us)


@task(lease=1800)
def recompute_all() -> None:
    """Compute all credit anew."""
    credit.recompute_all()


@every(days=1)
@task(lease=600)
def forget_old_touches() -> None:
    """Keep touches no longer than the business says."""
    touches.forget_old_touches()


@every(days=1)
@task(lease=600)
def clear_the_edge() -> None:
    """Keep the edge's files small: clicks that were taken over, deliveries that were handled."""
    touches.let_go_of_clicks()
    touches.let_go_of_deliveries()
