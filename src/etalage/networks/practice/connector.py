"""Etalage's side of the practice network: every protocol of `networks.base`, over the network's API."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from etalage.kit.clock import now
from etalage.kit.http_network import Answer, AnswerLost, NetworkClient, NotSent
from etalage.networks.base import (
    Abilities,
    Absent,
    Accepted,
    Account,
    CannotTell,
    ChannelRefused,
    Connected,
    CouldNotRead,
    Delivery,
    Entry,
    Found,
    Look,
    Mechanism,
    Metric,
    NotAccepted,
    Outcome,
    Page,
    Prepared,
    Reason,
    Received,
    ReceivedKind,
    Rejected,
    Rendition,
    Step,
    Unknown,
)
from etalage.networks.counting import LINK
from etalage.networks.posts import names_link, picture_parts
from etalage.networks.practice.answers import could_not_read, failure
from etalage.networks.practice.pushing import Pushes
from etalage.networks.rows import each_read, read_again
from etalage.networks.wire import (
    Failure,
    SecondTries,
    id_of,
    lost,
    not_sent,
    object_of,
    texts_of,
    web_address,
    whole,
)

READ_SECONDS = 15.0
WRITE_SECONDS = 60.0  # a network may take minutes to accept; a shorter wait only makes more doubt
PAGES_TO_LOOK = 25
FIGURES = ("views", "likes", "comments", "shares", "clicks")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class PracticeConnector(Pushes):
    """Publisher, editor, receiver and measurer for accounts on the practice network."""

    def __init__(self, *, read_seconds: float = READ_SECONDS, write_seconds: float = WRITE_SECONDS) -> None:
        """The longest waits for an answer: to requests that change nothing, and to those that do."""
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds

    # --- Connecting ---------------------------------------------------------------------------------------------

    @property
    def entry(self) -> Entry:
        """Its address, an account's handle and that account's token."""
        return Entry(asks_address=True, asks_handle=True, proof="token")

    def connect(self, address: str, handle: str, token: str) -> Connected | ChannelRefused | NotAccepted:
        """Verify the token, and that it opens the account that was meant (`handle` may be left empty)."""
        account = Account("practice", address.strip().rstrip("/"), token.strip())
        try:
            answer = self._call(account, "GET", "/api/me")
        except NotSent as error:
            return not_sent(error)
        except AnswerLost as error:
            return NotAccepted(Reason.UNREACHABLE, detail=error.reason)
        data = object_of(answer) or {}
        if not answer.ok or not {"id", "handle", "name", "face", "permissions"} <= data.keys():
            return _refused(answer)
        if not id_of(data) or not id_of(data, "handle"):
            return _refused(answer)
        if handle and data["handle"] != handle.strip().lstrip("@").lower():
            return ChannelRefused(Reason.ACCOUNT_OTHER, f"This token opens @{data['handle']}.")
        if "write" not in texts_of(data, "permissions"):
            return ChannelRefused(Reason.PERMISSION_MISSING, "write")
        abilities = self.abilities(account)
        if not isinstance(abilities, Abilities):
            return NotAccepted(abilities.reason, detail=abilities.detail)
        account = Account(
            "practice",
            account.base_url,
            account.token,
            data["id"],
            data["handle"],
            abilities.mechanism,
        )
        return Connected(account, abilities, str(data["name"]))

    # --- Publishing ---------------------------------------------------------------------------------------------

    def abilities(self, account: Account) -> Abilities | CouldNotRead | ChannelRefused:
        """Ask `/api/limits`."""
        data = self._read(account, "/api/limits")
        if not isinstance(data, dict):
            return data
        try:
            return Abilities.from_json(data)
        except (TypeError, ValueError, OverflowError):
            return CouldNotRead(Reason.NONSENSE_ANSWER, detail="limits")

    def client_key(self, publication_id: str) -> str:
        """The publication's own id, which this network takes as a status's key."""
        return f"etalage-{publication_id}"

    def next_step(self, account: Account, rendition: Rendition, delivery: Delivery) -> Step | None:
        """Each picture's upload, then the draft where the account publishes through drafts."""
        for name in picture_parts(rendition):
            if name not in delivery.parts:
                return Step(name)
        if account.mechanism is Mechanism.TWO_PHASE and "draft" not in delivery.parts:
            return Step("draft")
        return None

    def take_step(
        self, account: Account, rendition: Rendition, delivery: Delivery, step: Step
    ) -> Prepared | Rejected | NotAccepted | Unknown | ChannelRefused:
        """Upload one picture, or make the draft."""
        if step.name == "draft":
            made = self._write(account, "POST", "/api/drafts", json=_body(rendition, delivery))
        else:
            picture = rendition.pictures[picture_parts(rendition).index(step.name)]
            headers = {"content-type": picture.media_type}
            made = self._write(account, "POST", "/api/media", content=picture.data, headers=headers)
        if not isinstance(made, dict):
            return made
        return Prepared(step.name, made["id"])

    def commit(self, account: Account, rendition: Rendition, delivery: Delivery) -> Outcome:
        """Publish: one request, with everything by which a second one is recognised."""
        if account.mechanism is Mechanism.TWO_PHASE:
            made = self._write(account, "POST", f"/api/drafts/{delivery.parts['draft']}/publish", json={})
        else:
            made = self._write(
                account,
                "POST",
                "/api/statuses",
                json=_body(rendition, delivery) | {"key": delivery.client_key},
                headers={"idempotency-key": delivery.idempotency_key},
            )
        if isinstance(made, Rejected) and made.reason is Reason.DUPLICATE_AT_NETWORK:
            return self._found_by_key(account, delivery)
        return _accepted(made)

    def _found_by_key(self, account: Account, delivery: Delivery) -> Outcome:
        """Our own key is taken: by us, on an earlier attempt. The id is read back; the doubt is none."""
        found = self._look_by_key(account, delivery)
        if isinstance(found, Found):
            return Accepted(found.remote_id, found.url)
        return Unknown(Reason.DUPLICATE_AT_NETWORK, "key")

    # --- Looking ------------------------------------------------------------------------------------------------

    def look(self, account: Account, delivery: Delivery, since: datetime) -> Look:
        """Find a publication by its key, its draft or its marker, as the account's mechanism allows."""
        if account.mechanism is Mechanism.NONE:
            return CannotTell(Reason.AMBIGUOUS, "This network does not list statuses.")
        if account.mechanism is Mechanism.CLIENT_KEY:
            return self._look_by_key(account, delivery)
        if account.mechanism is Mechanism.TWO_PHASE:
            return self._look_at_draft(account, delivery)
        return self._look_by_marker(account, delivery.marker, since)

    def _look_by_key(self, account: Account, delivery: Delivery) -> Look:
        statuses = self._statuses(account, {"key": delivery.client_key})
        if not isinstance(statuses, list):
            return CannotTell(statuses.reason, statuses.detail)
        return Found(statuses[0]["id"], statuses[0]["url"]) if statuses else Absent()

    def _look_at_draft(self, account: Account, delivery: Delivery) -> Look:
        if "draft" not in delivery.parts:
            return Absent()  # nothing can be visible without a draft
        data = self._read(account, f"/api/drafts/{delivery.parts['draft']}")
        if not isinstance(data, dict):
            return CannotTell(data.reason, data.detail)
        status_id = data.get("status_id")
        if not isinstance(status_id, str):
            return CannotTell(Reason.NONSENSE_ANSWER)
        return Found(status_id, f"{account.base_url}/posts/{status_id}") if status_id else Absent()

    def _look_by_marker(self, account: Account, marker: str, since: datetime) -> Look:
        """Page through the own statuses, newest first, until one is older than `since`."""
        if not marker:
            return CannotTell(Reason.MISCONFIGURED, "no marker")
        before, tries = "", SecondTries()
        for _ in range(PAGES_TO_LOOK):
            place = {"before": before} if before else {}
            statuses = tries.read(functools.partial(self._statuses, account, place))
            if not isinstance(statuses, list):
                return CannotTell(statuses.reason, statuses.detail)
            for status in statuses:
                if names_link([status["link"], *LINK.findall(status["text"])], marker):
                    return Found(status["id"], status["url"])
            if not statuses or statuses[-1]["at"] < since.timestamp():
                return Absent()
            before = statuses[-1]["id"]
        return CannotTell(Reason.AMBIGUOUS, "more statuses than can be looked through")

    def _statuses(
        self, account: Account, params: Mapping[str, str]
    ) -> list[Any] | CouldNotRead | ChannelRefused:
        """A page of own statuses, each with the fields that a look needs."""
        data = self._read(account, "/api/statuses", params)
        if not isinstance(data, dict):
            return data
        rows = data.get("statuses")
        if not isinstance(rows, list) or not all(_is_status(row) for row in rows):
            return CouldNotRead(Reason.NONSENSE_ANSWER, detail="statuses")
        return rows

    # --- Editing ------------------------------------------------------------------------------------------------

    def edit(self, account: Account, remote_id: str, rendition: Rendition, delivery: Delivery) -> Outcome:
        """Replace the text, link, pictures and alternative texts; a picture that is not there yet is uploaded."""
        while step := self.next_step(replace(account, mechanism=None), rendition, delivery):
            prepared = self.take_step(account, rendition, delivery, step)
            if not isinstance(prepared, Prepared):
                return prepared
            delivery = replace(delivery, parts={**delivery.parts, prepared.part_name: prepared.remote_id})
        return _accepted(
            self._write(account, "PUT", f"/api/statuses/{remote_id}", json=_body(rendition, delivery))
        )

    def withdraw(self, account: Account, remote_id: str) -> Outcome:
        """Take a status away; one that is gone already counts as taken away."""
        made = self._write(account, "DELETE", f"/api/statuses/{remote_id}")
        if isinstance(made, Rejected) and made.reason is Reason.GONE:
            return Accepted(remote_id)
        return _accepted(made)

    # --- Receiving ----------------------------------------------------------------------------------------------

    def parse(self, raw: bytes) -> list[Received]:
        """Read a webhook's items; `ValueError` when they are not in this network's language."""
        try:
            return [_received(item) for item in json.loads(raw)["items"]]
        except (KeyError, TypeError, AttributeError, RecursionError, OverflowError, OSError) as error:
            raise ValueError("This is no delivery of the practice network.") from error

    def fetch(self, account: Account, cursor: str) -> Page | CouldNotRead | ChannelRefused:
        """Poll `/api/stream`."""
        data = self._read(account, "/api/stream", {"after": cursor or "0"})
        if not isinstance(data, dict):
            return data
        rows, after, more = data.get("items"), data.get("cursor"), data.get("more")
        if not isinstance(rows, list) or not isinstance(after, str | int) or not isinstance(more, bool):
            return CouldNotRead(Reason.NONSENSE_ANSWER, detail="stream")
        items, odd = each_read(rows, _received)
        return Page(tuple(items), str(after), more, odd)

    def read_row(self, account: Account, raw: bytes) -> list[Received]:
        """Read one item of the stream."""
        return read_again(raw, _received)

    def measure(
        self, account: Account, remote_ids: Sequence[str]
    ) -> list[Metric] | CouldNotRead | ChannelRefused:
        """Ask `/api/stats`; what the network leaves out is None."""
        at = now()
        found: dict[str, Any] = {}
        for start in range(0, len(remote_ids), 100):
            data = self._read(account, "/api/stats", {"ids": ",".join(remote_ids[start : start + 100])})
            if not isinstance(data, dict):
                return data
            rows = data.get("stats")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                return CouldNotRead(Reason.NONSENSE_ANSWER, detail="stats")
            found |= {str(row.get("id")): row for row in rows}
        return [
            Metric(remote_id, name, whole(found.get(remote_id, {}).get(name)), at)
            for remote_id in remote_ids
            for name in FIGURES
        ]

    # --- The wire -----------------------------------------------------------------------------------------------

    def _call(self, account: Account, method: str, path: str, **request: Any) -> Answer:
        """One request with the account's token; raises `NotSent` or `AnswerLost`."""
        client = _client(account.base_url)
        headers = {"authorization": f"Bearer {account.token}", **request.pop("headers", {})}
        seconds = self._read_seconds if method == "GET" else self._write_seconds
        return client.request(method, path, headers=headers, timeout=seconds, **request)

    def _write(self, account: Account, method: str, path: str, **request: Any) -> dict[str, Any] | Failure:
        """A request that changes something: its JSON object with a text `id`, or what its failure means."""
        try:
            answer = self._call(account, method, path, **request)
        except NotSent as error:
            return not_sent(error)
        except AnswerLost as error:
            return lost(error)
        if not answer.ok:
            return failure(answer)
        data = object_of(answer)
        if data is None or not id_of(data):
            return Unknown(Reason.NONSENSE_ANSWER, f"HTTP {answer.status}")
        return data

    def _read(
        self, account: Account, path: str, params: Mapping[str, str] | None = None
    ) -> dict[str, Any] | CouldNotRead | ChannelRefused:
        """A request that changes nothing: its JSON object, or why there is none."""
        try:
            answer = self._call(account, "GET", path, params=params)
        except (NotSent, AnswerLost) as error:
            return could_not_read(error)
        data = object_of(answer) if answer.ok else None
        return could_not_read(answer) if data is None else data


