"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class ChannelPaused:
    """A channel holds its publications back until a person mends it; `reason` is empty when a person paused it."""

    channel_id: UUID
    reason: str


@dataclass(frozen=True)
class ChannelResumed:
    """A channel works again; what waited on it may go out."""

    channel_id: UUID


@dataclass(frozen=True)
class ChannelDisconnected:
    """A channel was given up: nothing can be sent, read or looked up on it any more."""

    channel_id: UUID


@dataclass(frozen=True)
class ReceivedFromNetwork:
    """What somebody did towards a channel is new, was told anew, or was taken away: its row says which."""

    incoming_id: UUID
