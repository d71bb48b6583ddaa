"""Etalage's side of Mastodon: every protocol of `networks.base` that its API allows."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from etalage.kit.clock import now
from etalage.kit.http_network import Answer
from etalage.networks.base import (
    Absent,
    Accepted,
    Account,
    CannotTell,
    ChannelRefused,
    CouldNotRead,
    Delivery,
    Found,
    Look,
    Metric,
    NotAccepted,
    Outcome,
    Page,
    Prepared,
    Reason,
    Received,
    Rejected,
    Rendition,
    Step,
    Unknown,
)
from etalage.networks.counting import LINK
from etalage.networks.mastodon import incoming
from etalage.networks.mastodon.answers import lasting
from etalage.networks.mastodon.markup import links, plain
from etalage.networks.mastodon.streaming import Streaming
from etalage.networks.mastodon.wire import Wire
from etalage.networks.posts import names_link, picture_parts
from etalage.networks.rows import ODD, read_again
from etalage.networks.wire import Failure, SecondTries, web_address, whole

PAGE = 40  # statuses; the most that Mastodon gives at once
PAGES_TO_LOOK = 25
STATUSES_AT_ONCE = 20  # the most that Mastodon answers for in one request
PROCESSING_SECONDS = 3.0
PROCESSING_WAITS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds, while a change waits for its picture
FIGURES: Mapping[str, str] = {
    "likes": "favourites_count",
    "comments": "replies_count",
    "shares": "reblogs_count",
}


class MastodonConnector(Streaming):
    """Publisher, editor, receiver, streamer and measurer for accounts on any instance."""

    # --- Publishing ---------------------------------------------------------------------------------------------

    def client_key(self, publication_id: str) -> str:
        """None: Mastodon chooses its ids itself."""
        return ""

    def next_step(self, account: Account, rendition: Rendition, delivery: Delivery) -> Step | None:
        """Each picture, uploaded and ready to be shown."""
        missing = (name for name in picture_parts(rendition) if name not in delivery.parts)
        return next(map(Step, missing), None)

    def take_step(
        self, account: Account, rendition: Rendition, delivery: Delivery, step: Step
    ) -> Prepared | Rejected | NotAccepted | Unknown | ChannelRefused:
        """Upload one picture; where the server takes its time with it (202), ask until it is ready."""
        wire = self.wire(account.base_url, account.token)
        if uploaded := delivery.parts.get(_upload_of(step.name)):
            return _ready(wire, step.name, uploaded)
        picture = rendition.pictures[picture_parts(rendition).index(step.name)]
        # Some servers call a picture by its file's name alone: an equal name would replace an earlier post's picture.
        content = hashlib.sha256(picture.data).hexdigest()[:12]
        suffix = picture.media_type.partition("/")[2]
        name = f"{delivery.publication_id}-{step.name}-{content}.{suffix}"
        made = wire.write(
            "POST",
            "/api/v2/media",
            Reason.MEDIA_INVALID,
            files={"file": (name, picture.data, picture.media_type)},
            data={"description": picture.alt},
        )
        if not isinstance(made, tuple):
            return made
        status, data = made
        return Prepared(_upload_of(step.name) if status == 202 else step.name, data["id"])

    def commit(self, account: Account, rendition: Rendition, delivery: Delivery) -> Outcome:
        """Publish: one request, with the key by which the server knows a second one again."""
        wire = self.wire(account.base_url, account.token)
        made = wire.write(
            "POST",
            "/api/v1/statuses",
            Reason.TEXT_INVALID,
            json={**_body(rendition, delivery), "visibility": "public"},
            headers={"idempotency-key": delivery.idempotency_key},
        )
        if isinstance(made, Rejected) and made.reason is Reason.TEXT_INVALID:
            return replace(made, reason=self._what_is_invalid(wire, rendition, delivery))
        return _accepted(made)

    def _what_is_invalid(self, wire: Wire, rendition: Rendition, delivery: Delivery) -> Reason:
        """Mastodon refuses a text and a picture in the same way; a picture it no longer has tells them apart."""
        for name in picture_parts(rendition):
            found = wire.answer(f"/api/v1/media/{delivery.parts[name]}")
            if isinstance(found, CouldNotRead) and found.reason is Reason.GONE:
                return Reason.MEDIA_INVALID
        return Reason.TEXT_INVALID

    # --- Looking ------------------------------------------------------------------------------------------------

    def look(self, account: Account, delivery: Delivery, since: datetime) -> Look:
        """Page through the own statuses, newest first, until one is older than `since`."""
        if not delivery.marker:
            return CannotTell(Reason.MISCONFIGURED, "no marker")
        wire = self.wire(account.base_url, account.token)
        tries = SecondTries()
        seen: set[str] = set()
        place: dict[str, str] = {}
        for _ in range(PAGES_TO_LOOK):
            page = tries.read(functools.partial(_own_statuses, wire, account, place))
            if not isinstance(page, tuple):
                return CannotTell(page.reason, page.detail)
            rows, older = page
            try:
                for row in rows:
                    if _carries(row, delivery.marker):
                        return Found(lasting(row["id"]), web_address(row) or None)
                if not rows or incoming.moment(rows[-1]["created_at"]) < since:
                    return Absent()
            except ODD:
                return CannotTell(Reason.NONSENSE_ANSWER, "statuses")
            if seen >= {row["id"] for row in rows}:
                # A server that does not page may have cut the list off, wherever it likes.
                return CannotTell(Reason.AMBIGUOUS, "no pages")
            seen |= {row["id"] for row in rows}
            place = {"max_id": older or rows[-1]["id"]}
        return CannotTell(Reason.AMBIGUOUS, "more statuses than can be looked through")

    # --- Editing ------------------------------------------------------------------------------------------------

    def edit(self, account: Account, remote_id: str, rendition: Rendition, delivery: Delivery) -> Outcome:
        """Replace text, pictures and alternative texts; a picture that is not there yet is uploaded."""
        waits = iter(PROCESSING_WAITS)
        while step := self.next_step(account, rendition, delivery):
            prepared = self.take_step(account, rendition, delivery, step)
            if isinstance(prepared, Prepared):
                delivery = replace(delivery, parts={**delivery.parts, prepared.part_name: prepared.remote_id})
            elif _upload_of(step.name) in delivery.parts and (wait := next(waits, 0.0)):
                time.sleep(wait)  # else the next try would upload it anew
            else:
                return prepared
        body = _body(rendition, delivery)
        body["media_attributes"] = [
            {"id": identity, "description": picture.alt}
            for identity, picture in zip(body["media_ids"], rendition.pictures, strict=True)
        ]
        wire = self.wire(account.base_url, account.token)
        path = f"/api/v1/statuses/{remote_id}"
        made = wire.write("PUT", path, Reason.TEXT_INVALID, Reason.GONE, json=body)
        return _gone_or(wire, path, made, Rejected(Reason.NO_EDITING, "PUT"), Rejected(Reason.GONE, "PUT"))

    def withdraw(self, account: Account, remote_id: str) -> Outcome:
        """Take a status away with its pictures; one that is gone already counts as taken away."""
        wire = self.wire(account.base_url, account.token)
        path = f"/api/v1/statuses/{remote_id}"
        made = wire.write("DELETE", path, Reason.UNKNOWN, Reason.GONE, params={"delete_media": "true"})
        return _gone_or(wire, path, made, Rejected(Reason.NO_WITHDRAWAL, "DELETE"), Accepted(remote_id))

    # --- Receiving ----------------------------------------------------------------------------------------------

    def verify(self, secret: str, headers: Mapping[str, str], raw: bytes) -> bool:
        """Nothing is pushed to us, so nothing that comes is Mastodon's."""
        return False

    def parse(self, raw: bytes) -> list[Received]:
        """Always ValueError: there are no webhooks for an account."""
        raise ValueError("Mastodon sends no webhooks; it is polled.")

    def fetch(self, account: Account, cursor: str) -> Page | CouldNotRead | ChannelRefused:
        """Poll the notifications."""
        return incoming.fetch(self.wire(account.base_url, account.token), account, cursor)

    def read_row(self, account: Account, raw: bytes) -> list[Received]:
        """Read one notification."""
        return read_again(raw, lambda row: incoming.received(row, account))

    def measure(
        self, account: Account, remote_ids: Sequence[str]
    ) -> list[Metric] | CouldNotRead | ChannelRefused:
        """Replies, boosts and favourites of each status; None for one that the server does not show."""
        wire, at = self.wire(account.base_url, account.token), now()
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(remote_ids), STATUSES_AT_ONCE):
            some = _statuses(wire, remote_ids[start : start + STATUSES_AT_ONCE])
            if not isinstance(some, dict):
                return some
            found |= some
        return [
            Metric(remote_id, name, whole(found.get(remote_id, {}).get(field)), at)
            for remote_id in remote_ids
            for name, field in FIGURES.items()
        ]


