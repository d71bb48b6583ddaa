"""A real server that speaks Mastodon's API (snac), driven from end to end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from etalage.kit.clock import now
from etalage.networks.base import (
    Absent,
    Accepted,
    Account,
    Authorization,
    CannotTell,
    ChannelRefused,
    Connected,
    Found,
    Mechanism,
    Metric,
    Page,
    Reason,
    Received,
    ReceivedKind,
    Rejected,
    Unknown,
)
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.networks.mastodon.tests.posts import delivery, post, prepared
from tests.peers.bad_line import bad_line
from tests.peers.mastodon import Person, SmallServer, allowed, say_yes, until

pytestmark = pytest.mark.peers
BACK = "http://localhost:9/channels/back/"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop(snac: SmallServer) -> Person:
    """The shop's owner, with an account of her own."""
    return snac.join("lune")


def connected(snac: SmallServer, network: MastodonConnector, person: Person) -> Connected:
    """What a person does: type the address, say yes at the server, come back."""
    begun = network.begin(f"@{person.login}@{snac.origin.partition('://')[2]}", BACK)
    assert isinstance(begun, Authorization)
    answer = say_yes(begun.url, person.login, person.password)
    assert answer["state"] == begun.state
    found = network.finish(begun.memory, BACK, answer)
    assert isinstance(found, Connected)
    return found


def test_an_owner_says_yes_and_the_account_is_connected(
    snac: SmallServer, network: MastodonConnector, shop: Person
) -> None:
    found = connected(snac, network, shop)
    assert (found.account.base_url, found.name) == (snac.origin, shop.login)
    assert found.account.handle == f"{shop.login}@{snac.origin.partition('://')[2]}"
    # It keeps no keys, and NodeInfo says that it is snac.
    assert found.account.mechanism is Mechanism.READ_BACK
    assert (found.abilities.text_limit, found.abilities.link_length) == (100_000, None)
    assert (found.abilities.can_edit, found.abilities.can_withdraw) == (True, False)
    assert found.tokens is not None
    assert found.tokens.access == found.account.token
    again = network.connect(snac.origin, "", found.account.token)
    assert isinstance(again, Connected)
    assert again.account == found.account


def test_it_takes_no_code_challenge_and_is_sent_none(snac: SmallServer, network: MastodonConnector) -> None:
    begun = network.begin(snac.origin, BACK)
    assert isinstance(begun, Authorization)
    asked = parse_qs(urlsplit(begun.url).query)
    assert "code_challenge" not in asked
    assert asked["scope"] == ["read:accounts read:statuses read:notifications write:statuses write:media"]


def test_another_account_and_a_wrong_token_are_refused(
    snac: SmallServer, network: MastodonConnector, shop: Person
) -> None:
    begun = network.begin(f"{snac.origin}/@somebody_else", BACK)
    assert isinstance(begun, Authorization)
    refused = network.finish(begun.memory, BACK, say_yes(begun.url, shop.login, shop.password))
    assert refused == ChannelRefused(Reason.ACCOUNT_OTHER, f"@{shop.login}")
    dead = network.connect(snac.origin, "", "no-such-token")
    assert isinstance(dead, ChannelRefused)
    assert dead.reason is Reason.AUTH_DEAD


def test_a_post_with_pictures_goes_out_and_is_read_back_as_it_was_meant(
    snac: SmallServer, network: MastodonConnector, shop: Person
) -> None:
    account = connected(snac, network, shop).account
    rendition = post(
        "Un manteau bleu", "Le même, de dos", "Les boutons", "L'étiquette", text="Soldes ! #hiver"
    )
    facts = prepared(network, account, rendition, delivery())
    accepted = network.commit(account, rendition, facts)
    assert isinstance(accepted, Accepted)
    there = shop.call("GET", f"/api/v1/statuses/{accepted.remote_id}")
    assert [one["description"] for one in there["media_attachments"]] == [
        one.alt for one in rendition.pictures
    ]
    assert [tag["name"] for tag in there["tags"]] == ["hiver"]
    found = network.look(account, facts, LONG_AGO)
    assert isinstance(found, Found)
    assert found.remote_id == accepted.remote_id
    other = delivery(2, "https://shop.example/l/OTHER")
    # It has no pages, and does not say how much of its list it shows: only an older status proves an absence.
    assert network.look(account, other, LONG_AGO) == CannotTell(Reason.AMBIGUOUS, "no pages")
    assert network.look(account, other, now() + timedelta(minutes=1)) == Absent()


