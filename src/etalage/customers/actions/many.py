"""Making many people known in few statements, for files; one by one only where that needs thought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from etalage.customers.actions.merging import Gone
from etalage.customers.actions.people import find_or_create
from etalage.customers.identities import Known
from etalage.customers.models import Customer, Identity
from etalage.kit import clock
from etalage.kit.rows import insert, insert_missing, stored_moment

_AT_A_TIME = 500
Owner = tuple[UUID, str]
"""A customer and their name."""


class Person(NamedTuple):
    """Somebody as a row of the shop's own system names them; `identities` in their normal form."""

    identities: tuple[Known, ...]
    name: str = ""


@transaction.atomic
def find_or_create_many(people: Iterable[Person]) -> dict[tuple[Known, ...], UUID]:
    """The customer of each set of identities, made where nobody is known by them. Those without any are left out.

    As `find_or_create`, which does the cases in which people turn out to be one, or lack a name, and
    raises Gone for the same reason.
    """
    wanted = _by_identities(people)
    known = _owners(key for keys in wanted for key in keys)
    fresh = _newcomers(wanted, known)
    if fresh:
        known |= _insert(fresh, wanted)
    found: dict[tuple[Known, ...], UUID] = {}
    for identities in sorted(wanted):
        owners = {known.get(key, (None, ""))[0] for key in identities}
        named = known.get(identities[0], (None, ""))[1] or not wanted[identities]
        if len(owners) == 1 and None not in owners and named:
            found[identities] = next(iter(owners))  # type: ignore[assignment]
    rest = [identities for identities in sorted(wanted) if identities not in found]
    for identities in rest:
        found[identities] = find_or_create(wanted[identities], identities).pk
    lost = [customer_id for identities, customer_id in fresh.items() if found[identities] != customer_id]
    if lost:
        # Somebody else registered them in the same moment: whoever was made for nothing goes again.
        Customer.objects.filter(pk__in=lost, identities=None, merged_into=None, merged=None).delete()
    return _as_they_are_now(found)


def _by_identities(people: Iterable[Person]) -> dict[tuple[Known, ...], str]:
    """The first name in the alphabet of each set of identities, so that the order of rows does not matter."""
    wanted: dict[tuple[Known, ...], str] = {}
    for person in people:
        if person.identities:
            known = wanted.get(person.identities, "")
            wanted[person.identities] = min(filter(None, (known, person.name.strip()[:160])), default="")
    return wanted


def _owners(keys: Iterable[Known]) -> dict[Known, Owner]:
    """Customer and name by identity."""
    by_kind: dict[str, set[str]] = {}
    for kind, value in keys:
        by_kind.setdefault(kind, set()).add(value)
    owners: dict[Known, Owner] = {}
    for kind, values in by_kind.items():
        ordered = sorted(values)
        for start in range(0, len(ordered), _AT_A_TIME):
            some = Identity.objects.filter(kind=kind, value__in=ordered[start : start + _AT_A_TIME])
            for value, customer_id, name in some.values_list("value", "customer_id", "customer__name"):
                owners[kind, value] = (customer_id, name)
    return owners


def _newcomers(
    wanted: dict[tuple[Known, ...], str], known: dict[Known, Owner]
) -> dict[tuple[Known, ...], UUID]:
    """Those of whom nothing is known, and who share nothing with another one, with the ids they get."""
    times: dict[Known, int] = {}
    for identities in wanted:
        for key in identities:
            times[key] = times.get(key, 0) + 1
    alone = [keys for keys in wanted if all(times[key] == 1 and key not in known for key in keys)]
    return {identities: Customer._meta.pk.get_default() for identities in alone}


def _insert(fresh: dict[tuple[Known, ...], UUID], wanted: dict[tuple[Known, ...], str]) -> dict[Known, Owner]:
    """Write newcomers; returns who is known by what now, which may be somebody registered in the same moment."""
    now = stored_moment(clock.now())
    people = [(customer_id.hex, wanted[keys], "", now) for keys, customer_id in fresh.items()]
    insert(Customer, ("id", "name", "language", "created_at"), people)
    owners = {key: (customer_id, wanted[keys]) for keys, customer_id in fresh.items() for key in keys}
    # In one order everywhere, so that two imports at once wait for each other instead of locking each other out.
    rows = [(owners[key][0].hex, *key) for key in sorted(owners)]
    added = insert_missing(Identity, ("customer", "kind", "value"), rows)
    return owners if added == len(rows) else _owners(owners)


def _as_they_are_now(found: dict[tuple[Known, ...], UUID]) -> dict[tuple[Known, ...], UUID]:
    """The same, where people found early were merged with others later. Raises Gone when somebody was erased."""
    rows = Customer.objects.filter(pk__in=_distinct(found.values())).order_by("pk")
    rows = rows.select_for_update(no_key=True)  # nobody is erased or merged before the caller is through
    known = list(rows.values_list("pk", "merged_into_id", "erased_at"))
    if erased := [customer_id for customer_id, _into, erased_at in known if erased_at]:
        raise Gone(erased)
    merged = {customer_id: into for customer_id, into, _erased_at in known if into}
    return {identities: merged.get(customer_id, customer_id) for identities, customer_id in found.items()}


def _distinct(ids: Iterable[UUID]) -> Sequence[UUID]:
    return list(set(ids))