def _client(base_url: str) -> NetworkClient:
    """A client for this network alone, which lives on this machine; raises `NotSent` for any other address."""
    try:
        if urlsplit(base_url).hostname not in LOOPBACK:
            raise NotSent("address_not_listed")
        return NetworkClient(frozenset({base_url}), base_url)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotSent("bad_request") from error


def _refused(answer: Answer) -> ChannelRefused | NotAccepted:
    """Why an account could not be connected."""
    found = could_not_read(answer)
    if isinstance(found, ChannelRefused):
        return found
    return NotAccepted(found.reason, found.retry_after, found.detail)


def _body(rendition: Rendition, delivery: Delivery) -> dict[str, Any]:
    """The status in the network's words."""
    parts = zip(picture_parts(rendition), rendition.pictures, strict=True)
    return {
        "text": rendition.text,
        "language": rendition.language,
        "link": rendition.link,
        "pictures": [{"id": delivery.parts[name], "alt": picture.alt} for name, picture in parts],
    }


def _accepted(made: dict[str, Any] | Failure) -> Outcome:
    """The outcome of an answer that carries an id."""
    if not isinstance(made, dict):
        return made
    return Accepted(made["id"], web_address(made) or None)


def _is_status(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and bool(id_of(row))
        and all(isinstance(row.get(name), str) for name in ("url", "text", "link"))
        and isinstance(row.get("at"), int | float)
    )


def _received(item: Any) -> Received:
    """One act out of the network's JSON; raises what a wrong shape raises."""
    author = item["author"]
    return Received(
        kind=ReceivedKind(item["kind"]),
        remote_id=str(item["id"]),
        author_id=str(author["id"]),
        author_handle=str(author["handle"]),
        author_name=str(author["name"]),
        at=datetime.fromtimestamp(float(item["at"]), UTC),
        text=str(item["text"]),
        language=str(item["language"]),
        on_remote_id=str(item["status_id"]),
        in_reply_to=str(item["in_reply_to"]),
        url=str(item["url"]),
    )
