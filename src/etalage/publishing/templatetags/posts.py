"""How states look: each has a tone, an icon and a word, so that no colour speaks alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django import template
from django.core.files.storage import default_storage
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from etalage.channels.reasons import Advice
from etalage.kit import clock, formats
from etalage.publishing.links import SAMPLE_CODE
from etalage.publishing.models import DeliveryState, Publication
from etalage.publishing.queries import Explanation, advice_for, explain
from etalage.publishing.renditions import Preview

register = template.Library()

_LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    "draft": ("plain", "pencil"),
    "review": ("warn", "hand"),
    "approved": ("info", "check"),
    "scheduled": ("info", "clock"),
    "sending": ("info", "send"),
    "claimed": ("info", "hourglass"),
    "prepared": ("info", "hourglass"),
    "published": ("good", "circle-check"),
    "partly": ("warn", "triangle-alert"),
    "failed": ("bad", "circle-x"),
    "rejected": ("bad", "circle-x"),
    "expired": ("bad", "alarm-clock"),
    "needs_person": ("warn", "hand"),
    "unknown": ("warn", "circle-help"),
    "reconciling": ("warn", "search"),
    "withdrawn": ("plain", "undo-2"),
    "dropped": ("plain", "ban"),
}

_DEEDS: Final[Mapping[str, Promise]] = {
    "post.created": _("Begun"),
    "post.edited": _("Changed"),
    "post.products_set": _("Products chosen"),
    "post.channels_set": _("Channels chosen"),
    "post.picture_added": _("Picture added"),
    "post.picture_described": _("Picture described"),
    "post.picture_removed": _("Picture removed"),
    "post.pictures_ordered": _("Pictures put in order"),
    "post.duplicated": _("Made as a copy"),
    "post.submitted": _("Sent for approval"),
    "post.sent_back": _("Made a draft again"),
    "post.approved": _("Approved"),
    "post.scheduled": _("Scheduled"),
    "post.withdrawn": _("Withdrawn"),
    "post.edited_after_publication": _("Published words changed"),
    "publication.copy_deleted": _("Second copy deleted"),
    "publication.copies_kept": _("Both copies left there"),
    "publication.withdrawn": _("Withdrawn from a channel"),
    "publication.tried_again": _("Tried again"),
    "publication.seen_there": _("Seen on the network"),
    "publication.sent_again": _("Sent again"),
    "publication.dropped": _("Given up"),
}


@register.filter
def state_tone(state: object) -> str:
    """The tone of a post's or a publication's state."""
    return _LOOKS.get(str(state), ("plain", "circle"))[0]


@register.filter
def state_icon(state: object) -> str:
    """The icon of a post's or a publication's state."""
    return _LOOKS.get(str(state), ("plain", "circle"))[1]


@register.filter
def picture_url(name: str) -> str:
    """The address of a picture by its name in the storage; empty for none."""
    return default_storage.url(name) if name else ""


@register.filter
def explained(publication: Publication) -> Explanation:
    """What a publication's state means, and what to do."""
    return explain(publication)


@register.filter
def deed_label(action: str) -> Promise | str:
    """An entry of the audit trail in words."""
    return _DEEDS.get(action, action)


@register.filter
def state_label(state: str) -> Promise | str:
    """The word for a state of a publication."""
    return DeliveryState(state).label if state in DeliveryState.values else state


@register.filter
def advice(reason: str) -> Advice | None:
    """What a reason means to a person (`text`) and who has to act (`who`); None for one that says nothing."""
    return advice_for(reason)


@register.filter
def moment_seconds(at: datetime, zone: str) -> SafeString:
    """An aware moment to the second in `zone`: steps follow each other fast."""
    language = get_language() or "en"
    local = at.astimezone(clock.zone(zone))
    day, hour = formats.format_date(local.date(), language), formats.format_time(local, language, "medium")
    return format_html('<time datetime="{}"><bdi>{}</bdi> <bdi>{}</bdi></time>', at.isoformat(), day, hour)


@register.filter
def is_web_address(address: str) -> bool:
    """True for an address that a browser may be sent to: a network could answer anything."""
    return address.startswith(("https://", "http://"))


@register.filter
def words_only(preview: Preview) -> str:
    """The words of a preview without the link below them."""
    return preview.text.removesuffix(preview.address).rstrip()


@register.filter
def sample_shown(address: str) -> str:
    """The address of a link that is not made yet, with an ellipsis where its code will stand."""
    return f"{address.removesuffix(SAMPLE_CODE)}…" if address.endswith(SAMPLE_CODE) else address


@register.simple_tag
def fill_meter(preview: Preview) -> SafeString:
    """How much of a network's limit is used, with what is left or too much."""
    tone = "over" if preview.used > preview.limit else "near" if preview.used > preview.limit * 0.9 else "ok"
    return format_html(
        '<span class="counter" data-state="{}"><bdi>{} / {}</bdi></span>', tone, preview.used, preview.limit
    )
