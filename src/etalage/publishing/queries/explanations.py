"""What a publication's state means to a person: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from etalage.channels.models import ChannelState
from etalage.channels.reasons import what_to_do
from etalage.publishing.models import CopyState, Publication
from etalage.publishing.models import DeliveryState as S


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
    "second_copy": _("A second copy was seen on the network."),
    "copy_removed": _("The younger copy was deleted."),
    "stood_still": _("The program stood still for too long. Nothing was sent, and it goes on by itself."),
    "picture_unread": _("A picture could not be read from the disk. It is tried again by itself."),
    "too_late": _("Its time was over before it could go out."),
    "cannot_tell": _("We looked several times and could not find out whether it stands there."),
    "broke_off": _("Something went wrong in the program. Nothing was sent, and it goes on by itself."),
    "seen": _("You saw it on the network."),
    "not_there": _("You said that it does not stand there. It goes out again."),
}


#: What a person is asked about, where it is not a doubt that looks could not settle.
_ASKED: Mapping[str, Promise] = {
    "workers_lost": _(
        "Etalage was stopped each time while it worked on this, so it leaves it alone. "
        "Look on the network whether it stands there, and tell us."
    ),
}

_PERHAPS_AGAIN = _(
    "A backup was put back, and this may have been sent again since it was made. "
    "If you try again, we ask you first what you see on the network."
)
_TWICE = Explanation(
    _("Stands there twice"),
    _("The network has it twice. Delete the younger copy, or say that both may stay."),
)
_BEING_DELETED = Explanation(
    _("Stands there twice"), _("The network is asked to delete the younger copy. Nothing is to be done.")
)


def explain(publication: Publication) -> Explanation:
    """The state's title, and the sentence that fits state, reason and channel best. Reads `publication.copies`."""
    state = S(publication.state)
    copies = {copy.state: copy for copy in publication.copies.all()}
    if refused := copies.get(CopyState.OPEN):
        return Explanation(_TWICE.title, what_to_do(refused.reason) or _TWICE.what_to_do)
    if CopyState.ASKED in copies:
        return _BEING_DELETED
    if state in (S.APPROVED, S.SCHEDULED) and publication.channel.state == ChannelState.PAUSED:
        why = what_to_do(publication.channel.pause_reason)
        return Explanation(
            state.label, why or _("Its channel is paused. It goes out when the channel is resumed.")
        )
    if state is S.NEEDS_PERSON:  # its reason tells how the doubt began, not what to do about it
        return Explanation(state.label, _ASKED.get(publication.reason, _SENTENCES[state]))
    if publication.perhaps_out and state in (S.REJECTED, S.EXPIRED):
        return Explanation(state.label, _PERHAPS_AGAIN)
    if state is S.EXPIRED:  # its reason tells what kept it waiting, which does not go on by itself any more
        return Explanation(state.label, _SENTENCES[state])
    sentence = _REASONS.get(publication.reason) or what_to_do(publication.reason)
    if publication.reason == "channel_paused" and publication.channel.state == ChannelState.ACTIVE:
        sentence = ""
    return Explanation(state.label, sentence or _SENTENCES[state])


def sentence_for(reason: str) -> str | Promise:
    """What one reason means, whatever the state; empty for one that says nothing to a person."""
    return _REASONS.get(reason) or _ASKED.get(reason) or what_to_do(reason)
