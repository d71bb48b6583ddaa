"""What a network's reasons mean to a person: what happened, and who must do what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from etalage.kit.errors import Refusal
from etalage.networks.base import Reason


class Who(StrEnum):
    """Who has to act, so that it goes on. Where it is nobody, Etalage goes on by itself, and says so."""

    NOBODY = "nobody"
    HERE = "here"  # somebody who works with Etalage, or keeps the machine that it runs on
    AT_NETWORK = "at_network"  # whoever the account belongs to there


class Advice(NamedTuple):
    """One sentence or two, and who has to do what they say."""

    who: Who
    text: Promise


WHAT_TO_DO: Mapping[Reason, Advice] = {
    Reason.AUTH_DEAD: Advice(
        Who.HERE, _("The network no longer accepts our access. A manager connects the channel again here.")
    ),
    Reason.PERMISSION_MISSING: Advice(
        Who.AT_NETWORK,
        _(
            "A permission is missing. The account's owner grants it at the network; then a manager resumes the channel."
        ),
    ),
    Reason.ACCOUNT_UNKNOWN: Advice(
        Who.HERE, _("Nobody has this name on the network. Check how it is written.")
    ),
    Reason.ACCOUNT_OTHER: Advice(
        Who.HERE,
        _(
            "Another account said yes at the network than the one that you named. "
            "Begin again, and sign in there with the shop's account."
        ),
    ),
    Reason.WHOLE_ACCOUNT: Advice(
        Who.HERE,
        _(
            "This is the password of the account itself. It opens everything, so Etalage does not take it. "
            "Make an app password at the network, and give that."
        ),
    ),
    Reason.NEEDS_HUMAN_AT_NETWORK: Advice(
        Who.AT_NETWORK,
        _(
            "The network wants the account's owner to confirm something. "
            "They sign in there and look; then a manager resumes the channel."
        ),
    ),
    Reason.TEXT_INVALID: Advice(Who.HERE, _("The network does not take this text. Change it and try again.")),
    Reason.MEDIA_INVALID: Advice(
        Who.HERE, _("The network does not take this picture. Choose another and try again.")
    ),
    Reason.MEDIA_UNFETCHABLE: Advice(
        Who.HERE,
        _(
            "The network could not load our picture. "
            "Whoever keeps this machine checks the public address of Etalage; then try again."
        ),
    ),
    Reason.DUPLICATE_AT_NETWORK: Advice(
        Who.NOBODY,
        _(
            "The network says that it has this post already. Etalage looks there by itself before it does anything."
        ),
    ),
    Reason.POLICY_REJECTED: Advice(
        Who.HERE, _("The network's rules forbid this post. Change what it shows or says.")
    ),
    Reason.NO_WITHDRAWAL: Advice(
        Who.AT_NETWORK, _("This network lets nobody take a post back from here. Delete it at the network.")
    ),
    Reason.NO_EDITING: Advice(
        Who.HERE,
        _("This network lets nobody change a post from here. Withdraw it, and publish it anew."),
    ),
    Reason.GONE: Advice(
        Who.AT_NETWORK,
        _("What this speaks of no longer exists at the network. Look there whether somebody deleted it."),
    ),
    Reason.RATE_LIMITED: Advice(
        Who.NOBODY, _("The network asked us to wait. Etalage goes on by itself when the wait is over.")
    ),
    Reason.QUOTA_MONEY: Advice(
        Who.AT_NETWORK,
        _("A paid allowance at the network is used up. Raise it there, or wait for the next period."),
    ),
    Reason.PLATFORM_DOWN: Advice(
        Who.NOBODY,
        _("The network itself is out of order. There is nothing to do here: Etalage tries again by itself."),
    ),
    Reason.UNREACHABLE: Advice(
        Who.NOBODY,
        _(
            "The network cannot be reached. Etalage tries again by itself; if it lasts, "
            "whoever keeps this machine checks its connection."
        ),
    ),
    Reason.MISCONFIGURED: Advice(
        Who.HERE,
        _("The address or the application is not set up rightly. A manager checks the channel's settings."),
    ),
    Reason.INSIDE_ADDRESS: Advice(
        Who.HERE,
        _(
            "The address of this account's server is inside the shop's own local network, so Etalage does not call it. "
            "If the server really is there, whoever keeps this machine names it in the setting ETALAGE_INSIDE_NETWORKS."
        ),
    ),
    Reason.NONSENSE_ANSWER: Advice(
        Who.NOBODY,
        _(
            "The network's answer made no sense. Etalage asks again by itself; if it lasts, "
            "a manager checks the channel's address."
        ),
    ),
    Reason.AMBIGUOUS: Advice(
        Who.NOBODY,
        _("The answer got lost. Etalage looks on the network by itself before anything is sent again."),
    ),
    Reason.UNKNOWN: Advice(
        Who.AT_NETWORK, _("The network gave an answer that Etalage does not know. Look there what it wants.")
    ),
}

OWN_REASONS: Mapping[str, Advice] = {
    "no_room": Advice(
        Who.HERE,
        _(
            "The disk is nearly full, so nothing more is taken in. "
            "Whoever keeps this machine makes room on it; then Etalage goes on by itself."
        ),
    ),
}

#: What is said instead to somebody who asked just now: nothing goes on by itself then.
_NOT_NOW: Mapping[Reason, Promise] = {
    Reason.AUTH_DEAD: _(
        "The network does not accept this access. Check what you gave, or connect the account anew."
    ),
    Reason.MISCONFIGURED: _(
        "The address or the application is not set up rightly. Check the address, then try again."
    ),
    Reason.INSIDE_ADDRESS: _(
        "The address of this account's server is inside the shop's own local network, so Etalage does not call it. "
        "Check what you typed; if the server really is there, whoever keeps this machine names it in the setting "
        "ETALAGE_INSIDE_NETWORKS."
    ),
    Reason.RATE_LIMITED: _("The network asks us to wait. Nothing was changed; try again in some minutes."),
    Reason.PLATFORM_DOWN: _("The network itself is out of order. Nothing was changed; try again later."),
    Reason.UNREACHABLE: _(
        "The network cannot be reached. Check its address and this machine's connection, then try again."
    ),
    Reason.NONSENSE_ANSWER: _(
        "The answer is not this network's language. Check the address, then try again."
    ),
    Reason.AMBIGUOUS: _("The answer got lost. Try again."),
    Reason.DUPLICATE_AT_NETWORK: _("The network says that it has this already. Look there."),
}

#: Why something that came in could not be taken in.
LETTER_REASONS: Mapping[str, Promise] = {
    "unreadable": _(
        "This is not in the network's language. It may have changed; try again after an upgrade."
    ),
    "too_long": _("The network gave an id that is longer than any we know. Try again after an upgrade."),
    "channel_gone": _("The channel that it came for is not here. Connect it again, then try this again."),
    "interrupted": _(
        "The program ended each time while it took this in. Try again after an upgrade, or with more memory."
    ),
    "fault": _("A fault of Etalage's own. Try again after an upgrade."),
}

_STATUS = {
    Reason.UNREACHABLE: 502,
    Reason.PLATFORM_DOWN: 502,
    Reason.RATE_LIMITED: 503,
    Reason.NONSENSE_ANSWER: 502,
}


def advice_on(reason: str) -> Advice | None:
    """What a reason means and who has to act; None for a text that is none."""
    if reason in OWN_REASONS:
        return OWN_REASONS[reason]
    return WHAT_TO_DO[Reason(reason)] if reason in set(Reason) else None


def what_to_do(reason: str) -> Promise | str:
    """The sentence for a reason; empty for a text that is none."""
    advice = advice_on(reason)
    return advice.text if advice else ""


def why_not_taken_in(reason: str) -> Promise:
    """The sentence for why a delivery failed."""
    return LETTER_REASONS.get(reason.partition(":")[0], LETTER_REASONS["fault"])


def refusal_for(reason: Reason, missing: str = "") -> Refusal:
    """The refusal that tells a person what a network's answer means; `missing` names rights that were not given."""
    if reason is Reason.PERMISSION_MISSING and missing:
        told = _(
            "The network gave fewer rights than Etalage needs. Begin again and allow all. Missing: %(rights)s"
        )
        return Refusal(told, code=reason.value, status=422, rights=missing)
    meant = _NOT_NOW.get(reason, WHAT_TO_DO[reason].text)
    return Refusal(meant, code=reason.value, status=_STATUS.get(reason, 422))
