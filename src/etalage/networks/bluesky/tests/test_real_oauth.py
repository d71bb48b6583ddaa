"""The owner's yes at the real network, in a real browser: what the tokens do, and what they do not do for others."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from etalage.networks.base import (
    Accepted,
    Account,
    Authorization,
    ChannelRefused,
    Connected,
    Found,
    Mechanism,
    NotAccepted,
    Page,
    Reason,
    Tokens,
)
from etalage.networks.bluesky import dpop, scopes
from etalage.networks.bluesky.connector import BlueskyConnector
from etalage.networks.bluesky.oauth import Session
from etalage.networks.bluesky.tests.posts import delivery, picture, publish, rendition
from tests.peers.bluesky import BlueskyNetwork, Person, until
from tests.peers.person import Browser, _browser, browser, say_no, say_yes

__all__ = ["_browser", "browser"]
pytestmark = pytest.mark.peers
BACK = "http://127.0.0.1:8000/channels/callback/"
HOME = re.compile(re.escape(BACK))
Act = Callable[[Any, Person], None]


def begun(network: BlueskyConnector, shop: Person) -> Authorization:
    question = network.begin(shop.server, BACK, handle=shop.handle)
    assert isinstance(question, Authorization), question
    return question


def answered(browser: Browser, question: Authorization, who: Person, act: Act = say_yes) -> dict[str, str]:
    """The browser goes there, somebody answers, and this is what it comes back with."""

    def work(page: Any) -> str:
        page.goto(question.url)
        with page.expect_request(HOME) as back:  # nobody is there; where it leads says all
            act(page, who)
        return str(back.value.url)

    return dict(parse_qsl(urlsplit(browser.do(work)).query))


@pytest.fixture
def yes(network: BlueskyConnector, browser: Browser, shop: Person) -> Connected:
    """The shop's account, connected by its owner's yes."""
    question = begun(network, shop)
    found = network.finish(question.memory, BACK, answered(browser, question, shop))
    assert isinstance(found, Connected), found
    return found


def other_key(account: Account, **changes: str) -> Account:
    """The same account and token in the hands of somebody who has not got the key."""
    session = Session.read(account.memory)
    assert session is not None
    return replace(account, memory=replace(session, **{"key": dpop.new_key(), **changes}).text())


def test_it_does_all_that_an_app_password_does_with_fewer_rights(
    yes: Connected, network: BlueskyConnector, shop: Person, bluesky: BlueskyNetwork
) -> None:
    account, facts = yes.account, delivery(network)
    assert yes.tokens is not None and yes.tokens.scopes == scopes.NARROW
    assert (account.remote_id, account.handle, account.mechanism) == (
        shop.did,
        shop.handle,
        Mechanism.CLIENT_KEY,
    )
    made = publish(network, account, rendition(facts, picture(), picture("A red boot")), facts)
    assert isinstance(made, Accepted), made
    (post,) = shop.posts()
    assert post["uri"] == made.remote_id
    assert [image["alt"] for image in post["value"]["embed"]["images"]] == ["A brown boot", "A red boot"]
    assert isinstance(network.look(account, facts, post["value"]["createdAt"]), Found)

    mia = bluesky.join("mia")
    view = until(lambda: shop.view(made.remote_id))
    mia.create("app.bsky.feed.like", subject={"uri": view["uri"], "cid": view["cid"]})

    def liked() -> bool:
        page, figures = network.fetch(account, ""), network.measure(account, [made.remote_id])
        assert isinstance(page, Page) and isinstance(figures, list), (page, figures)
        return bool(page.items) and {one.name: one.value for one in figures}["likes"] == 1

    assert until(liked)
    assert network.withdraw(account, made.remote_id) == Accepted(made.remote_id)
    assert shop.posts() == []


def test_a_right_that_was_not_asked_for_is_not_there(yes: Connected, shop: Person) -> None:
    """The token follows nobody and reads no other list, whoever holds it."""
    session = Session.read(yes.account.memory)
    assert session is not None

    def ask(method: str, name: str, **request: Any) -> httpx.Response:
        url, nonce = f"{shop.server}/xrpc/{name}", ""
        for _ in range(2):
            proof = dpop.proof(session.key, method, url, yes.account.token, nonce)
            headers = {"authorization": f"DPoP {yes.account.token}", "dpop": proof}
            answer = httpx.request(method, url, headers=headers, trust_env=False, **request)
            nonce = answer.headers["dpop-nonce"]
        return answer

    follow = {"repo": shop.did, "collection": "app.bsky.graph.follow", "record": {}}
    refused = ask("POST", "com.atproto.repo.createRecord", json=follow)
    assert (refused.status_code, refused.json()["error"]) == (403, "ScopeMissingError")
    assert ask("GET", "app.bsky.feed.getTimeline").status_code == 403
    assert ask("GET", "app.bsky.notification.listNotifications").status_code == 200


def test_a_token_without_its_key_opens_nothing(
    yes: Connected, network: BlueskyConnector, shop: Person
) -> None:
    facts, thief = delivery(network), other_key(yes.account)
    dead = ChannelRefused(Reason.AUTH_DEAD, "invalid_token")
    assert network.commit(thief, rendition(facts), facts) == dead
    assert network.fetch(thief, "") == network.abilities(thief) == dead
    bearer = replace(yes.account, memory="")
    assert isinstance(network.fetch(bearer, ""), ChannelRefused)
    assert shop.posts() == []
    assert isinstance(network.fetch(yes.account, ""), Page)


def test_a_proof_that_was_overheard_serves_for_nothing_else(yes: Connected, shop: Person) -> None:
    session, token = Session.read(yes.account.memory), yes.account.token
    assert session is not None
    url = f"{shop.server}/xrpc/com.atproto.server.getSession"
    nonce = httpx.get(url, headers={"authorization": f"DPoP {token}", "dpop": "x"}, trust_env=False).headers[
        "dpop-nonce"
    ]
    proof = dpop.proof(session.key, "GET", url, token, nonce)

    def ask(url: str, token: str) -> int:
        headers = {"authorization": f"DPoP {token}", "dpop": proof}
        return httpx.get(url, headers=headers, trust_env=False).status_code

    assert ask(url, token) == 200
    assert ask(f"{shop.server}/xrpc/app.bsky.notification.listNotifications", token) == 401
    assert ask(url, token[:-2]) == 401


def test_the_server_asks_for_its_nonce_and_gets_it(
    yes: Connected, network: BlueskyConnector, shop: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request of a process knows no nonce, and one that was left lying is old."""
    for known in ({}, {shop.server: "an-old-one"}):
        monkeypatch.setattr(dpop, "_nonces", dict(known))
        facts = delivery(network)
        assert isinstance(publish(network, yes.account, rendition(facts), facts), Accepted)
        assert dpop._nonces[shop.server] not in known.values()
    assert len(shop.posts()) == 2


