"""Asking an account's owner at the network itself (OAuth): the way out, and the way back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Member
from etalage.channels.actions.connecting import connector_named, keep, unknown_network
from etalage.channels.actions.rights import known_language, managers_only
from etalage.channels.addresses import judged
from etalage.channels.asking import safely
from etalage.channels.introductions import introduced, return_address
from etalage.channels.models import Asking, Channel
from etalage.channels.reasons import refusal_for
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.networks.base import Authorization, Authorizer, Reason

ENDS_AFTER = timedelta(minutes=10)
SHORTEST_STATE = 43  # 256 bits in base64


@dataclass(frozen=True)
class WayOut:
    """Where the person goes to say yes; `host` is shown beforehand, so that they know whom they tell."""

    url: str
    host: str


def begin_connecting(
    network: str, address: str, language: str, *, session: str, actor: Member, handle: str = ""
) -> WayOut:
    """Prepare the network for the question and remember what belongs to it, for ten minutes and one return.

    `handle` is the account that is meant, where the network finds its server by that. `session` is the key of the
    browser's session: nobody else can come back with the answer.
    Raises Refusal when the network cannot be asked.
    """
    managers_only(actor)
    known_language(language)
    connector = connector_named(network)
    if not isinstance(connector, Authorizer):
        raise unknown_network()
    address, redirect_uri = judged(network, address), return_address()
    client = introduced(network)
    answer = safely(
        network, lambda: connector.begin(address, redirect_uri, handle=handle.strip(), client=client)
    )
    if not isinstance(answer, Authorization):
        raise refusal_for(answer.reason)
    way_out = _checked(answer)
    Asking.objects.filter(Q(ends_at__lte=clock.now()) | Q(member=actor, network=network)).delete()
    Asking.objects.create(
        state_digest=_digest(answer.state),
        session_digest=_digest(session),
        member=actor,
        network=network,
        address=address,
        language=language,
        redirect_uri=redirect_uri,
        memory=json.dumps(dict(answer.memory)),
        ends_at=clock.now() + ENDS_AFTER,
    )
    return way_out


def finish_connecting(answer: Mapping[str, str], *, session: str, actor: Member) -> Channel:
    """Take the person back with what the network gave them, and keep the account as a channel.

    Raises Refusal for an answer that was not asked for by this person in this browser, that comes twice or too late,
    and when the person or the network said no. Nothing is asked of the network before all that is clear.
    """
    managers_only(actor)
    asking = _taken(answer.get("state", ""), session, actor)
    if error := answer.get("error"):
        raise _said_no(error)
    connector = connector_named(asking.network)
    memory: dict[str, str] = json.loads(str(asking.memory))
    found = safely(asking.network, lambda: connector.finish(memory, asking.redirect_uri, answer))
    return keep(found, asking.network, asking.language, actor)


def _taken(state: str, session: str, actor: Member) -> Asking:
    """What was remembered under this state; from now on it is used up."""
    if not state:
        raise Refusal(
            _("The network sent you back without saying for what. Begin again."), code="state_missing"
        )
    asking = Asking.objects.filter(state_digest=_digest(state)).first()
    if asking is None:
        raise _used_up()
    if asking.member_id != actor.pk or asking.session_digest != _digest(session):
        raise Refusal(
            _("This was begun in another browser or by somebody else. Begin again here."),
            code="state_foreign",
            status=403,
        )
    if not Asking.objects.filter(pk=asking.pk).delete()[0]:
        raise _used_up()
    if asking.ends_at <= clock.now():
        raise Refusal(
            _("More than ten minutes have passed since you began. Begin again."),
            code="state_expired",
            status=410,
        )
    return asking


def _used_up() -> Refusal:
    return Refusal(
        _("This answer of the network was used already, or nobody asked for it. Begin again."),
        code="state_unknown",
        status=409,
    )


def _said_no(error: str) -> Refusal:
    if error == "access_denied":
        return Refusal(
            _("The question was answered with no at the network. Nothing was connected."),
            code="denied",
            status=409,
        )
    return Refusal(
        _("The network did not let Etalage ask. Nothing was connected; begin again, or look there."),
        code="authorization_failed",
        status=409,
    )


def _checked(answer: Authorization) -> WayOut:
    """The way out, when it leads to a web page and its secret is one."""
    if len(answer.state) < SHORTEST_STATE:
        raise ValueError("the state of an authorization has 256 bits")
    try:
        parts = urlsplit(answer.url)
        host = parts.hostname or ""
    except ValueError as error:
        raise refusal_for(Reason.NONSENSE_ANSWER) from error
    if parts.scheme not in {"https", "http"} or not host:
        raise refusal_for(Reason.NONSENSE_ANSWER)
    return WayOut(answer.url, host)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
