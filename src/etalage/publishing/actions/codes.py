"""Promotion codes that customers name at the till."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Member
from etalage.jobs.live import tell
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.ids import short_code
from etalage.publishing.actions.opening import managers_only
from etalage.publishing.models import PromotionCode

ALLOWED = re.compile(r"[A-Z0-9][A-Z0-9-]{2,39}")
DRAWN_LENGTH = 6


@dataclass(frozen=True)
class CodeContent:
    """What a form says about a code; an empty `code` is drawn.

    Either `percent` or `amount_minor`, which is in minor units of the business's currency.
    """

    code: str = ""
    campaign_id: UUID | None = None
    post_id: UUID | None = None
    percent: int | None = None
    amount_minor: int | None = None
    usage_limit: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def normal_code(text: str) -> str:
    """A code as it is stored: capital letters and digits, dashes, no blanks."""
    return "".join(text.split()).upper()


@transaction.atomic
def create_code(content: CodeContent, *, actor: Member) -> PromotionCode:
    """Make a code. Raises Refusal `code_taken`, or for what does not fit together."""
    managers_only(actor)
    code = _filled(PromotionCode(), content)
    code.code = _checked(normal_code(content.code)) if content.code.strip() else short_code(DRAWN_LENGTH)
    try:
        with transaction.atomic():
            code.save(force_insert=True)
    except IntegrityError as error:
        raise Refusal(
            _("This code exists already. Choose another."), code="code_taken", status=409
        ) from error
    record(actor, "code.created", code)
    tell("campaigns")
    return code


@transaction.atomic
def edit_code(code_id: UUID, content: CodeContent, *, actor: Member) -> PromotionCode:
    """Change what a code gives, how often and when; its letters stay, because people carry them."""
    managers_only(actor)
    code = _filled(_find(code_id), content)
    if code.usage_limit is not None and code.usage_limit < code.used:
        raise Refusal(
            _("This code was used %(number)d times already. The limit cannot be lower."),
            code="limit_too_low",
            status=422,
            number=code.used,
        )
    code.save()
    record(actor, "code.edited", code)
    tell("campaigns")
    return code


@transaction.atomic
def end_code(code_id: UUID, *, actor: Member) -> PromotionCode:
    """Let nobody use the code from now on."""
    managers_only(actor)
    code, now = _find(code_id), clock.now()
    if code.ends_at is None or code.ends_at > now:
        code.ends_at = now
        code.save(update_fields=["ends_at"])
        record(actor, "code.ended", code)
        tell("campaigns")
    return code


def claim_code_use(code: str, now: datetime) -> PromotionCode:
    """Count one use of a valid code, never beyond its limit: one conditional statement, safe under any race.

    Belongs in the transaction that gives the discount. Raises Refusal: code_unknown, code_not_yet, code_ended,
    code_used_up.
    """
    wanted = normal_code(code)
    valid = PromotionCode.objects.filter(
        Q(starts_at=None) | Q(starts_at__lte=now),
        Q(ends_at=None) | Q(ends_at__gt=now),
        Q(usage_limit=None) | Q(used__lt=F("usage_limit")),
        code=wanted,
    )
    if not valid.update(used=F("used") + 1):
        raise _why_not(wanted, now)
    return PromotionCode.objects.get(code=wanted)


def give_back_code_use(code_id: UUID) -> None:
    """Take one use off again, for a redemption that was cancelled."""
    PromotionCode.objects.filter(pk=code_id, used__gt=0).update(used=F("used") - 1)


def _why_not(wanted: str, now: datetime) -> Refusal:
    code = PromotionCode.objects.filter(code=wanted).first()
    if code is None:
        return Refusal(_("There is no such code. Check each letter."), code="code_unknown", status=404)
    if code.starts_at and code.starts_at > now:
        return Refusal(_("This code is not valid yet."), code="code_not_yet", status=409)
    if code.ends_at and code.ends_at <= now:
        return Refusal(_("This code is no longer valid."), code="code_ended", status=409)
    return Refusal(_("This code was used as often as it may be."), code="code_used_up", status=409)


def _checked(code: str) -> str:
    if not ALLOWED.fullmatch(code):
        raise Refusal(
            _("A code has 3 to 40 letters A to Z, digits and dashes."), code="code_invalid", status=422
        )
    return code


def _filled(code: PromotionCode, content: CodeContent) -> PromotionCode:
    if (content.percent is None) == (content.amount_minor is None):
        raise Refusal(_("Give either a percentage or an amount."), code="percent_or_amount", status=422)
    if content.percent is not None and not 1 <= content.percent <= 100:
        raise Refusal(_("Give a percentage from 1 to 100."), code="percent_invalid", status=422)
    if content.amount_minor is not None and content.amount_minor <= 0:
        raise Refusal(_("Give an amount above zero."), code="amount_invalid", status=422)
    if content.usage_limit is not None and content.usage_limit < 1:
        raise Refusal(_("Give a limit of at least 1, or none."), code="limit_invalid", status=422)
    if content.starts_at and content.ends_at and content.ends_at <= content.starts_at:
        raise Refusal(_("The end must be later than the beginning."), code="ends_too_early", status=422)
    code.campaign_id, code.post_id = content.campaign_id, content.post_id
    code.percent, code.amount_minor, code.usage_limit = (
        content.percent,
        content.amount_minor,
        content.usage_limit,
    )
    code.starts_at, code.ends_at = content.starts_at, content.ends_at
    return code


def _find(code_id: UUID) -> PromotionCode:
    code = PromotionCode.objects.select_for_update().filter(pk=code_id).first()
    if code is None:
        raise Refusal(_("This code no longer exists."), code="code_gone", status=404)
    return code
