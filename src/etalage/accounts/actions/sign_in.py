"""Ways in: one-time links, and help for who lost their second step."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.models import Member, Role, SignInLink
from etalage.accounts.permissions import refuse_above
from etalage.kit import clock
from etalage.kit.errors import Refusal

SIGN_IN_LINK_LIFE = timedelta(hours=24)


@transaction.atomic
def issue_sign_in_link(member: Member, life: timedelta = SIGN_IN_LINK_LIFE) -> str:
    """Make a one-time secret that signs the member in within `life`; it replaces the ones not used yet.

    Only its digest is kept.
    """
    forget_links(member)
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.create(member=member, digest=_digest(secret), expires_at=clock.now() + life)
    return secret


@transaction.atomic
def issue_link_for(actor: Member | None, member: Member) -> str:
    """Make a one-time link for somebody else; `actor` None is whoever runs the machine.

    Raises Refusal when that member's role is above the actor's own.
    """
    if actor:
        refuse_above(actor, Role(member.role))
    audit.record(actor, "member.link_made", member)
    return issue_sign_in_link(member)


@transaction.atomic
def use_sign_in_link(secret: str) -> Member:
    """Spend a one-time link: it works once, and only while it is valid.

    Raises Refusal when it is unknown, spent or too old.
    """
    link = SignInLink.objects.filter(digest=_digest(secret)).select_related("member").first()
    spent = link and SignInLink.objects.filter(
        pk=link.pk, used_at=None, expires_at__gt=clock.now(), member__is_active=True
    ).update(used_at=clock.now())
    if not link or not spent:
        raise Refusal(
            _(
                "This sign-in link was used already or is too old. Ask an owner for a new one, or use your password."
            ),
            code="sign_in_link_spent",
            status=410,
        )
    audit.record(link.member, "member.signed_in_by_link", link.member)
    return link.member


def forget_links(member: Member) -> None:
    """End the member's links that were not used yet."""
    SignInLink.objects.filter(member=member, used_at=None).delete()


def may_remove_second_steps(actor: Member, member: Member) -> bool:
    """Whether the actor is another owner; one's own are removed under “My sign-in”."""
    return actor.may(Role.OWNER) and actor.pk != member.pk


@transaction.atomic
def remove_second_steps(actor: Member | None, member: Member) -> None:
    """Remove passkeys, authenticator and recovery codes of who lost them; `actor` None is whoever runs the machine.

    Raises Refusal when the actor may not.
    """
    if actor and not may_remove_second_steps(actor, member):
        raise Refusal(
            _("Only another owner can remove somebody's second step."),
            code="not_your_second_step",
            status=403,
        )
    Authenticator.objects.filter(user=member).delete()
    audit.record(actor, "member.second_steps_removed", member)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