def _ready(wire: Wire, name: str, uploaded: str) -> Prepared | Rejected | NotAccepted | ChannelRefused:
    """Whether an uploaded picture can be shown by now (200), or is still being worked on (206)."""
    answer = wire.answer(f"/api/v1/media/{uploaded}")
    if isinstance(answer, ChannelRefused):
        return answer
    if isinstance(answer, CouldNotRead):
        is_refused = answer.reason in (Reason.UNKNOWN, Reason.GONE)  # 422: it could not be read as a picture
        if is_refused:
            return Rejected(Reason.MEDIA_INVALID, answer.detail)
        return NotAccepted(answer.reason, answer.retry_after, answer.detail)
    if answer.status == 206:
        return NotAccepted(Reason.PLATFORM_DOWN, PROCESSING_SECONDS, "media processing")
    return Prepared(name, uploaded)


def _own_statuses(
    wire: Wire, account: Account, place: Mapping[str, str]
) -> tuple[list[Any], str] | CouldNotRead | ChannelRefused:
    """A page of own statuses, newest first, and the id that the server names for the next one; empty when none."""
    asked = {"limit": str(PAGE), "exclude_reblogs": "true", **place}
    answer = wire.answer(f"/api/v1/accounts/{account.remote_id}/statuses", asked)
    if not isinstance(answer, Answer):
        return answer
    rows = incoming.rows_of(answer)
    return (rows, incoming.link_value(answer, "next", "max_id")) if isinstance(rows, list) else rows


