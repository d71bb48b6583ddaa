"""The graph of the delivery state machine, checked when this module is loaded."""

from __future__ import annotations

from collections.abc import Mapping

from etalage.publishing.models import DeliveryState as S

TRANSITIONS: Mapping[S, frozenset[S]] = {
    # Straight into doubt goes what may be out since a backup that was put back.
    S.DRAFT: frozenset({S.APPROVED, S.UNKNOWN}),
    S.APPROVED: frozenset({S.SCHEDULED, S.DRAFT, S.WITHDRAWN, S.PUBLISHED, S.UNKNOWN}),
    S.SCHEDULED: frozenset(
        {S.CLAIMED, S.APPROVED, S.DRAFT, S.WITHDRAWN, S.EXPIRED, S.UNKNOWN, S.NEEDS_PERSON, S.PUBLISHED}
    ),
    S.CLAIMED: frozenset(
        {
            S.PREPARED,
            S.SCHEDULED,
            S.REJECTED,
            S.EXPIRED,
            S.WITHDRAWN,
            S.UNKNOWN,
            S.NEEDS_PERSON,
            S.PUBLISHED,
        }
    ),
    S.PREPARED: frozenset(
        {
            S.SENDING,
            S.SCHEDULED,
            S.REJECTED,
            S.EXPIRED,
            S.WITHDRAWN,
            S.UNKNOWN,
            S.NEEDS_PERSON,
            S.PUBLISHED,
        }
    ),
    S.SENDING: frozenset({S.PUBLISHED, S.REJECTED, S.SCHEDULED, S.UNKNOWN, S.NEEDS_PERSON, S.EXPIRED}),
    S.UNKNOWN: frozenset({S.RECONCILING, S.PUBLISHED, S.NEEDS_PERSON}),
    S.RECONCILING: frozenset(
        {S.PUBLISHED, S.SCHEDULED, S.UNKNOWN, S.NEEDS_PERSON, S.REJECTED, S.EXPIRED, S.WITHDRAWN}
    ),
    S.NEEDS_PERSON: frozenset({S.PUBLISHED, S.SCHEDULED, S.DROPPED}),
    S.PUBLISHED: frozenset({S.WITHDRAWN}),
    S.REJECTED: frozenset({S.PUBLISHED}),
    S.EXPIRED: frozenset({S.PUBLISHED}),
    S.DROPPED: frozenset({S.PUBLISHED}),
    S.WITHDRAWN: frozenset(),
}

START = S.DRAFT
#: Where a publication ends without standing there. Only news that came late leads on: it stands there after all.
TERMINAL = frozenset(state for state, after in TRANSITIONS.items() if after <= {S.PUBLISHED})
LEASED = frozenset({S.CLAIMED, S.PREPARED, S.SENDING, S.RECONCILING})  # somebody is at work on it
DOUBTFUL = frozenset(
    {S.SCHEDULED, S.UNKNOWN, S.RECONCILING}
)  # where what is in doubt waits, or is looked for
UNSENT = frozenset({S.DRAFT, S.APPROVED, S.SCHEDULED})  # people may still change everything


def _check(graph: Mapping[S, frozenset[S]]) -> None:
    """Raise ValueError unless every state is listed, reachable from the start, and can come to an end."""
    if set(graph) != set(S):
        raise ValueError(f"states without transitions: {sorted(set(S) ^ set(graph))}")
    reached, edge = {START}, {START}
    while edge := {after for state in edge for after in graph[state]} - reached:
        reached |= edge
    if reached != set(S):
        raise ValueError(f"states that nothing leads to: {sorted(set(S) - reached)}")
    ending = {state for state, after in graph.items() if after <= {S.PUBLISHED}} | {S.PUBLISHED}
    while more := {state for state, after in graph.items() if after & ending} - ending:
        ending |= more
    if ending != set(S):
        raise ValueError(f"states that lead nowhere: {sorted(set(S) - ending)}")
    if graph[S.SENDING] & {S.CLAIMED, S.PREPARED, S.WITHDRAWN}:
        raise ValueError("what may be on the wire is never taken for unsent")


_check(TRANSITIONS)
