"""What stands on a channel, for the room below that reads figures and names posts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from etalage.channels.posts import Shown
from etalage.publishing.models import DeliveryState, Publication

LONGEST_TITLE = 60


class Book:
    """See `channels.posts.PostBook`."""

    def standing(self, channel_id: UUID, since: datetime) -> Mapping[str, datetime]:
        """Publications that went out after `since` and were not withdrawn, by the network's id."""
        rows = Publication.objects.filter(
            channel_id=channel_id, state=DeliveryState.PUBLISHED, published_at__gte=since
        ).exclude(remote_id="")
        return {key: at for key, at in rows.values_list("remote_id", "published_at") if at is not None}

    def shown(self, channel_id: UUID, remote_ids: Collection[str]) -> Mapping[str, Shown]:
        """Their first words, and the pages of their posts."""
        rows = Publication.objects.filter(channel_id=channel_id, remote_id__in=remote_ids)
        return {row.remote_id: _shown(row) for row in rows.select_related("post")}


def _shown(publication: Publication) -> Shown:
    words = publication.custom_text or publication.post.text.in_language(publication.language)
    first = words.strip().partition("\n")[0]
    title = first if len(first) <= LONGEST_TITLE else first[:LONGEST_TITLE].rsplit(" ", 1)[0] + "…"
    return Shown(title, reverse("publishing:post", args=[publication.post_id]))
