"""The practice network runs at another address than last time: channels and publications point to it again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Replace

from etalage.channels.models import Channel, Grant
from etalage.publishing.models import Publication


@transaction.atomic
def move_network(old: str, new: str) -> None:
    """Let channels and published posts point to the practice network's new address."""
    if old == new:
        return
    Channel.objects.filter(base_url=old).update(base_url=new)
    Grant.objects.filter(base_url=old).update(base_url=new)
    moved = Replace(F("remote_url"), Value(f"{old}/"), Value(f"{new}/"))
    Publication.objects.filter(remote_url__startswith=f"{old}/").update(remote_url=moved)
