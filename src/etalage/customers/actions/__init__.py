"""Every write about people: who they are, what they agreed to, and forgetting them."""

from etalage.customers.actions.consent import give_consent, withdraw_consent
from etalage.customers.actions.erasure import erase_customer
from etalage.customers.actions.merging import Gone, merge_customers
from etalage.customers.actions.people import attach_identity, find_or_create, hand_on_identities
from etalage.customers.actions.visitors import attach_visitor, forget_visitor, remember_visitor

__all__ = [
    "Gone",
    "attach_identity",
    "attach_visitor",
    "erase_customer",
    "find_or_create",
    "forget_visitor",
    "give_consent",
    "hand_on_identities",
    "merge_customers",
    "remember_visitor",
    "withdraw_consent",
]
