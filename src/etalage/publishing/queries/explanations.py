"""What a publication's state means to a person: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from etalage.channels.grants import FOR_PEOPLE
from etalage.channels.models import ChannelState
from etalage.channels.reasons import Advice, Who, advice_on
from etalage.publishing.models import Change, CopyState, Publication
from etalage.publishing.models import DeliveryState as S


@dataclass(frozen=True)
class Explanation:
    """A short title, who has to act, and a sentence that says what to do, or that nothing is to be done.

    `at_channel`: the page of its channel is where a manager does it.
    """

    title: str | Promise
    what_to_do: str | Promise
    who: Who = Who.NOBODY
    at_channel: bool = False


_SENTENCES: Mapping[S, Advice] = {
    S.DRAFT: Advice(Who.HERE, _("It waits until a manager approves the post.")),
    S.APPROVED: Advice(Who.HERE, _("It is approved. Choose when it goes out.")),
    S.SCHEDULED: Advice(Who.NOBODY, _("It goes out by itself at its hour.")),
    S.CLAIMED: Advice(Who.NOBODY, _("Its pictures are being handed to the network. Nothing is visible yet.")),
    S.PREPARED: Advice(Who.NOBODY, _("Everything is ready at the network. It becomes visible in a moment.")),
    S.SENDING: Advice(Who.NOBODY, _("It is on its way. The network's answer is awaited.")),
    S.PUBLISHED: Advice(Who.NOBODY, _("It stands on the network.")),
    S.REJECTED: Advice(
        Who.HERE, _("The network refused it. Nothing stands there. Change the post, or try again.")
    ),
    S.UNKNOWN: Advice(
        Who.NOBODY,
        _("The network's answer got lost. Etalage looks there by itself before anything is sent again."),
    ),
    S.RECONCILING: Advice(
        Who.NOBODY, _("Etalage is looking on the network by itself whether it stands there.")
    ),
    S.NEEDS_PERSON: Advice(
        Who.HERE, _("We cannot find out whether it stands there. Look on the network and tell us.")
    ),
    S.EXPIRED: Advice(
        Who.HERE, _("It did not go out in time, so it was not sent late. Try again if it still should.")
    ),
    S.WITHDRAWN: Advice(Who.NOBODY, _("It was taken back.")),
    S.DROPPED: Advice(Who.NOBODY, _("You gave it up.")),
}

_GOES_ON: Mapping[str, Promise] = {
    "channel_paused": _("Its channel was paused meanwhile. It goes out when a manager resumes the channel."),
    "worker_lost": _("The program was stopped half-way and goes on by itself."),
    "absent": _("It surely does not stand there. It goes out again by itself."),
    "known_again": _(
        "It goes out again by itself; the network would recognise it, so it cannot stand there twice."
    ),
    "key_too_old": _(
        "Too much time has passed to send it again blindly. Etalage looks on the network first, by itself."
    ),
    "not_seen_yet": _("It is not seen there yet. Etalage looks once more by itself to be sure."),
    "restored": _(
        "A backup was put back. Etalage looks on the network by itself first, so that nothing goes out twice."
    ),
    "told_late": _("The network's answer arrived late: it stands there."),
    "found": _("Its answer got lost, and it was found on the network."),
    "second_copy": _("A second copy was seen on the network."),
    "copy_removed": _("The younger copy was deleted."),
    "stood_still": _("The program stood still for too long. Nothing was sent, and it goes on by itself."),
    "picture_unread": _("A picture could not be read from the disk. It is tried again by itself."),
    "cannot_tell": _("We looked several times and could not find out whether it stands there."),
    "change_unclear": _(
        "The network's answer to the change got lost. Etalage asks again by itself; asking twice does no harm."
    ),
    "broke_off": _("Something went wrong in the program. Nothing was sent, and it goes on by itself."),
    "seen": _("You saw it on the network."),
    "not_there": _("You said that it does not stand there. It goes out again by itself."),
}
_REASONS: Mapping[str, Advice] = {
    **{reason: Advice(Who.NOBODY, text) for reason, text in _GOES_ON.items()},
    "channel_gone": Advice(
        Who.HERE, _("Its channel was disconnected. A manager connects it again, then try this again.")
    ),
    "too_late": Advice(Who.HERE, _("Its time was over before it could go out.")),
}


#: What a person is asked about, where it is not a doubt that looks could not settle.
_ASKED: Mapping[str, Advice] = {
    "workers_lost": Advice(
        Who.HERE,
        _(
            "Etalage was stopped each time while it worked on this, so it leaves it alone. "
            "Look on the network whether it stands there, and tell us."
        ),
    ),
}

_PERHAPS_AGAIN = Advice(
    Who.HERE,
    _(
        "A backup was put back, and this may have been sent again since it was made. "
        "If you try again, we ask you first what you see on the network."
    ),
)
_PAUSED = Advice(
    Who.HERE, _("Its channel is paused. It goes out by itself once a manager resumes the channel.")
)
_DOUBT_PAUSED = Advice(
    Who.HERE,
    _("Its channel is paused. Etalage looks whether it stands there once a manager resumes the channel."),
)
_LATE_PAUSED = Advice(
    Who.HERE,
    _(
        "It did not go out in time, and its channel is paused. "
        "Once a manager has resumed it, try again if it still should."
    ),
)
_UNWANTED = Advice(
    Who.NOBODY,
    _(
        "It was taken back before it was known whether it stands there. Etalage looks by itself: "
        "it is not sent again, and where it stands it is taken down."
    ),
)
_TWICE = Advice(Who.HERE, _("The network has it twice. Delete the younger copy, or say that both may stay."))
_BEING_DELETED = Advice(
    Who.NOBODY, _("The network is asked to delete the younger copy. Nothing is to be done.")
)

_STANDS_TWICE = _("Stands there twice")
_LOOKED_FOR = (S.UNKNOWN, S.RECONCILING)
#: What a person mends for a whole channel: once it is active again, they are of the past.
_OF_THE_CHANNEL = frozenset({"channel_paused", *FOR_PEOPLE})


def explain(publication: Publication) -> Explanation:
    """The state's title, and the advice that fits state, reason and channel best. Reads `publication.copies`."""
    state = S(publication.state)
    copies = {copy.state: copy for copy in publication.copies.all()}
    title, advice = state.label, _advice(publication, state)
    if refused := copies.get(CopyState.OPEN):
        why = advice_on(refused.reason) or _TWICE
        title, advice = _STANDS_TWICE, _TWICE._replace(text=why.text)
    elif CopyState.ASKED in copies:
        title, advice = _STANDS_TWICE, _BEING_DELETED
    is_held = state is S.SCHEDULED or publication.channel.state == ChannelState.PAUSED
    return Explanation(title, advice.text, advice.who, is_held and advice.who is not Who.NOBODY)