def test_a_doubt_is_settled_by_looking_because_keys_are_not_honoured_here(
    snac: SmallServer, network: MastodonConnector, shop: Person
) -> None:
    account, facts = connected(snac, network, shop).account, delivery()
    with bad_line(snac.origin, "POST") as line, allowed(line.address):
        line.cuts = [lambda: None]
        lost = network.commit(replace(account, base_url=line.address), post(), facts)
        assert line.cuts == []
    assert isinstance(lost, Unknown)
    assert lost.reason is Reason.AMBIGUOUS
    found = network.look(account, facts, LONG_AGO)
    assert isinstance(found, Found)
    again = network.commit(account, post(), facts)  # the naive way, with the same key
    assert isinstance(again, Accepted)
    assert again.remote_id != found.remote_id


def test_a_later_post_leaves_the_pictures_of_an_earlier_one_alone(
    snac: SmallServer, network: MastodonConnector, shop: Person
) -> None:
    account = connected(snac, network, shop).account
    ids = []
    for number, alt in enumerate(("Un manteau", "Une écharpe")):
        facts = prepared(network, account, post(alt), delivery(number))
        accepted = network.commit(account, post(alt), facts)
        assert isinstance(accepted, Accepted)
        ids.append(accepted.remote_id)
    shown = [shop.call("GET", f"/api/v1/statuses/{one}")["media_attachments"][0] for one in ids]
    assert [one["description"] for one in shown] == ["Un manteau", "Une écharpe"]
    assert shown[0]["url"] != shown[1]["url"]


def test_an_edit_is_seen_and_what_cannot_be_taken_away_is_not_believed_gone(
    snac: SmallServer, network: MastodonConnector, shop: Person
) -> None:
    account, rendition = connected(snac, network, shop).account, post("Un manteau")
    facts = prepared(network, account, rendition, delivery())
    accepted = network.commit(account, rendition, facts)
    assert isinstance(accepted, Accepted)
    edited = network.edit(account, accepted.remote_id, post("Un manteau", text="Derniers jours !"), facts)
    assert isinstance(edited, Accepted)
    there = shop.call("GET", f"/api/v1/statuses/{accepted.remote_id}")
    assert "Derniers jours !" in there["content"]
    assert len(there["media_attachments"]) == 1
    refused = network.withdraw(account, accepted.remote_id)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.NO_WITHDRAWAL


def test_what_somebody_else_does_arrives_once_and_in_order(
    snac: SmallServer, network: MastodonConnector, shop: Person
) -> None:
    account, ada = connected(snac, network, shop).account, snac.join("ada")
    accepted = network.commit(account, post(), delivery())
    assert isinstance(accepted, Accepted)
    ada.call("POST", f"/api/v1/accounts/{account.remote_id}/follow")
    text = "Combien <b>ça</b> coûte ?\nhttps://ada.example/x"
    ada.call("POST", "/api/v1/statuses", {"status": text, "in_reply_to_id": accepted.remote_id})
    ada.call("POST", f"/api/v1/statuses/{accepted.remote_id}/favourite")
    ada.call("POST", f"/api/v1/statuses/{accepted.remote_id}/reblog")
    items = until(lambda: _heard(network, account, 4))
    assert [one.at for one in items] == sorted(one.at for one in items)
    kinds = {one.kind: one for one in items}
    assert kinds.keys() == {
        *(ReceivedKind.FOLLOW, ReceivedKind.COMMENT),
        *(ReceivedKind.LIKE, ReceivedKind.SHARE),
    }
    comment = kinds[ReceivedKind.COMMENT]
    assert comment.text.replace("<b>", "").replace("</b>", "").split() == [
        *["Combien", "ça", "coûte", "?", "https://ada.example/x"]
    ]
    assert (comment.author_name, comment.on_remote_id) == (ada.login, accepted.remote_id)
    assert {one.on_remote_id for one in items} == {accepted.remote_id, ""}
    assert kinds[ReceivedKind.FOLLOW].on_remote_id == ""
    page = network.fetch(account, "")
    assert isinstance(page, Page)
    assert (page.items, page.cursor, page.more) == (items, "", False), "the last minute is read once more"
    newest = shop.call("GET", "/api/v1/notifications")[0]["id"]
    after = network.fetch(account, newest)
    assert isinstance(after, Page)
    assert (after.items, after.cursor, after.more) == ((), newest, False)
    figures = network.measure(account, [accepted.remote_id])
    assert isinstance(figures, list)
    assert {(one.name, one.value) for one in figures if isinstance(one, Metric)} == {
        ("likes", 1),
        ("comments", 1),
        ("shares", 1),
    }


def _heard(network: MastodonConnector, account: Account, number: int) -> tuple[Received, ...] | None:
    """All that came in, once there are so many."""
    page = network.fetch(account, "")
    return page.items if isinstance(page, Page) and len(page.items) >= number else None


def test_a_dead_token_is_noticed_or_leaves_a_doubt_but_is_never_taken_for_a_refused_text(
    snac: SmallServer, network: MastodonConnector, shop: Person
) -> None:
    account = replace(connected(snac, network, shop).account, token="dead")
    assert not isinstance(network.commit(account, post(), delivery()), Accepted | Rejected)
