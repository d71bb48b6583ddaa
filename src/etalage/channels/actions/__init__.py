"""Every write to channels, grants, and what comes in on them."""

from etalage.channels.actions.access import refresh_abilities, renew_grant
from etalage.channels.actions.authorizing import WayOut, begin_connecting, finish_connecting
from etalage.channels.actions.connecting import connect_channel
from etalage.channels.actions.erasing import (
    erase_author,
    erase_authors_again,
    erased_lines,
    forget_old_incoming,
    forgets_erased,
    search_journal,
)
from etalage.channels.actions.figures import channels_to_measure, measure_channel
from etalage.channels.actions.incoming import KEEP_INCOMING, drain_incoming
from etalage.channels.actions.leaving import destroy_left_grants, leave_network
from etalage.channels.actions.letters import drop_letter, replay_all, replay_letter
from etalage.channels.actions.listening import (
    channels_to_read,
    channels_to_subscribe,
    read_channel,
    subscribe_channel,
)
from etalage.channels.actions.mending import mend_moments
from etalage.channels.actions.standing import (
    disconnect_channel,
    keep_quiet,
    pause_channel,
    rename_channel,
    resume_channel,
    set_language,
)
from etalage.channels.actions.streaming import channels_to_stream, hold_streams

__all__ = [
    "KEEP_INCOMING",
    "WayOut",
    "begin_connecting",
    "channels_to_measure",
    "channels_to_read",
    "channels_to_stream",
    "channels_to_subscribe",
    "connect_channel",
    "destroy_left_grants",
    "disconnect_channel",
    "drain_incoming",
    "drop_letter",
    "erase_author",
    "erase_authors_again",
    "erased_lines",
    "finish_connecting",
    "forget_old_incoming",
    "forgets_erased",
    "hold_streams",
    "keep_quiet",
    "leave_network",
    "measure_channel",
    "mend_moments",
    "pause_channel",
    "read_channel",
    "refresh_abilities",
    "rename_channel",
    "renew_grant",
    "replay_all",
    "replay_letter",
    "resume_channel",
    "search_journal",
    "set_language",
    "subscribe_channel",
]
