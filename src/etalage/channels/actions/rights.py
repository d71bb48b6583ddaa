"""Who may change channels, and what every change checks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Language, Member, Role
from etalage.kit.errors import Refusal


def managers_only(actor: Member) -> None:
    """Raise Refusal for anybody below a manager."""
    if not actor.may(Role.MANAGER):
        raise Refusal(
            _("Only managers may change channels. Ask one of them."), code="not_allowed", status=403
        )


def known_language(language: str) -> None:
    """Raise Refusal for a language that Etalage does not speak."""
    if language not in Language.values:
        raise Refusal(_("Choose one of the languages in the list."), code="language_unknown", status=422)
