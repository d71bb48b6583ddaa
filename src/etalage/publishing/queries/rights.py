"""Which buttons are safe: for a publication by its state, for a post also by who asks."""

from __future__ import annotations

from collections.abc import Iterable

from etalage.accounts.models import Member, Role
from etalage.channels.models import ChannelState
from etalage.channels.queries import abilities_of
from etalage.publishing.delivery.states import DOUBTFUL, TERMINAL, UNSENT
from etalage.publishing.models import CopyState, Post, PostState, Publication
from etalage.publishing.models import DeliveryState as S
from etalage.publishing.queries.status import latest

_DECIDES = frozenset({"it_is_there", "send_again", "drop"})
_REPEATABLE = frozenset({S.REJECTED, S.EXPIRED})


def safe_actions(publication: Publication) -> frozenset[str]:
    """Of withdraw, edit, try_again, it_is_there, send_again, drop, delete_copy, keep_copies: what can do no harm now.

    Uses `publication.channel`, `publication.post`, `replaced_by` and `copies`. Managers may do these.
    """
    state, connected = S(publication.state), publication.channel.state != ChannelState.DISCONNECTED
    if any(copy.state == CopyState.OPEN for copy in publication.copies.all()):
        deletes = connected and abilities_of(publication.channel).can_withdraw
        return frozenset({"delete_copy", "keep_copies"} if deletes else {"keep_copies"})
    if state in (S.APPROVED, S.SCHEDULED, S.CLAIMED, S.PREPARED) and not publication.in_doubt:
        return frozenset({"withdraw"})
    if publication.in_doubt and state in DOUBTFUL:
        return frozenset() if publication.change else frozenset({"withdraw"})
    if state == S.NEEDS_PERSON:
        return _DECIDES if connected and not publication.change else _DECIDES - {"send_again"}
    if state in _REPEATABLE:
        mended = connected and publication.post.state != PostState.WITHDRAWN and not _replaced(publication)
        return frozenset({"try_again"}) if mended else frozenset()
    if state != S.PUBLISHED or not connected or not publication.remote_id or publication.change:
        return frozenset()
    abilities = abilities_of(publication.channel)
    offered = {"withdraw": abilities.can_withdraw, "edit": abilities.can_edit and not publication.custom_text}
    return frozenset(name for name, possible in offered.items() if possible)


def _replaced(publication: Publication) -> bool:
    return any(True for _row in publication.replaced_by.all())


def post_actions(post: Post, publications: Iterable[Publication], actor: Member) -> frozenset[str]:
    """Of edit, delete, submit, approve, schedule, publish_now, send_back, withdraw, edit_published, duplicate."""
    if not actor.may(Role.MEMBER):
        return frozenset()
    rows, manages = latest(publications), actor.may(Role.MANAGER)
    open_ = all(_untouched(row) for row in rows) and post.state != PostState.WITHDRAWN
    going = any(S(row.state) in UNSENT for row in rows)
    drafted = post.state in (PostState.DRAFT, PostState.REVIEW)
    offered = {
        "duplicate": True,
        "edit": open_ and (drafted or manages),
        "delete": open_ and drafted and not any(S(row.state) in TERMINAL or _may_be_out(row) for row in rows),
        "submit": open_ and post.state == PostState.DRAFT and going,
        "send_back": open_
        and (post.state == PostState.REVIEW or (post.state == PostState.APPROVED and manages)),
        "approve": open_ and manages and drafted and going,
        "schedule": open_ and manages and going,
        "publish_now": open_ and manages and going,
        "withdraw": manages and post.state == PostState.APPROVED and any(_can_go(row) for row in rows),
        "edit_published": manages and any("edit" in safe_actions(row) for row in rows),
    }
    return frozenset(name for name, possible in offered.items() if possible)


def _may_be_out(row: Publication) -> bool:
    return bool(row.perhaps_out) or was_in_doubt(row)


def was_in_doubt(row: Publication) -> bool:
    """Whether nobody knew once whether it stands there: its keys stay, by which the network may know it again."""
    return bool(row.attempt) and row.steps.filter(to_state=S.UNKNOWN).exists()


def _untouched(row: Publication) -> bool:
    return not row.in_doubt and (S(row.state) in UNSENT or S(row.state) in TERMINAL)


def _can_go(row: Publication) -> bool:
    return "withdraw" in safe_actions(row)
