"""Every write about the business, its stores, its members and how they sign in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.models import Business, Member, Role, SignInLink, Store
from etalage.kit import clock
from etalage.kit.errors import Refusal

SIGN_IN_LINK_LIFE = timedelta(hours=24)


@transaction.atomic
def create_business(
    name: str, *, owner_email: str, owner_name: str = "", **fields: Any
) -> tuple[Business, Member]:
    """Make the one business and its owner.

    Raises IntegrityError when there is one already.
    """
    business = Business.objects.create(name=name, **fields)
    owner = Member.objects.create_user(
        owner_email, name=owner_name, role=Role.OWNER, language=business.language
    )
    audit.record(owner, "business.created", business)
    return business, owner


def issue_sign_in_link(member: Member, life: timedelta = SIGN_IN_LINK_LIFE) -> str:
    """Make a one-time secret that signs the member in within `life`. Only its digest is kept."""
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.create(member=member, digest=_digest(secret), expires_at=clock.now() + life)
    return secret


@transaction.atomic
def issue_link_for(actor: Member, member: Member) -> str:
    """Make a one-time link for somebody else.

    Raises Refusal when that member's role is above the actor's own.
    """
    _may_give(actor, Role(member.role))
    audit.record(actor, "member.link_made", member)
    return issue_sign_in_link(member)


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


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def change_business(actor: Member, business: Business, fields: dict[str, Any]) -> Business:
    """Change the business's own data; the names of the changed fields go into the trail."""
    changed = [name for name, value in fields.items() if getattr(business, name) != value]
    for name in changed:
        setattr(business, name, fields[name])
    business.save()
    audit.record(actor, "business.changed", business, fields=changed)
    return business


@transaction.atomic
def save_store(actor: Member, store: Store) -> Store:
    """Create or change a store."""
    action = "store.created" if store._state.adding else "store.changed"
    store.save()
    audit.record(actor, action, store)
    return store


@transaction.atomic
def close_store(actor: Member, store: Store) -> None:
    """Close a store for good: it takes no more reservations; its past stays.

    Raises Refusal for the last open store.
    """
    if not Store.objects.filter(closed_at=None).exclude(pk=store.pk).exists():
        raise Refusal(
            _("This is the last open store. Add another one before you close it."),
            code="last_store",
            status=409,
        )
    Store.objects.filter(pk=store.pk).update(closed_at=clock.now(), takes_reservations=False)
    audit.record(actor, "store.closed", store)


@transaction.atomic
def invite_member(
    actor: Member, *, email: str, name: str, role: Role, language: str, store: Store | None
) -> tuple[Member, str]:
    """Add somebody and return them with the secret of their first sign-in link.

    Raises Refusal when the address is taken or the role is above the actor's own.
    """
    _may_give(actor, role)
    if Member.objects.filter(email=email.strip().lower()).exists():
        raise Refusal(
            _("Somebody with this e-mail address is a member already."), code="member_exists", status=409
        )
    member = Member.objects.create_user(email, name=name, role=role, language=language, store=store)
    audit.record(actor, "member.invited", member, role=role)
    return member, issue_sign_in_link(member, timedelta(days=7))


@transaction.atomic
def change_member(
    actor: Member, member: Member, *, role: Role, store: Store | None, is_active: bool
) -> Member:
    """Change what a member may do.

    Raises Refusal when the role is above the actor's own, or nobody would be left as owner.
    """
    _may_give(actor, role)
    _may_give(actor, Role(member.role))
    owners = Member.objects.select_for_update().filter(role=Role.OWNER, is_active=True)
    if not [owner for owner in owners if owner.pk != member.pk] and (role != Role.OWNER or not is_active):
        raise Refusal(
            _("There must be at least one owner. Make somebody else an owner first."),
            code="last_owner",
            status=409,
        )
    member.role, member.store, member.is_active = role, store, is_active
    member.save(update_fields=["role", "store", "is_active"])
    audit.record(actor, "member.changed", member, role=role, is_active=is_active)
    return member


@transaction.atomic
def keep_wish(member: Member, wish: Literal["language", "theme"], value: str) -> None:
    """Keep how a member wants to see Etalage: a language's code, or a theme (empty: as the device)."""
    setattr(member, wish, value)
    member.save(update_fields=[wish])
    audit.record(member, f"member.{wish}_chosen", member, value=value)


def _may_give(actor: Member, role: Role) -> None:
    if not actor.may(role):
        raise Refusal(_("Only an owner can do this for an owner."), code="role_too_high", status=403)
