"""What a promotion code takes off."""

from __future__ import annotations

from etalage.publishing.models import PromotionCode


def discount_of(promotion: PromotionCode, worth_minor: int | None) -> int:
    """What a code takes off a purchase, in minor units: half a unit is rounded in the customer's favour.

    Never more than the purchase itself. Of an unknown purchase a fixed amount is known, a percentage is not: 0.
    """
    if promotion.percent is not None:
        return (max(0, worth_minor or 0) * promotion.percent + 50) // 100
    amount = promotion.amount_minor or 0
    return amount if worth_minor is None else min(amount, max(0, worth_minor))
