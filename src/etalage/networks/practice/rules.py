"""The practice network's rules, in one place: the server refuses by them, its limits page shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from etalage.networks.abilities import Abilities, Aim, Mechanism

#: What every account may do, before its face is known.
LIMITS = Abilities(
    text_limit=500,
    link_length=23,
    mechanism=Mechanism.IDEMPOTENCY_KEY,
    settle=timedelta(seconds=2),
    key_valid_for=timedelta(hours=1),
    max_pictures=4,
    picture_formats=("image/jpeg", "image/png", "image/webp"),
    picture_max_bytes=8_000_000,
    picture_max_width=4096,
    picture_max_height=4096,
    picture_min_ratio=0.4,
    picture_max_ratio=2.5,
    picture_box=(1200, 1200),
    alt_text_limit=1500,
    can_edit=True,
    can_withdraw=True,
    can_reply=True,
    can_measure=True,
    good_for=(Aim.AWARENESS, Aim.PROMOTION, Aim.RELATION),
)


def limits_of(face: str, lag: float, key_seconds: float, stated_settle: float | None = None) -> Abilities:
    """The abilities of an account with this face; `lag`, `key_seconds` and what it states to settle in seconds."""
    mechanism = Mechanism(face)
    remembers = mechanism is Mechanism.IDEMPOTENCY_KEY
    return replace(
        LIMITS,
        mechanism=mechanism,
        settle=timedelta(seconds=2 + 2 * lag if stated_settle is None else stated_settle),
        key_valid_for=timedelta(seconds=key_seconds) if remembers else None,
    )