def _advice(publication: Publication, state: S) -> Advice:
    """What is to be done. A reason that is over, or says the opposite, leaves it to the state: what is refused does not
    go on by itself, and what is looked for asks nobody for anything.
    """
    usual, channel = _SENTENCES[state], publication.channel
    if state in (S.APPROVED, S.SCHEDULED, S.UNKNOWN) and channel.state == ChannelState.PAUSED:
        return advice_on(channel.pause_reason) or (_DOUBT_PAUSED if state is S.UNKNOWN else _PAUSED)
    if state in _LOOKED_FOR and publication.change == Change.WITHDRAW:
        return _UNWANTED
    if state is S.NEEDS_PERSON:  # its reason tells how the doubt began, not what to do about it
        return _ASKED.get(publication.reason, usual)
    if publication.perhaps_out and state in (S.REJECTED, S.EXPIRED):
        return _PERHAPS_AGAIN
    if state is S.EXPIRED:  # its reason tells what kept it waiting, which does not go on by itself any more
        return _LATE_PAUSED if channel.state == ChannelState.PAUSED else usual
    if publication.reason in _OF_THE_CHANNEL and channel.state == ChannelState.ACTIVE:
        return usual
    found = _REASONS.get(publication.reason) or advice_on(publication.reason) or usual
    goes_on = found.who is Who.NOBODY
    is_contrary = goes_on if state is S.REJECTED else state in _LOOKED_FOR and not goes_on
    return usual if is_contrary else found


def advice_for(reason: str) -> Advice | None:
    """What one reason means and who has to act, whatever the state; None for one that says nothing to a person."""
    return _REASONS.get(reason) or _ASKED.get(reason) or advice_on(reason)
