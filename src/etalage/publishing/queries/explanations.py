"""What a publication's state means to a person: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from etalage.channels.models import ChannelState
from etalage.channels.reasons import what_to_do
from etalage.publishing.models import DeliveryState as S
from etalage.publishing.models import Publication


@dataclass(frozen=True)
class Explanation:
    """A short title and a sentence that says what to do, or that nothing is to be done."""

    title: str | Promise
    what_to_do: str | Promise


_SENTENCES: Mapping[S, Promise] = {
    S.DRAFT: _("It waits for approval of the post."),
    S.APPROVED: _("It is approved. Choose when it goes out."),
    S.SCHEDULED: _("It goes out by itself at its hour."),
    S.CLAIMED: _("Its pictures are being handed to the network. Nothing is visible yet."),
    S.PREPARED: _("Everything is ready at the network. It becomes visible in a moment."),
    S.SENDING: _("It is on its way. The network's answer is awaited."),
    S.PUBLISHED: _("It stands on the network."),
    S.REJECTED: _("The network refused it. Nothing stands there."),
    S.UNKNOWN: _("The network's answer got lost. We look there before anything is sent again."),
    S.RECONCILING: _("We are looking on the network whether it stands there."),
    S.NEEDS_PERSON: _("We cannot find out whether it stands there. Look on the network and tell us."),
    S.EXPIRED: _("It did not go out in time, so it was not sent late."),
    S.WITHDRAWN: _("It was taken back."),
    S.DROPPED: _("You gave it up."),
}

_REASONS: Mapping[str, Promise] = {
    "channel_gone": _("Its channel was disconnected."),
    "channel_paused": _("Its channel was paused meanwhile. It goes out when the channel is resumed."),
    "worker_lost": _("The program was stopped half-way and goes on by itself."),
    "absent": _("It surely does not stand there. It goes out again by itself."),
    "known_again": _(
        "It goes out again by itself; the network would recognise it, so it cannot stand there twice."
    ),
    "key_too_old": _("Too much time has passed to send it again blindly. We look on the network first."),
    "not_seen_yet": _("It is not seen there yet. We look once more to be sure."),
    "restored": _("A backup was put back. We look on the network first, so that nothing goes out twice."),
    "told_late": _("The network's answer arrived late: it stands there."),
    "found": _("Its answer got lost, and it was found on the network."),
    "seen": _("You saw it on the network."),
    "not_there": _("You said that it does not stand there. It goes out again."),
}


def explain(publication: Publication) -> Explanation:
    """The state's title, and the sentence that fits state, reason and channel best."""
    state = S(publication.state)
    if state in (S.APPROVED, S.SCHEDULED) and publication.channel.state == ChannelState.PAUSED:
        why = what_to_do(publication.channel.pause_reason)
        return Explanation(
            state.label, why or _("Its channel is paused. It goes out when the channel is resumed.")
        )
    if state is S.NEEDS_PERSON:  # its reason tells how the doubt began, not what to do about it
        return Explanation(state.label, _SENTENCES[state])
    sentence = _REASONS.get(publication.reason) or what_to_do(publication.reason)
    if publication.reason == "channel_paused" and publication.channel.state == ChannelState.ACTIVE:
        sentence = ""
    return Explanation(state.label, sentence or _SENTENCES[state])


def sentence_for(reason: str) -> str | Promise:
    """What one reason means, whatever the state; empty for one that says nothing to a person."""
    return _REASONS.get(reason) or what_to_do(reason)
