"""Writes about the business and its stores."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from etalage.accounts import audit
from etalage.accounts.closing import waiting_in
from etalage.accounts.currency import amounts_are_kept
from etalage.accounts.events import BusinessChanged
from etalage.accounts.models import Business, Member, Role, Store
from etalage.jobs.outbox import announce
from etalage.kit import clock
from etalage.kit.errors import Refusal


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


@transaction.atomic
def change_business(actor: Member, business: Business, fields: dict[str, Any]) -> Business:
    """Change the business's own data; the names of the changed fields go into the trail and are announced.

    Raises Refusal for another currency while amounts are kept in the present one.
    """
    changed = tuple(name for name, value in fields.items() if getattr(business, name) != value)
    if not changed:
        return business
    if "currency" in changed and amounts_are_kept():
        raise Refusal(
            _("Prices and sales are kept in %(currency)s already. The currency cannot change any more."),
            code="currency_in_use",
            status=409,
            currency=business.currency,
        )
    for name in changed:
        setattr(business, name, fields[name])
    business.save(update_fields=changed)
    audit.record(actor, "business.changed", business, fields=list(changed))
    announce(BusinessChanged(changed))
    return business


@transaction.atomic
def save_store(actor: Member, store: Store) -> Store:
    """Create or change a store."""
    is_new = store._state.adding
    store.save()
    audit.record(actor, "store.created" if is_new else "store.changed", store)
    return store


@transaction.atomic
def close_store(actor: Member, store: Store, *, agreed: int = 0) -> None:
    """Close a store for good: it takes no more reservations; its past stays, and so do reservations that wait there.

    `agreed` is how many waiting reservations the person was told of. Raises Refusal for the last open store, for
    one that is closed already, and where more wait than that.
    """
    # Locked in one order, so that two people who close the last two stores take turns.
    still_open = list(Store.objects.select_for_update().filter(closed_at=None).order_by("pk"))
    if store.pk not in {each.pk for each in still_open}:
        raise Refusal(_("This store is closed already."), code="store_closed", status=409)
    if len(still_open) == 1:
        raise Refusal(
            _("This is the last open store. Add another one before you close it."),
            code="last_store",
            status=409,
        )
    waiting = waiting_in(store.pk)
    if waiting > agreed:
        raise Refusal(
            ngettext_lazy(
                "%(count)s reservation still waits in this store. Hand it over or cancel it, or agree that it stays.",
                "%(count)s reservations still wait in this store. Hand them over or cancel them, or agree that they"
                " stay.",
                waiting,
            ),
            code="reservations_wait",
            status=409,
            count=waiting,
        )
    Store.objects.filter(pk=store.pk).update(closed_at=clock.now(), takes_reservations=False)
    audit.record(actor, "store.closed", store)
