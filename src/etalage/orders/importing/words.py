"""The words by which files say what a receipt is, in four languages; compared without case, accents and signs."""

from __future__ import annotations

import re
from functools import lru_cache

from etalage.imports.reading.columns import normal
from etalage.orders.models import Place


def _words(*words: str) -> frozenset[str]:
    return frozenset(map(normal, words))


_CANCELLED = _words(
    *(
        "cancelled",
        "canceled",
        "void",
        "voided",
        "failed",
        "declined",
        "expired",
        "aborted",
        "annulé",
        "annulée",
    ),
    *("abandonné", "échoué", "refusé", "geannuleerd", "geannulleerd", "mislukt", "vervallen", "ملغي", "ملغى"),
    *("ملغاة", "ملغية", "فشل"),
)
_REFUNDED = _words("refunded", "remboursé", "remboursée", "terugbetaald", "مسترد", "مستردة", "تم الاسترداد")
_NOTE = _words(
    *(
        "refund",
        "return",
        "returned",
        "credit note",
        "credit memo",
        "credit",
        "avoir",
        "note de crédit",
        "retour",
    ),
    *(
        "remboursement",
        "creditnota",
        "creditfactuur",
        "terugbetaling",
        "teruggave",
        "إرجاع",
        "مرتجع",
        "استرداد",
    ),
    *("إشعار دائن", "مردودات"),
)
_ONLINE = _words(
    *(
        "online",
        "web",
        "webshop",
        "website",
        "internet",
        "e-commerce",
        "online store",
        "en ligne",
        "site web",
    ),
    *("boutique en ligne", "webwinkel", "عبر الإنترنت", "أونلاين", "الموقع"),
)
_IN_STORE = _words(
    *("store", "in store", "pos", "till", "shop", "retail", "magasin", "en magasin", "boutique", "caisse"),
    *("winkel", "in de winkel", "kassa", "متجر", "في المتجر", "نقطة بيع"),
)
# CN-12, NC12, AV 7: what tills put before the number of a credit note. A single C may also be a store's letter,
# so that C536379 is a credit note by its amount below zero, not by its letter.
_NOTE_NUMBER = re.compile(r"(?:cn|nc|av|avoir|ret|refund|crn)[-_/ ]?\d", re.IGNORECASE)


@lru_cache(maxsize=1000)
def _word(text: str) -> str:
    return normal(text).removeprefix("wc")


def is_cancelled(status: str) -> bool:
    """Whether a state says that the sale did not happen."""
    return _word(status) in _CANCELLED


def is_refunded(status: str) -> bool:
    """Whether a state says that a sale was paid back whole."""
    return _word(status) in _REFUNDED


def is_note(kind: str, number: str) -> bool:
    """Whether the kind or the number of a receipt says that it is a credit note."""
    return _word(kind) in _NOTE or _NOTE_NUMBER.match(number) is not None


def place_of(text: str) -> str:
    """Online or in the store; "" for a word that says neither."""
    word = _word(text)
    if word in _ONLINE:
        return Place.ONLINE
    return Place.STORE if word in _IN_STORE else ""
