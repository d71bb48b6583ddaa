"""What people on the real network do towards the shop arrives, once, and is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from etalage.kit import clock
from etalage.networks.base import Accepted, Account, ChannelRefused, Page, Reason, Received, ReceivedKind
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.tests.posts import delivery, rendition
from tests.peers.bluesky import BlueskyNetwork, Person, until

pytestmark = pytest.mark.peers
Arrived = Callable[[str, str], Received]


class Listener:
    """Reads the stream as a worker does: with the cursor that it was given last."""

    def __init__(self, network: BlueskyConnector, account: Account) -> None:
        self.network, self.account, self.cursor = network, account, ""
        self.heard: list[Received] = []

    def listen(self) -> list[Received]:
        """What is new now."""
        page = self.network.fetch(self.account, self.cursor)
        assert isinstance(page, Page), page
        self.cursor = page.cursor
        self.heard += page.items
        return list(page.items)

    def until_heard(self, remote_id: str) -> Received:
        """The act with this id, as soon as it arrives."""

        def heard() -> Received | None:
            self.listen()
            return next((item for item in self.heard if item.remote_id == remote_id), None)

        return until(heard)


@pytest.fixture
def listener(network: BlueskyConnector, account: Account) -> Listener:
    return Listener(network, account)


@pytest.fixture
def post(network: BlueskyConnector, shop: Person, account: Account) -> dict[str, str]:
    """A post of the shop that the whole network sees: its `uri` and `cid`."""
    facts = delivery(network)
    outcome = network.commit(account, rendition(facts), facts)
    assert isinstance(outcome, Accepted)
    view = until(lambda: shop.view(outcome.remote_id))
    return {"uri": view["uri"], "cid": view["cid"]}


def answer(
    person: Person, to: dict[str, str], root: dict[str, str], text: str, **more: object
) -> dict[str, str]:
    return person.create("app.bsky.feed.post", text=text, reply={"root": root, "parent": to}, **more)


def test_a_reply_arrives_with_its_words_and_an_answer_to_it_names_it(
    bluesky: BlueskyNetwork, shop: Person, listener: Listener, post: dict[str, str]
) -> None:
    mia = bluesky.join("mia")
    reply = answer(mia, post, post, "هل يتوفر مقاس 38؟ 👢", langs=["ar"])

    item = listener.until_heard(reply["uri"])
    assert (item.kind, item.text, item.language) == (ReceivedKind.COMMENT, "هل يتوفر مقاس 38؟ 👢", "ar")
    assert (item.author_id, item.author_handle) == (mia.did, mia.handle)
    assert (item.on_remote_id, item.in_reply_to) == (post["uri"], "")
    assert item.url == f"https://bsky.app/profile/{mia.did}/post/{reply['uri'].rpartition('/')[2]}"
    assert abs(item.at - clock.now()) < timedelta(minutes=5)

    until(lambda: shop.view(reply["uri"]))
    ours = answer(shop, reply, post, "Oui !")
    until(lambda: shop.view(ours["uri"]))
    thanks = listener.until_heard(answer(mia, ours, post, "Merci")["uri"])
    assert (thanks.on_remote_id, thanks.in_reply_to) == (post["uri"], ours["uri"])


def test_every_kind_of_act_arrives_once_oldest_first_and_is_counted(
    bluesky: BlueskyNetwork, network: BlueskyConnector, account: Account,
    shop: Person, listener: Listener, post: dict[str, str],
) -> None:  # fmt: skip
    mia = bluesky.join("mia")
    facet = {
        "index": {"byteStart": 0, "byteEnd": len(shop.handle) + 1},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": shop.did}],
    }
    quote = {"$type": "app.bsky.embed.record", "record": post}
    acts = [
        (ReceivedKind.FOLLOW, "", mia.create("app.bsky.graph.follow", subject=shop.did)),
        (ReceivedKind.LIKE, post["uri"], mia.create("app.bsky.feed.like", subject=post)),
        (ReceivedKind.SHARE, post["uri"], mia.create("app.bsky.feed.repost", subject=post)),
        (ReceivedKind.SHARE, post["uri"], mia.create("app.bsky.feed.post", text="Look!", embed=quote)),
        (ReceivedKind.COMMENT, post["uri"], answer(mia, post, post, "Nice")),
        (
            ReceivedKind.MENTION,
            "",
            mia.create("app.bsky.feed.post", text=f"@{shop.handle} hi", facets=[facet]),
        ),
    ]
    for kind, on, made in acts:
        item = listener.until_heard(made["uri"])
        assert (item.kind, item.on_remote_id, item.author_id) == (kind, on, mia.did)

    assert listener.listen() == []
    assert len({(item.kind, item.remote_id) for item in listener.heard}) == len(listener.heard) == 6
    afresh = Listener(network, account)  # a cursor that was lost begins at the oldest
    assert [item.at for item in afresh.listen()] == sorted(item.at for item in listener.heard)
    assert {item.remote_id for item in afresh.heard} == {item.remote_id for item in listener.heard}

    figures = {"likes": 1, "comments": 1, "shares": 1, "quotes": 1}

    def measured() -> bool:
        metrics = network.measure(account, [post["uri"]])
        assert isinstance(metrics, list)
        return {metric.name: metric.value for metric in metrics} == figures

    assert until(measured)


def test_an_act_that_its_authors_clock_put_back_is_not_missed(
    bluesky: BlueskyNetwork, shop: Person, listener: Listener, post: dict[str, str]
) -> None:
    mia = bluesky.join("mia")
    listener.until_heard(mia.create("app.bsky.graph.follow", subject=shop.did)["uri"])
    slow = (clock.now() - timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    late = answer(mia, post, post, "My clock is slow", createdAt=slow)
    item = listener.until_heard(late["uri"])
    assert item.at < clock.now() - timedelta(minutes=29)


def test_posts_that_are_gone_have_no_figures_rather_than_zeros(
    network: BlueskyConnector, account: Account, post: dict[str, str]
) -> None:
    gone = [f"at://{account.remote_id}/app.bsky.feed.post/3lqzzzzzz{n}222" for n in range(2, 8)] * 5
    metrics = network.measure(account, [*gone, post["uri"]])  # more than one request's worth
    assert isinstance(metrics, list)
    assert [metric.value for metric in metrics] == [None] * 4 * len(gone) + [0] * 4


def test_a_dead_token_hears_nothing(network: BlueskyConnector, account: Account) -> None:
    dead = Account("bluesky", account.base_url, "dead", account.remote_id, account.handle)
    assert network.fetch(dead, "") == ChannelRefused(Reason.AUTH_DEAD, "InvalidToken")
    assert network.measure(dead, ["at://x/app.bsky.feed.post/3lqzzzzzz2222"]) == ChannelRefused(
        Reason.AUTH_DEAD, "InvalidToken"
    )
