"""Whatever JSON a server answers, whatever stands where in it: an outcome, and never an error of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etalage.networks import inside
from etalage.networks.base import Account, Mechanism
from etalage.networks.bluesky import directory
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.tests import asked
from etalage.networks.bluesky.tests import posts as bluesky_posts
from etalage.networks.bluesky.tests.program import Program, Told, running
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.networks.mastodon.tests import posts as mastodon_posts
from etalage.networks.mastodon.tests.test_receiving import notification
from etalage.networks.practice.connector import PracticeConnector
from etalage.networks.practice.rules import LIMITS
from etalage.networks.practice.tests import posts as practice_posts

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
STATUSES = (200, 200, 200, 200, 201, 400, 401, 403, 404, 422, 429, 503)
SIGNS = (
    *("", "\ud83d", "\0", "@", "//", "http://[", "https://x:99999999", "did:plc:", "at://", "9" * 5000),
    *("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-11-21T10:00:00", "-1", "1e400"),
)
NAMES = ("id", "did", "uri", "url", "error", "status", "account", "record", "reply", "root", "value", "links")
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(SIGNS)
)
ANYTHING = st.recursive(
    LEAVES | st.just(10**4000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)


@dataclass(frozen=True)
class Case:
    """A request of a connector's, and what a good server answers; `name` is the path's last piece."""

    name: str
    good: Any
    ask: Callable[[], object]


def places(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a document, the document itself first."""
    yield so_far
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from places(one, (*so_far, name))


def put(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """The document with something else in that place."""
    if not way:
        return new
    name, *rest = way
    inside_it = put(value[name], tuple(rest), new)
    if isinstance(value, dict):
        return {**value, name: inside_it}
    return [*value[:name], inside_it, *value[name + 1 :]]


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with running() as program, pytest.MonkeyPatch.context() as patch:
        patch.setattr(inside, "_origins", {program.address})
        patch.setattr(directory, "_origins", [program.address])
        yield program


def bluesky(program: Program) -> list[Case]:
    network = BlueskyConnector(read_seconds=5, write_seconds=5)
    asked.in_order(program)
    account = Account("bluesky", program.address, "access", asked.DID, asked.HANDLE)
    question = asked.begun(network, program)
    bound = replace(account, memory=question.memory["session"])
    facts = bluesky_posts.delivery(network)
    plain, post = bluesky_posts.rendition(facts), bluesky_posts.rendition(facts, text="@ada.example")
    picture = bluesky_posts.rendition(facts, bluesky_posts.picture())
    uri = f"at://{asked.DID}/app.bsky.feed.post/{facts.client_key}"
    ref = {"$type": "blob", "ref": {"$link": "b"}, "mimeType": "image/jpeg", "size": 1}
    session = {"accessJwt": "a.eyJleHAiOjF9.c", "refreshJwt": "r", "did": asked.DID, "handle": asked.HANDLE}
    session |= {"didDoc": asked.document(program), "active": True, "status": ""}
    row = {"uri": uri, "author": {"did": "did:plc:mia", "handle": "mia.test", "displayName": "Mia"}}
    row |= {"reason": "reply", "reasonSubject": uri, "indexedAt": "2026-11-21T12:00:00.000Z"}
    row |= {
        "record": {"text": "Hi", "langs": ["en"], "reply": {"root": {"uri": uri}, "parent": {"uri": uri}}}
    }

    def begin() -> object:
        return network.begin(program.address, asked.BACK, handle=asked.HANDLE)

    def finish() -> object:
        return network.finish(question.memory, asked.BACK, asked.answer(program, question))

    def connect() -> object:
        return network.connect(program.address, asked.HANDLE, "app-password")

    program.tell("createSession", Told(session))
    return [
        Case("resolveHandle", {"did": asked.DID}, begin),
        Case("resolveHandle", {"did": asked.DID}, lambda: _steps(network, account, post, facts)),
        Case(f"/{asked.DID}", asked.document(program), begin),
        Case(asked.RESOURCE, asked.resource(program), begin),
        Case(asked.SERVER, asked.metadata(program), begin),
        Case(asked.PAR, {"request_uri": "urn:1", "expires_in": 3}, begin),
        Case(asked.TOKEN, asked.tokens(), finish),
        Case(asked.TOKEN, asked.tokens(), lambda: network.renew(bound, "r")),
        Case("getSession", {"did": asked.DID, "active": True, "status": ""}, finish),
        Case("describeServer", {"blobUploadLimit": 5}, lambda: network.abilities(account)),
        Case("getRecord", {"value": {"displayName": "Maison Lune"}}, finish),
        Case("createSession", session, connect),
        Case("refreshSession", session, lambda: network.renew(account, "r")),
        Case("listNotifications", {"notifications": [row], "cursor": ""}, lambda: network.fetch(account, "")),
        Case("getPosts", {"posts": [{"uri": uri, "likeCount": 2}]}, lambda: network.measure(account, [uri])),
        Case("getRecord", {"uri": uri, "value": {}}, lambda: network.look(account, facts, LONG_AGO)),
        Case("putRecord", {"uri": uri}, lambda: network.commit(account, plain, facts)),
        Case("uploadBlob", {"blob": ref}, lambda: _steps(network, account, picture, facts)),
        Case("deleteRecord", {}, lambda: network.withdraw(account, uri)),
    ]


def mastodon(program: Program) -> list[Case]:
    network = MastodonConnector(read_seconds=5, write_seconds=5)
    address, facts, post = program.address, mastodon_posts.delivery(), mastodon_posts.post()
    account = Account("mastodon", address, "read write", "1", "lune", Mechanism.READ_BACK)
    me = {"id": "1", "username": "lune", "display_name": "Lune", "url": "https://x.example/@lune"}
    limits = {"statuses": {"max_characters": 5}, "media_attachments": {"supported_mime_types": ["image/png"]}}
    instance = {"configuration": {**limits, "urls": {"streaming": ""}}}
    index = {
        "links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": f"{address}/facts"}]
    }
    status = {"id": "1000", "created_at": "2026-11-21T10:00:00Z", "content": "<p>x</p>", "url": "https://x/1"}
    mention = notification(2, "mention", **status, visibility="direct", language="en")
    rows = [mention, notification(1), notification(0, "follow")]
    memory = {"origin": address, "username": "", "client_id": "c", "client_secret": "s"}

    def connect() -> object:
        return network.connect(address, "", "read write")

    def finish() -> object:
        return network.finish(memory, asked.BACK, {"code": "c"})

    for name, good in (
        *(("/api/v1/accounts/verify_credentials", me), ("/api/v2/instance", instance), ("/oauth/revoke", {})),
        *(("well-known/nodeinfo", index), ("/facts", {"software": {"name": "mastodon"}})),
    ):
        program.tell(name, Told(good))
    return [
        Case("/api/v1/accounts/verify_credentials", me, connect),
        Case("/api/v1/apps/verify_credentials", {"scopes": ["read", "write"]}, connect),
        Case("/api/v2/instance", instance, lambda: network.abilities(account)),
        Case("/api/v2/instance", instance, lambda: network.stream(account, bool, lambda: True)),
        Case("well-known/nodeinfo", index, connect),
        Case("/facts", {"software": {"name": "mastodon"}}, connect),
        Case(
            asked.SERVER, {"code_challenge_methods_supported": ["S256"]}, lambda: network.begin(address, "x")
        ),
        Case("/api/v1/apps", {"client_id": "c", "client_secret": "s"}, lambda: network.begin(address, "x")),
        Case("/oauth/token", {"access_token": "t", "expires_in": 5, "scope": "read write"}, finish),
        Case("/api/v1/notifications", rows, lambda: network.fetch(account, "1")),
        Case("/api/v1/accounts/1/statuses", [status], lambda: network.look(account, facts, LONG_AGO)),
        Case("/api/v1/statuses", [status], lambda: network.measure(account, ["1000"])),
        Case("/api/v1/statuses", status, lambda: network.commit(account, post, facts)),
        Case(
            "/api/v2/media",
            {"id": "5"},
            lambda: _steps(network, account, mastodon_posts.post("Boots"), facts),
        ),
    ]


