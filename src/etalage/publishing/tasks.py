"""Background work of this room: an id in, an action called."""

from __future__ import annotations

from uuid import UUID

from etalage.channels import actions as channel_actions
from etalage.channels.queries import active_channels
from etalage.jobs import task
from etalage.jobs.schedule import every
from etalage.publishing.actions import pictures
from etalage.publishing.delivery import changes, crew, lag

ROUNDS = 2
"""Rounds that one worker has at once: one may be full of what slow networks hold, the other goes on.

Each hand of a round has a connection to the database, and a round is asked for at each due moment: after an outage they
would be more than PostgreSQL gives, and pages need some.
"""


@every(seconds=5)
@task(queue_name="delivery", priority=10, most_at_once=ROUNDS)
def deliver_due() -> int:
    """Send every publication whose time has come; also asked for at the exact moment of each due time.

    A queue of its own, as the looks have: a round lasts as long as the slowest network, and nothing else waits for it.
    """
    return crew.deliver()


@every(seconds=5)
@task(queue_name="doubts", priority=5, most_at_once=ROUNDS)
def settle_doubts() -> int:
    """Take back what lost workers held, end what is too late, and look for what may stand on a network."""
    return crew.settle()


@task(max_attempts=20, backoff=10)
def change_remote(publication_id: UUID) -> None:
    """Carry out the change that people asked for on a publication that stands on its network."""
    changes.carry_out(publication_id)


@task(max_attempts=20, backoff=10)
def remove_copy(copy_id: int) -> None:
    """Delete the younger copy of a publication that stands on its network twice."""
    changes.remove_copy(copy_id)


@task(max_attempts=5)
def time_showing(publication_id: UUID, looks: int) -> None:
    """See whether a success shows by now: so the network's own lag is known before a doubt needs it."""
    looked = lag.sample(publication_id, looks)
    if looked is not None:
        lag.later(publication_id, looked)


@task()
def forget_file(name: str) -> bool:
    """Delete the file of a picture that no post shows any more."""
    return pictures.forget_file(name)


@every(hours=6)
@task()
def refresh_abilities() -> None:
    """Ask each network anew what the accounts can do; their limits change without notice."""
    for channel in active_channels():
        channel_actions.refresh_abilities(channel.pk)
