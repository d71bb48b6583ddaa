"""Publishing to the real network: what is accepted stands there once, as it was written."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import threading
from dataclasses import replace

import pytest
from PIL import Image

from etalage.kit import clock
from etalage.networks.base import (
    Absent,
    Accepted,
    Account,
    ChannelRefused,
    Found,
    NotAccepted,
    Outcome,
    PictureFile,
    Reason,
    Rejected,
    Rendition,
)
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.records import blob_part
from etalage.networks.bluesky.tests.posts import delivery, picture, prepared, publish, rendition
from tests.peers.bluesky import BlueskyNetwork, Person, until

pytestmark = pytest.mark.peers
FAMILY = "👨‍👩‍👧‍👦"


def test_text_with_link_hashtag_and_mention_stands_there_as_written(
    bluesky: BlueskyNetwork, network: BlueskyConnector, shop: Person, account: Account
) -> None:
    friend = bluesky.join("mia")
    facts = delivery(network)
    text = f"Été 👢 @{friend.handle} et @nobody-{facts.client_key}.test : {facts.marker} #bottes #été"
    outcome = publish(network, account, Rendition(text, "fr", (), facts.marker), facts)

    assert isinstance(outcome, Accepted), outcome
    assert outcome.remote_id == f"at://{shop.did}/app.bsky.feed.post/{facts.client_key}"
    assert outcome.url == f"https://bsky.app/profile/{shop.did}/post/{facts.client_key}"
    (post,) = shop.posts()
    value, raw = post["value"], text.encode()
    assert (post["uri"], value["text"], value["langs"]) == (outcome.remote_id, text, ["fr"])
    shown = {
        raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in value["facets"]
    }
    assert shown[f"@{friend.handle}"]["did"] == friend.did
    assert shown[facts.marker]["uri"] == facts.marker
    assert (shown["#bottes"]["tag"], shown["#été"]["tag"]) == ("bottes", "été")
    assert len(shown) == 4  # who means nobody stays plain words
    assert value["embed"]["external"]["uri"] == facts.marker
    view = until(lambda: shop.view(outcome.remote_id))
    assert view["embed"]["external"]["title"].startswith("Été 👢 @mia")
    seen = until(lambda: friend.call("app.bsky.notification.listNotifications")["notifications"])
    assert (seen[0]["reason"], seen[0]["uri"]) == ("mention", outcome.remote_id)


def test_four_pictures_keep_their_order_shape_and_alternative_texts(
    network: BlueskyConnector, shop: Person, account: Account
) -> None:
    facts = delivery(network)
    alts = ["Brown boots", "حذاء بني", "Bruine laarzen", "Bottes brunes 👢"]
    colors = ["#7a4b2a", "#2a4b7a", "#4b7a2a", "#222222"]
    pictures = [
        picture(alt, color, 120, 90 + 10 * n) for n, (alt, color) in enumerate(zip(alts, colors, strict=True))
    ]
    outcome = publish(network, account, rendition(facts, *pictures), facts)

    assert isinstance(outcome, Accepted), outcome
    images = until(lambda: shop.view(outcome.remote_id))["embed"]["images"]
    assert [image["alt"] for image in images] == alts
    assert [image["aspectRatio"]["height"] for image in images] == [90, 100, 110, 120]
    blobs = [image["image"] for image in shop.posts()[0]["value"]["embed"]["images"]]
    for blob, sent in zip(blobs, pictures, strict=True):
        assert (blob["ref"]["$link"], blob["size"]) == (address_of(sent.data), len(sent.data))


def test_the_same_creation_again_makes_no_second_post_and_changes_nothing(
    network: BlueskyConnector, shop: Person, account: Account
) -> None:
    facts = delivery(network)
    content = rendition(facts, picture())
    first = publish(network, account, content, facts)
    before = shop.posts()

    facts = prepared(network, account, content, facts)
    again = network.commit(account, replace(content, text=content.text + " again"), facts)

    assert again == first
    assert shop.posts() == before


def test_eight_creations_at_once_make_one_post(
    network: BlueskyConnector, shop: Person, account: Account
) -> None:
    facts = delivery(network)
    outcomes: list[Outcome] = []
    start = threading.Barrier(8)

    def send() -> None:
        start.wait()
        outcomes.append(network.commit(account, rendition(facts), facts))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(outcomes)) == 1 and isinstance(outcomes[0], Accepted), outcomes
    assert len(shop.posts()) == 1


def test_a_creation_without_our_key_is_not_idempotent(
    network: BlueskyConnector, shop: Person, account: Account
) -> None:
    """The naive way, as a control: the same post sent twice stands there twice."""
    for _ in range(2):
        shop.create("app.bsky.feed.post", text="Twice")
    assert len(shop.posts()) == 2


def test_the_networks_own_creation_refuses_a_taken_key_without_saying_why(shop: Person) -> None:
    """Why the connector does not use it: nobody can tell this answer from a server that is out of order."""
    key = "3lqzzzzzzzz22"
    record = {"$type": "app.bsky.feed.post", "text": "One", "createdAt": "2026-01-01T00:00:00.000Z"}
    body = {"repo": shop.did, "collection": "app.bsky.feed.post", "rkey": key, "record": record}
    shop.call("com.atproto.repo.createRecord", body)
    again = shop.ask("com.atproto.repo.createRecord", body)
    assert (again.status_code, again.json()["error"]) == (500, "InternalServerError")
    kept = shop.ask(
        "com.atproto.repo.putRecord", {**body, "record": {**record, "text": "Two"}, "swapRecord": None}
    )
    assert (kept.status_code, kept.json()["error"]) == (400, "InvalidSwap")
    assert [post["value"]["text"] for post in shop.posts()] == ["One"]


def test_a_key_that_another_post_took_is_not_taken_for_ours(
    network: BlueskyConnector, shop: Person, account: Account
) -> None:
    facts = delivery(network)
    assert isinstance(network.commit(account, rendition(facts), facts), Accepted)
    other = replace(delivery(network), client_key=facts.client_key)

    assert network.look(account, other, clock.now()) == Absent()
    assert network.commit(account, rendition(other), other) == Rejected(Reason.UNKNOWN, "key taken")


def test_a_look_finds_what_stands_there_and_nothing_else(network: BlueskyConnector, account: Account) -> None:
    facts = delivery(network)
    assert network.look(account, facts, clock.now()) == Absent()
    outcome = network.commit(account, rendition(facts), facts)
    assert isinstance(outcome, Accepted)
    assert network.look(account, facts, clock.now()) == Found(outcome.remote_id, outcome.url)
    dead = replace(account, token="dead")
    assert network.look(dead, facts, clock.now()) == Found(outcome.remote_id, outcome.url)


def test_a_post_is_taken_away_once_and_again(
    network: BlueskyConnector, shop: Person, account: Account
) -> None:
    facts = delivery(network)
    outcome = network.commit(account, rendition(facts), facts)
    assert isinstance(outcome, Accepted)
    assert network.withdraw(account, outcome.remote_id) == Accepted(outcome.remote_id)
    assert shop.posts() == []
    assert network.withdraw(account, outcome.remote_id) == Accepted(outcome.remote_id)
    assert network.look(account, facts, clock.now()) == Absent()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 300, None),
        ("x" * 301, Reason.TEXT_INVALID),
        (FAMILY * 120, None),  # 120 graphemes in 3,000 bytes
        (FAMILY * 120 + "x", Reason.TEXT_INVALID),
    ],
)
def test_a_text_of_300_graphemes_and_3000_bytes_is_the_longest(
    text: str, reason: Reason | None, network: BlueskyConnector, account: Account
) -> None:
    outcome = network.commit(account, Rendition(text, "en"), delivery(network))
    assert getattr(outcome, "reason", None) == reason, outcome


@pytest.mark.parametrize(
    "text",
    [
        "https://lune.example/حذاء https://é.example/é?x=1#a http://localhost:8000/l/ABC",
        "https://x http://x.example/[a]|b https://[::1]/x https://- https://http://x",
        f"#أحذية #❤️ #a\ufe0f #{'x' * 64} #{'x' * 65} #{'é' * 65}",
        f"#{FAMILY * 25} #{FAMILY * 26}",
        f"@ @x @x.y @-x.example @{'x' * 64}.example a@b.example @b.example@c.example",
    ],
)
def test_whatever_stands_in_a_text_the_server_takes_it(
    text: str, network: BlueskyConnector, account: Account
) -> None:
    facts = delivery(network)
    outcome = publish(network, account, Rendition(text, "ar"), facts)
    assert isinstance(outcome, Accepted), outcome


def test_a_picture_beyond_two_million_bytes_is_refused_as_such(
    network: BlueskyConnector, account: Account
) -> None:
    facts = delivery(network)
    content = rendition(facts, noise(2_000_001))
    assert refused(publish(network, account, content, facts)) == Reason.MEDIA_INVALID
    facts = delivery(network)
    assert isinstance(publish(network, account, rendition(facts, noise(2_000_000)), facts), Accepted)


def test_a_picture_that_the_server_dropped_is_uploaded_again_and_then_goes_out(
    network: BlueskyConnector, shop: Person, account: Account
) -> None:
    sent = picture("Fresh", "#abcdef")
    facts = delivery(network)
    content = rendition(facts, sent)
    blob = {"$type": "blob", "mimeType": "image/jpeg", "ref": {"$link": address_of(sent.data)}}
    part = blob_part({**blob, "size": len(sent.data)})  # as an upload gave it that is not there any more
    facts = replace(facts, parts={"picture-0": part})

    assert network.commit(account, content, facts) == NotAccepted(Reason.MEDIA_INVALID, detail="BlobNotFound")
    assert shop.posts() == []
    assert isinstance(network.commit(account, content, facts), Accepted)


def test_a_foreign_account_is_never_written_to(
    bluesky: BlueskyNetwork, network: BlueskyConnector, account: Account
) -> None:
    other = bluesky.join("karim")
    facts = delivery(network)
    outcome = network.commit(replace(account, remote_id=other.did), rendition(facts), facts)
    assert isinstance(outcome, ChannelRefused), outcome
    assert other.posts() == []


def refused(outcome: Outcome) -> Reason | None:
    return outcome.reason if isinstance(outcome, Rejected) else None


def noise(size: int) -> PictureFile:
    """A JPEG of exactly so many bytes."""
    file = io.BytesIO()
    Image.frombytes("RGB", (400, 400), os.urandom(400 * 400 * 3)).save(file, "JPEG", quality=95)
    data = file.getvalue()
    return PictureFile(data + bytes(size - len(data)), "image/jpeg", "Noise", 400, 400)


def address_of(data: bytes) -> str:
    """The content's own address (CID, version 1, raw, SHA-256)."""
    digest = b"\x01\x55\x12\x20" + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(digest).decode().lower().rstrip("=")
