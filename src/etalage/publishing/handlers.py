"""What this room does on others' events."""

from __future__ import annotations

from etalage.channels.events import ChannelDisconnected, ChannelResumed
from etalage.jobs.handlers import on
from etalage.publishing.actions import after_disconnection, after_resumption


@on(ChannelResumed)
def go_on(event: ChannelResumed) -> None:
    """A mended channel sends what waited on it, and carries out the changes that were asked for meanwhile."""
    after_resumption(event.channel_id)


@on(ChannelDisconnected)
def stop(event: ChannelDisconnected) -> None:
    """Nothing waits for a channel that is given up."""
    after_disconnection(event.channel_id)
