"""What a network's reasons mean to a person: what happened, and who must do what."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from etalage.kit.errors import Refusal
from etalage.networks.base import Reason

WHAT_TO_DO: Mapping[Reason, Promise] = {
    Reason.AUTH_DEAD: _("The network no longer accepts our access. Connect the channel again."),
    Reason.PERMISSION_MISSING: _(
        "A permission is missing at the network. Grant it there, then resume the channel."
    ),
    Reason.ACCOUNT_UNKNOWN: _("Nobody has this name on the network. Check how it is written."),
    Reason.ACCOUNT_OTHER: _(
        "Another account said yes at the network than the one that you named. "
        "Begin again, and sign in there with the shop's account."
    ),
    Reason.WHOLE_ACCOUNT: _(
        "This is the password of the account itself. It opens everything, so Etalage does not take it. "
        "Make an app password at the network, and give that."
    ),
    Reason.NEEDS_HUMAN_AT_NETWORK: _(
        "The network wants its owner to confirm something. Sign in there and look."
    ),
    Reason.TEXT_INVALID: _("The network does not take this text. Change it and try again."),
    Reason.MEDIA_INVALID: _("The network does not take this picture. Choose another and try again."),
    Reason.MEDIA_UNFETCHABLE: _(
        "The network could not load our picture. Check the public address of Etalage."
    ),
    Reason.DUPLICATE_AT_NETWORK: _("The network says that it has this post already. Look there."),
    Reason.POLICY_REJECTED: _("The network's rules forbid this post. Change what it shows or says."),
    Reason.NO_WITHDRAWAL: _("This network lets nobody take a post back from here. Delete it at the network."),
    Reason.GONE: _("What this speaks of no longer exists at the network."),
    Reason.RATE_LIMITED: _("The network asked us to wait. It goes on by itself."),
    Reason.QUOTA_MONEY: _(
        "A paid allowance at the network is used up. Raise it there, or wait for the next period."
    ),
    Reason.PLATFORM_DOWN: _("The network is out of order. It goes on by itself."),
    Reason.UNREACHABLE: _("The network cannot be reached. Check its address and this machine's connection."),
    Reason.MISCONFIGURED: _(
        "The address or the application is not set up rightly. Check the channel's settings."
    ),
    Reason.NONSENSE_ANSWER: _("The answer is not this network's language. Check the address."),
    Reason.AMBIGUOUS: _("The answer got lost. We look on the network before anything is sent again."),
    Reason.UNKNOWN: _("The network gave an answer that we do not know. Look at the network."),
}

OWN_REASONS: Mapping[str, Promise] = {
    "no_room": _(
        "The disk is nearly full, so nothing more is taken in. Make room on it; it goes on by itself."
    ),
}

#: Why something that came in could not be taken in.
LETTER_REASONS: Mapping[str, Promise] = {
    "unreadable": _(
        "This is not in the network's language. It may have changed; try again after an upgrade."
    ),
    "too_long": _("The network gave an id that is longer than any we know."),
    "channel_gone": _("The channel that it came for is not here."),
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


def what_to_do(reason: str) -> Promise | str:
    """The sentence for a reason; empty for a text that is none."""
    if reason in OWN_REASONS:
        return OWN_REASONS[reason]
    return WHAT_TO_DO[Reason(reason)] if reason in set(Reason) else ""


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
    return Refusal(WHAT_TO_DO[reason], code=reason.value, status=_STATUS.get(reason, 422))
