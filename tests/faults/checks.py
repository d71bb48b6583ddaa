"""What became of publications, read from the network's own ledger and the database, and from nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etalage.publishing.delivery.states import TERMINAL, TRANSITIONS
from etalage.publishing.models import DeliveryState, DeliveryStep
from tests.faults.shop import Batch
from tests.practice_network import PracticeNetwork


@dataclass(frozen=True)
class Verdict:
    """Counts over one batch. `lost`: neither there, nor known to be missing by a person; `untrue`: said wrongly."""

    number: int
    published: int
    twice: int
    lost: int
    wrong_id: int
    untrue: int
    asked: int
    off_path: int
    unfinished: int
    sends: int
    doubts: int
    why_asked: Mapping[str, int]

    def counts(self) -> dict[str, Any]:
        """For a line of the report."""
        return {
            "of": self.number,
            "sends": self.sends,
            "doubts": self.doubts,
            "published": self.published,
            "twice": self.twice,
            "lost": self.lost,
            "wrong id": self.wrong_id,
            "asked": self.asked,
            **{f"because of {reason}": number for reason, number in self.why_asked.items()},
        } | {
            name: value
            for name, value in (
                ("untrue", self.untrue),
                ("off path", self.off_path),
                ("unfinished", self.unfinished),
            )
            if value
        }

    def broken(self, *, asks: float) -> list[str]:
        """The invariants that do not hold; `asks` is the share of publications that a person may be asked about."""
        found = [
            name
            for name, value in (
                ("twice", self.twice),
                ("lost", self.lost),
                ("wrong id", self.wrong_id),
                ("untrue", self.untrue),
                ("off path", self.off_path),
                ("unfinished", self.unfinished),
            )
            if value
        ]
        return [*found, *(["asked too often"] if self.asked > asks * self.number else [])]


def judge(network: PracticeNetwork, batch: Batch) -> Verdict:
    """Compare the network's ledger with what the database says."""
    standing: dict[str, list[str]] = defaultdict(list)
    ledger = network.ledger()
    for entry in ledger.publications:
        standing[entry["marker"]].append(entry["id"])
    counts: Counter[str] = Counter(
        sends=sum(attempt["handle"] == batch.channel.handle for attempt in ledger.attempts),
        doubts=DeliveryStep.objects.filter(publication__in=batch.ids, to_state=DeliveryState.UNKNOWN).count(),
    )
    paths, why = _paths(batch), Counter[str]()
    for row in batch.rows():
        there, state = standing[batch.markers[row.pk]], DeliveryState(row.state)
        counts["twice"] += len(there) > 1
        counts["published"] += state is DeliveryState.PUBLISHED
        if state is DeliveryState.NEEDS_PERSON:
            counts["asked"] += 1
            why[row.reason] += 1
        counts["wrong_id"] += state is DeliveryState.PUBLISHED and row.remote_id not in there and bool(there)
        counts["untrue"] += state is DeliveryState.PUBLISHED and not there
        counts["untrue"] += state in TERMINAL and bool(there)
        counts["lost"] += state in TERMINAL and not there
        counts["unfinished"] += state not in TERMINAL | {DeliveryState.PUBLISHED, DeliveryState.NEEDS_PERSON}
        counts["off_path"] += not _is_path(paths[row.pk], state)
    others = Verdict.__dataclass_fields__.keys() - {"number", "why_asked"}
    return Verdict(number=len(batch.ids), why_asked=why, **{name: counts[name] for name in others})


def _paths(batch: Batch) -> dict[Any, list[tuple[str, str]]]:
    paths: dict[Any, list[tuple[str, str]]] = defaultdict(list)
    steps = DeliveryStep.objects.filter(publication__in=batch.ids).order_by("pk")
    for key, before, after in steps.values_list("publication_id", "from_state", "to_state"):
        paths[key].append((before, after))
    return paths


def _is_path(steps: list[tuple[str, str]], state: DeliveryState) -> bool:
    """Each step begins where the last one ended: nobody wrote over what a successor had written."""
    at: str = DeliveryState.SCHEDULED
    for before, after in steps:
        if before == after:
            continue  # a remark that moves nothing
        if before != at or after not in TRANSITIONS[DeliveryState(at)]:
            return False
        at = after
    return at == state
