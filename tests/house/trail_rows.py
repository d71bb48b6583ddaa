"""Which deeds do not stand in the audit trail exactly once, each with the reason.

A deed is named as in the tables of routes; " stranger" after it: by somebody who is not signed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

SHOWS = "it shows something and changes nothing"
OWN_BROWSER = "a browser's own choice; nothing is kept here"
PROVES = "it says once more who somebody is, and changes nothing"
LETTER = "it sends the address's own letter; the deed is to follow its link"
CONSENT = "a consent is its own record, words and both moments; nothing may say of whom once it is erased"
CODES_TOO = "one for the second step, one for the recovery codes that come and go with it"
EACH_PART = "one for each thing that the form changed"

NONE: dict[str, str] = {
    "web:language stranger": OWN_BROWSER,
    "web:theme stranger": OWN_BROWSER,
    "publishing:preview": SHOWS,
    "publishing:preview_post": SHOWS,
    "publishing:search_products": SHOWS,
    "orders:labels": "it prints labels; the tracked link that it makes is the same ever after",
    "shop:consent": CONSENT,
    "shop:consent stranger": CONSENT,
    "account_reauthenticate": PROVES,
    "mfa_reauthenticate": PROVES,
    "mfa_reauthenticate_webauthn": PROVES,
    "account_reset_password": LETTER,
    "account_email send": LETTER,
    "mfa_edit_webauthn": "what somebody calls their passkey opens nothing",
}

TWO: dict[str, str] = {
    "accounts:enter": "one for the link, spent also where a second step still keeps them out; one for signing in",
    "accounts:enter stranger": "as above",
    "channels:detail": EACH_PART,
    "publishing:compose": EACH_PART,
    "publishing:post_deed publish": "who publishes at once approves as well: two decisions",
    "mfa_activate_totp": CODES_TOO,
    "mfa_add_webauthn": CODES_TOO,
    "mfa_deactivate_totp": CODES_TOO,
}


def entries_of(deed: str) -> int:
    """How many entries a deed leaves."""
    return 0 if deed in NONE else 2 if deed in TWO else 1


def gone(deeds: Iterable[str]) -> Iterator[str]:
    """Exceptions for deeds that there are no more."""
    yield from (NONE.keys() | TWO.keys()) - set(deeds)
