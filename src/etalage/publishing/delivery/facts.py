"""A publication in the words of the connectors."""

from __future__ import annotations

from etalage.networks.base import Delivery
from etalage.publishing import links
from etalage.publishing.models import Publication


def delivery_of(publication: Publication, attempt: int) -> Delivery:
    """The durable facts of a publication, as connectors want them."""
    return Delivery(
        publication_id=str(publication.pk),
        attempt=attempt,
        marker=links.address_of(publication.link),
        idempotency_key=publication.idempotency_key,
        client_key=publication.client_key,
        parts=dict(publication.parts.values_list("name", "remote_id")),
    )
