"""Background work of this room: an id in, an action called."""

from __future__ import annotations

from uuid import UUID

from etalage.channels import actions
from etalage.channels.queries import grants_to_renew
from etalage.jobs import enqueue_once, is_stopping, task
from etalage.jobs.lease import current_lease
from etalage.jobs.schedule import every
from etalage.kit import clock


@every(seconds=5)
@task()
def listen() -> None:
    """Have each channel read whose turn it is; each is a job of its own, so that a slow network holds up no other."""
    actions.mend_moments(clock.now())
    for channel_id in actions.channels_to_read(clock.now()):
        enqueue_once(read_channel, str(channel_id), channel_id)


@task(max_attempts=3)
def read_channel(channel_id: UUID) -> int:
    """Ask one network for what came in."""
    return actions.read_channel(channel_id)


@every(minutes=1)
@task(queue_name="streams")
def hold_streams() -> int:
    """Hear at once what happens where networks stream; a queue of its own, because it goes on for long."""
    lease = current_lease()
    return actions.hold_streams(lambda: lease.remaining() > 0 and not is_stopping())


@task(max_attempts=20)
def subscribe(channel_id: UUID) -> None:
    """Have one network tell us at once."""
    actions.subscribe_channel(channel_id)


@every(minutes=1)
@task()
def subscribe_again() -> None:
    """Have networks deliver to the address that the shop has now."""
    for channel_id in actions.channels_to_subscribe():
        enqueue_once(subscribe, str(channel_id), channel_id)


@task(max_attempts=20)
def leave(channel_id: UUID, grant_id: UUID) -> None:
    """Take leave of one network."""
    actions.leave_network(channel_id, grant_id)


@every(seconds=3)
@task(lease=120)
def drain_incoming() -> int:
    """Take in what waits in the edge's journal."""
    return actions.drain_incoming(wait_s=0.0)  # who drains now goes on until nothing waits


@every(minutes=1)
@task()
def measure() -> None:
    """Have the figures of each channel read whose turn it is."""
    for channel_id in actions.channels_to_measure(clock.now()):
        enqueue_once(measure_channel, str(channel_id), channel_id)


@task(max_attempts=3)
def measure_channel(channel_id: UUID) -> int:
    """Ask one network for figures."""
    return actions.measure_channel(channel_id)


@every(seconds=20)
@task()
def renew_grants() -> None:
    """Have the tokens renewed that end soon, and those that ended already."""
    for channel_id in grants_to_renew(clock.now()):
        enqueue_once(renew_grant, str(channel_id), channel_id)


@task(max_attempts=3)
def renew_grant(channel_id: UUID) -> None:
    """Renew one channel's tokens."""
    actions.renew_grant(channel_id)


@every(days=1)
@task(lease=600)
def forget_old_incoming() -> None:
    """Keep what people did no longer than is said."""
    actions.forget_old_incoming()


@every(hours=1)
@task(max_attempts=20, lease=600)
def search_journal() -> None:
    """Empty what the journal holds of people who were erased."""
    actions.search_journal()


@every(hours=1)
@task()
def destroy_left_grants() -> None:
    """Keep no token of a channel that was given up."""
    actions.destroy_left_grants()
