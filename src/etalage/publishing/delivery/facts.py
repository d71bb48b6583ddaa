"""A publication in the words of the connectors."""

from __future__ import annotations

from etalage.networks.base import Delivery
from etalage.publishing import links
from etalage.publishing.models import DeliveryState, Publication


def delivery_of(publication: Publication, attempt: int) -> Delivery:
    """The durable facts of a publication, as connectors want them."""
    return Delivery(
        publication_id=str(publication.pk),
        attempt=attempt,
        marker=address_of(publication),
        idempotency_key=publication.idempotency_key,
        client_key=publication.client_key,
        parts=dict(publication.parts.values_list("name", "remote_id")),
    )


def key_of(publication: Publication) -> str:
    """The key by which a network knows an attempt again: it follows from the publication's id.

    After a plain refusal another follows it where the network's memory for keys is not relied on.
    """
    return f"etalage-{publication.pk}"


def address_of(publication: Publication) -> str:
    """The address of its link, which is its marker too: as it was sent, for as long as that may stand there.

    The shop's public address may change; what a look searches for, and a second attempt must equal, may not.
    """
    may_stand_there = publication.in_doubt or publication.state == DeliveryState.PUBLISHED
    if may_stand_there and publication.marker:
        return publication.marker
    return links.address_of(publication.link)
