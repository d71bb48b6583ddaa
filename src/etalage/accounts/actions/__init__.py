"""Every write about the business, its stores, its members and how they sign in."""

from etalage.accounts.actions.business import change_business, close_store, create_business, save_store
from etalage.accounts.actions.people import change_member, invite_member, keep_wish
from etalage.accounts.actions.sign_in import (
    SIGN_IN_LINK_LIFE,
    issue_link_for,
    issue_sign_in_link,
    may_remove_second_steps,
    remove_second_steps,
    use_sign_in_link,
)

__all__ = [
    "SIGN_IN_LINK_LIFE",
    "change_business",
    "change_member",
    "close_store",
    "create_business",
    "invite_member",
    "issue_link_for",
    "issue_sign_in_link",
    "keep_wish",
    "may_remove_second_steps",
    "remove_second_steps",
    "save_store",
    "use_sign_in_link",
]
