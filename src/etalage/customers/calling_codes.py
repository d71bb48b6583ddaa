"""Which country's calling code a phone number without one belongs to: a guess from the business itself."""

from __future__ import annotations

import unicodedata

# Time zone to ITU calling code, for the countries where the four languages of the interface are spoken and around.
_BY_ZONE = {
    "Africa/Algiers": "213",
    "Africa/Cairo": "20",
    "Africa/Casablanca": "212",
    "Africa/Dakar": "221",
    "Africa/Abidjan": "225",
    "Africa/Tripoli": "218",
    "Africa/Tunis": "216",
    "America/New_York": "1",
    "America/Chicago": "1",
    "America/Los_Angeles": "1",
    "America/Montreal": "1",
    "America/Toronto": "1",
    "America/Vancouver": "1",
    "America/Paramaribo": "597",
    "Asia/Amman": "962",
    "Asia/Baghdad": "964",
    "Asia/Bahrain": "973",
    "Asia/Beirut": "961",
    "Asia/Damascus": "963",
    "Asia/Dubai": "971",
    "Asia/Kuwait": "965",
    "Asia/Muscat": "968",
    "Asia/Qatar": "974",
    "Asia/Riyadh": "966",
    "Australia/Melbourne": "61",
    "Australia/Sydney": "61",
    "Europe/Amsterdam": "31",
    "Europe/Berlin": "49",
    "Europe/Brussels": "32",
    "Europe/Copenhagen": "45",
    "Europe/Dublin": "353",
    "Europe/Lisbon": "351",
    "Europe/London": "44",
    "Europe/Luxembourg": "352",
    "Europe/Madrid": "34",
    "Europe/Paris": "33",
    "Europe/Rome": "39",
    "Europe/Vienna": "43",
    "Europe/Zurich": "41",
    "Pacific/Auckland": "64",
}
# Countries where the first zero is part of the number, not the way to dial out of town.
KEEPS_ZERO = frozenset({"39", "225"})


def guess_calling_code(phone: str, timezone: str) -> str:
    """The calling code of the business: of its own phone when that names one, else of its time zone, else ""."""
    digits = dialled(phone)
    if not phone.strip().startswith("+"):
        digits = digits[2:] if digits.startswith("00") else ""
    # No code begins with another one, so the first that fits is the one (ITU E.164).
    own = [code for code in set(_BY_ZONE.values()) if digits.startswith(code)]
    return own[0] if own else _BY_ZONE.get(timezone, "")


def dialled(text: str) -> str:
    """The digits of a text, written in any script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(sign)) for sign in text if sign.isdecimal())
