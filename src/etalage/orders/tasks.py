"""Background work about reservations: an id in, an action called."""

from __future__ import annotations

from uuid import UUID

from etalage.jobs import task
from etalage.jobs.schedule import every
from etalage.kit.letters import erase_kept_letters
from etalage.orders.actions import attempts, closing, letters


@task()
def send_reservation_letter(reservation_id: UUID) -> None:
    """Write to the customer with the code."""
    letters.send_reservation_letter(reservation_id)


@task(max_attempts=20)
def erase_letters(digests: list[str]) -> int:
    """Delete the letters of somebody who was erased, where letters are kept as files."""
    return erase_kept_letters(digests)


@task(atomic=True)
def expire_reservation(reservation_id: UUID) -> None:
    """Give the stock of a reservation back at its hour."""
    closing.expire_reservation(reservation_id)


@every(minutes=5)
@task()
def expire_due_reservations() -> None:
    """Give back what a lost job left behind, and forget old attempts."""
    closing.expire_due()
    attempts.forget_attempts()
