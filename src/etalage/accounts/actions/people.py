"""Writes about the people who work here and what they may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.actions.sign_in import forget_links, issue_sign_in_link
from etalage.accounts.models import Member, Role, Store
from etalage.accounts.permissions import refuse_above
from etalage.jobs.live import tell
from etalage.kit.errors import Refusal

INVITATION_LIFE = timedelta(days=7)


@transaction.atomic
def invite_member(
    actor: Member, *, email: str, name: str, role: Role, language: str, store: Store | None
) -> tuple[Member, str]:
    """Add somebody and return them with the secret of their first sign-in link.

    Raises Refusal when the address is taken or the role is above the actor's own.
    """
    refuse_above(actor, role)
    try:
        with transaction.atomic():
            member = Member.objects.create_user(email, name=name, role=role, language=language, store=store)
    except IntegrityError as taken:
        raise Refusal(
            _("Somebody with this e-mail address is a member already."), code="member_exists", status=409
        ) from taken
    audit.record(actor, "member.invited", member, role=role)
    return member, issue_sign_in_link(member, INVITATION_LIFE)


@transaction.atomic
def change_member(
    actor: Member, member: Member, *, role: Role, store: Store | None, is_active: bool
) -> Member:
    """Change what a member may do. Who may no longer sign in is signed out at once, and their links end.

    Raises Refusal when the role is above the actor's own, or nobody would be left as owner.
    """
    refuse_above(actor, role)
    # Locked in one order, so that two owners who take each other down take turns.
    owners = list(Member.objects.select_for_update().filter(role=Role.OWNER, is_active=True).order_by("pk"))
    member = Member.objects.select_for_update().get(pk=member.pk)
    refuse_above(actor, Role(member.role))
    stays_owner = role == Role.OWNER and is_active
    if not stays_owner and not [owner for owner in owners if owner.pk != member.pk]:
        raise Refusal(
            _("There must be at least one owner. Make somebody else an owner first."),
            code="last_owner",
            status=409,
        )
    member.role, member.store, member.is_active = role, store, is_active
    member.save(update_fields=["role", "store", "is_active"])
    if not is_active:
        forget_links(member)
    audit.record(actor, "member.changed", member, role=role, is_active=is_active)
    tell("members")
    return member


@transaction.atomic
def keep_wish(member: Member, wish: Literal["language", "theme"], value: str) -> None:
    """Keep how a member wants to see Etalage: a language's code, or a theme (empty: as the device)."""
    setattr(member, wish, value)
    member.save(update_fields=[wish])
    audit.record(member, f"member.{wish}_chosen", member, value=value)