def test_a_refresh_token_serves_once_and_for_its_key_alone(yes: Connected, network: BlueskyConnector) -> None:
    assert yes.tokens is not None
    renewed = network.renew(yes.account, yes.tokens.refresh)
    assert isinstance(renewed, Tokens) and renewed.refresh != yes.tokens.refresh
    account = replace(yes.account, token=renewed.access, memory=renewed.memory)
    assert isinstance(network.fetch(account, ""), Page)

    dead = ChannelRefused(Reason.AUTH_DEAD, "invalid_grant")
    assert network.renew(yes.account, yes.tokens.refresh) == dead
    assert network.renew(account, renewed.refresh) == dead  # who uses one twice has lost the session


def test_a_refresh_token_is_of_no_use_without_the_key(yes: Connected, network: BlueskyConnector) -> None:
    assert yes.tokens is not None
    found = network.renew(other_key(yes.account), yes.tokens.refresh)
    assert found == ChannelRefused(Reason.AUTH_DEAD, "invalid_grant")


def test_who_signs_in_as_somebody_else_connects_nothing(
    network: BlueskyConnector, browser: Browser, shop: Person, bluesky: BlueskyNetwork
) -> None:
    """The owner was asked for one account; a code for another one comes back, with all else in order."""
    other = bluesky.join("other")
    question, others = begun(network, shop), begun(network, other)
    code = answered(browser, others, other)["code"]
    session = others.memory["session"]  # as if the network had let them choose another account on the way
    memory = {**question.memory, "session": session, "verifier": others.memory["verifier"]}
    found = network.finish(memory, BACK, {"code": code, "iss": shop.server})
    assert found == ChannelRefused(Reason.ACCOUNT_OTHER, other.did)


def test_a_code_is_of_no_use_without_its_verifier_or_its_key_and_only_once(
    network: BlueskyConnector, browser: Browser, shop: Person
) -> None:
    question, stranger = begun(network, shop), begun(network, shop)
    answer = answered(browser, question, shop)
    for part in ("verifier", "session"):
        wrong = {**question.memory, part: stranger.memory[part]}
        found = network.finish(wrong, BACK, answer)
        assert isinstance(found, ChannelRefused | NotAccepted), (part, found)
    # A code is asked with once.
    assert not isinstance(network.finish(question.memory, BACK, answer), Connected)


def test_rights_that_were_not_given_are_named(
    network: BlueskyConnector, browser: Browser, shop: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = tuple(scope for scope in scopes.NARROW if not scope.startswith("blob:"))
    with monkeypatch.context() as patched:
        patched.setattr(scopes, "NARROW", fewer)
        question = begun(network, shop)
    found = network.finish(question.memory, BACK, answered(browser, question, shop))
    assert found == ChannelRefused(Reason.PERMISSION_MISSING, "blob:image/*")


def test_the_wide_rights_serve_too(
    network: BlueskyConnector, browser: Browser, shop: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are asked for at a server that knows no narrow ones."""
    with monkeypatch.context() as patched:
        patched.setattr(scopes, "NARROW", scopes.WIDE)
        question = begun(network, shop)
    found = network.finish(question.memory, BACK, answered(browser, question, shop))
    assert isinstance(found, Connected), found
    facts = delivery(network)
    assert isinstance(publish(network, found.account, rendition(facts, picture()), facts), Accepted)


def test_no_means_no(network: BlueskyConnector, browser: Browser, shop: Person) -> None:
    question = begun(network, shop)
    answer = answered(browser, question, shop, say_no)
    assert answer["error"] == "access_denied" and answer["state"] == question.state
    assert network.finish(question.memory, BACK, answer) == ChannelRefused(Reason.PERMISSION_MISSING)


def test_a_session_that_is_given_back_is_over_at_once(yes: Connected, network: BlueskyConnector) -> None:
    assert yes.tokens is not None
    assert network.revoke(yes.account, yes.tokens) is None
    assert network.fetch(yes.account, "") == ChannelRefused(Reason.AUTH_DEAD, "invalid_token")
    assert network.renew(yes.account, yes.tokens.refresh) == ChannelRefused(Reason.AUTH_DEAD, "invalid_grant")
    assert network.revoke(yes.account, yes.tokens) is None


def test_nobody_has_a_handle_that_was_made_up(network: BlueskyConnector, bluesky: BlueskyNetwork) -> None:
    found = network.begin(bluesky.server, BACK, handle="nobody-at-all.test")
    assert isinstance(found, NotAccepted) and found.reason is Reason.ACCOUNT_UNKNOWN
