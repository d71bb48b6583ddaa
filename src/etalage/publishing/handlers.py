"""What this room does on others' events."""

from __future__ import annotations

from etalage.channels.events import ChannelDisconnected, ChannelResumed
from etalage.jobs.handlers import on
from etalage.publishing.actions import after_disconnection, after_resumption, note_second_copy
from etalage.publishing.events import PublicationDoubled


@on(ChannelResumed)
def go_on(event: ChannelResumed) -> None:
    """A mended channel sends what waited on it, and carries out the changes that were asked for meanwhile."""
    after_resumption(event.channel_id)


@on(ChannelDisconnected)
def stop(event: ChannelDisconnected) -> None:
    """Nothing waits for a channel that is given up."""
    after_disconnection(event.channel_id)


@on(PublicationDoubled)
def show_second_copy(event: PublicationDoubled) -> None:
    """A second copy waits for a person, with the offer to delete the younger one."""
    note_second_copy(event.publication_id, event.remote_id, is_younger=event.is_younger)