def _statuses(
    wire: Wire, remote_ids: Sequence[str]
) -> dict[str, Mapping[str, Any]] | CouldNotRead | ChannelRefused:
    """These statuses by the id they were asked for: in one request, or one by one where the server is older."""
    rows = incoming.rows_of(wire.answer("/api/v1/statuses", {"id[]": list(remote_ids)}))
    if isinstance(rows, list):
        return {lasting(row["id"]): row for row in rows}
    if isinstance(rows, ChannelRefused) or rows.reason in (Reason.RATE_LIMITED, Reason.UNREACHABLE):
        return rows
    found: dict[str, Mapping[str, Any]] = {}
    for remote_id in remote_ids:
        row = wire.read(f"/api/v1/statuses/{remote_id}")
        if isinstance(row, dict):
            found[remote_id] = row
        elif isinstance(row, ChannelRefused) or row.reason not in (Reason.GONE, Reason.NONSENSE_ANSWER):
            return row
    return found


def _upload_of(part: str) -> str:
    """Name of the part that holds a picture which the server is still working on."""
    return f"{part}-upload"


def _body(rendition: Rendition, delivery: Delivery) -> dict[str, Any]:
    """The status in the API's words. Links, mentions and hashtags are found in the text by the server."""
    return {
        "status": rendition.text,
        "language": rendition.language,
        "media_ids": [delivery.parts[name] for name in picture_parts(rendition)],
    }


def _accepted(made: tuple[int, dict[str, Any]] | Failure) -> Outcome:
    """The outcome of an answer that carries an id."""
    if not isinstance(made, tuple):
        return made
    status = made[1]
    return Accepted(lasting(status["id"]), web_address(status) or None)


def _gone_or(
    wire: Wire, path: str, made: tuple[int, dict[str, Any]] | Failure, no_such_act: Outcome, gone: Outcome
) -> Outcome:
    """The outcome of a change. "Not found" is also what a server says that has no such act, so it is looked."""
    is_gone = isinstance(made, Rejected) and made.reason is Reason.GONE
    if not is_gone and not (isinstance(made, Unknown) and made.detail in ("HTTP 404", "HTTP 405")):
        return _accepted(made)
    stands = wire.stands(path)
    if not isinstance(stands, bool):
        return stands
    return no_such_act if stands else gone


def _carries(status: Mapping[str, Any], marker: str) -> bool:
    """Whether our link stands in a status: in its links, or in its words."""
    content = str(status["content"])
    return names_link([*links(content), *LINK.findall(plain(content))], marker)