def practice(program: Program) -> list[Case]:
    network = PracticeConnector(read_seconds=5, write_seconds=5)
    facts = practice_posts.delivery(network)
    post, address = practice_posts.rendition(facts), program.address
    account = Account("practice", address, "t", "1", "lune", Mechanism.READ_BACK)
    me = {"id": "1", "handle": "lune", "name": "Lune", "face": "read_back", "permissions": ["write"]}
    row = {"kind": "comment", "id": "5", "author": {"id": "7", "handle": "noor", "name": "Noor"}, "at": 1.5}
    row |= {"text": "Hi", "language": "en", "status_id": "9", "in_reply_to": "", "url": "https://x.example/"}
    status = {"id": "9", "url": "https://x.example/9", "text": "x", "link": "", "at": 1.5}

    def connect() -> object:
        return network.connect(address, "", "t")

    def parse(delivery: object) -> object:
        with suppress(ValueError):
            return network.parse(json.dumps(delivery).encode())
        return None

    program.tell("/api/me", Told(me))
    return [
        Case("/api/me", me, connect),
        Case("/api/limits", LIMITS.to_json(), connect),
        Case(
            "/api/stream", {"items": [row], "cursor": "5", "more": False}, lambda: network.fetch(account, "")
        ),
        Case("/api/stats", {"stats": [{"id": "9", "likes": 1}]}, lambda: network.measure(account, ["9"])),
        Case("/api/statuses", {"statuses": [status]}, lambda: network.look(account, facts, LONG_AGO)),
        Case("/api/statuses", status, lambda: network.commit(account, post, facts)),
        Case("delivery", {"items": [row]}, lambda: parse(program.answers["delivery"][0].body)),
    ]


def _steps(network: Any, account: Account, post: Any, facts: Any) -> object:
    step = network.next_step(account, post, facts)
    return network.take_step(account, post, facts, step)


@pytest.mark.parametrize("cases", [bluesky, mastodon, practice])
def test_any_value_in_any_place_is_answered_by_an_outcome(
    cases: Callable[[Program], list[Case]], program: Program
) -> None:
    known = cases(program)

    @settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def answered(data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(known))
        way = data.draw(st.sampled_from(list(places(case.good))))
        before = program.answers.get(case.name)
        told = Told(put(case.good, way, data.draw(ANYTHING)), data.draw(st.sampled_from(STATUSES)))
        program.tell(case.name, told)
        try:
            found = case.ask()
        finally:
            if before is not None:
                program.answers[case.name] = before
        of = type(found[0] if isinstance(found, list) and found else found).__module__
        assert of in ("builtins", "etalage.networks.abilities", "etalage.networks.answers"), found

    answered()
