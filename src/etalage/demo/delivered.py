"""How the publications of the past came to stand on the network: every step as the delivery would have taken it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from etalage.accounts.models import Member
from etalage.demo.past import Past
from etalage.demo.people import House
from etalage.demo.stage import Said, Shown, Stage
from etalage.networks.abilities import Mechanism
from etalage.networks.base import Reason
from etalage.publishing import links
from etalage.publishing.delivery.pace import pace
from etalage.publishing.models import DeliveryState as S
from etalage.publishing.models import DeliveryStep, Publication, RemotePart, TrackedLink
from etalage.publishing.renditions import Preview, fingerprint, with_link

PART = "picture-0"  # as the practice network's connector names the first picture


@dataclass(frozen=True)
class Ending:
    """How a delivery ended, and the steps that led there after it was sent."""

    state: S
    reason: str = ""
    detail: str = ""
    by_way_of: tuple[tuple[S, str], ...] = ()

    @property
    def stands_there(self) -> bool:
        """True when the network took it, whether we know of it or not."""
        return self.state != S.REJECTED


PUBLISHED = Ending(S.PUBLISHED)
REFUSED = Ending(S.REJECTED, Reason.TEXT_INVALID, "text_too_long")
# The answer was lost, and this network lists no statuses: it stands there, and only a person can find that out.
DOUBTFUL = Ending(
    S.NEEDS_PERSON,
    Reason.AMBIGUOUS,
    by_way_of=((S.UNKNOWN, Reason.AMBIGUOUS), (S.RECONCILING, "")),
)


def text_of(shown: Shown, said: Said) -> str:
    """The words and the link as they stand on the network."""
    words = said.post.text.in_language(shown.publication.language)
    return with_link(words, links.address_of(shown.link))


def choose_endings(stage: Stage) -> dict[Any, Ending]:
    """Two of the last posts met trouble: one was refused, of one nobody knows. By publication id."""
    endings: dict[Any, Ending] = {}
    for said in reversed(stage.said[:-2]):
        if len(said.shown) < 2:
            continue
        for shown in said.shown:
            mechanism = shown.publication.channel.abilities.get("mechanism")
            wanted = DOUBTFUL if mechanism == Mechanism.NONE else REFUSED
            if wanted not in endings.values() and not any(
                one.publication.pk in endings for one in said.shown
            ):
                endings[shown.publication.pk] = wanted
    return endings


def finish(past: Past, said: Said, shown: Shown, ending: Ending, remote: tuple[str, str, str]) -> None:
    """Fill a publication in as its delivery left it. `remote`: id and address on the network, id of its picture."""
    row, post = shown.publication, said.post
    remote_id, remote_url, _media = remote
    due_at = post.due_at or past.now
    row.created_at, row.due_at, row.expires_at = post.created_at, due_at, pace().too_late(due_at, None)
    row.state, row.state_at, row.reason, row.detail = ending.state, shown.at, ending.reason, ending.detail
    row.tries, row.attempt = 1, 1
    row.token = 2 if ending.by_way_of else 1
    row.sent_at = row.first_sent_at = shown.at - timedelta(seconds=0.6)
    row.idempotency_key = row.client_key = f"etalage-{row.pk}"
    row.body_hash = fingerprint(
        Preview(row.channel, row.language, text_of(shown, said), "", 0, 0, (said.picture,), ())
    )
    if ending is PUBLISHED:
        row.remote_id, row.remote_url, row.published_at = remote_id, remote_url, shown.at
    else:
        row.in_doubt = ending is DOUBTFUL
        row.next_attempt_at = due_at if row.in_doubt else None


def steps_of(said: Said, shown: Shown, ending: Ending, manager: Member) -> list[DeliveryStep]:
    """The history of one delivery, oldest first."""
    post, row = said.post, shown.publication
    approved, due_at = post.approved_at or post.created_at, post.due_at or post.created_at
    way: list[tuple[S, datetime, str, Member | None, int]] = [
        (S.APPROVED, approved, "", manager, 0),
        (S.SCHEDULED, approved, "", manager, 0),
        (S.CLAIMED, due_at, "", None, 0),
        (S.PREPARED, shown.at - timedelta(seconds=0.8), "", None, 0),
        (S.SENDING, shown.at - timedelta(seconds=0.6), "", None, 1),
        *((state, shown.at, reason, None, 1) for state, reason in ending.by_way_of),
        (ending.state, shown.at, ending.reason, None, 1),
    ]
    before = [S.DRAFT, *(state for state, *_rest in way)]
    return [
        DeliveryStep(
            publication=row,
            at=at,
            from_state=before[number],
            to_state=state,
            reason=reason,
            detail=ending.detail if state == ending.state else "",
            attempt=attempt,
            member=member,
        )
        for number, (state, at, reason, member, attempt) in enumerate(way)
    ]


def save_deliveries(
    past: Past,
    stage: Stage,
    house: House,
    endings: dict[Any, Ending],
    remote: dict[Any, tuple[str, str, str]],
) -> None:
    """Write every publication with its link, its uploaded picture and its steps."""
    pairs: Sequence[tuple[Said, Shown, Ending]] = [
        (said, shown, endings.get(shown.publication.pk, PUBLISHED)) for said, shown in stage.shown
    ]
    for said, shown, ending in pairs:
        finish(past, said, shown, ending, remote[shown.publication.pk])
    Publication.objects.bulk_create(shown.publication for _said, shown, _ending in pairs)
    TrackedLink.objects.bulk_create(shown.link for _said, shown, _ending in pairs)
    RemotePart.objects.bulk_create(
        RemotePart(publication=shown.publication, name=PART, remote_id=remote[shown.publication.pk][2])
        for _said, shown, _ending in pairs
    )
    DeliveryStep.objects.bulk_create(
        step for said, shown, ending in pairs for step in steps_of(said, shown, ending, house.manager)
    )
