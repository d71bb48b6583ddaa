"""What people type for their instance, in the forms in which they know it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from etalage.networks.base import NotAccepted, Reason
from etalage.networks.mastodon.connector import MastodonConnector
from etalage.networks.mastodon.instance import Typed, read_address
from tests.peers.mastodon import allowed


@pytest.mark.parametrize(
    ("typed", "origin", "username"),
    [
        ("mastodon.social", "https://mastodon.social", ""),
        (" Mastodon.Social ", "https://mastodon.social", ""),
        ("@me@mastodon.social", "https://mastodon.social", "me"),
        ("me@mastodon.social", "https://mastodon.social", "me"),
        ("acct:me@mastodon.social", "https://mastodon.social", "me"),
        ("https://mastodon.social/@Me", "https://mastodon.social", "me"),
        ("https://mastodon.social/web/@me/123", "https://mastodon.social", "me"),
        ("https://mastodon.social/@ada@other.example", "https://mastodon.social", "ada"),
        ("https://mastodon.social/about?lang=fr", "https://mastodon.social", ""),
        ("http://mastodon.social:80", "https://mastodon.social", ""),
        ("mastodon.social:8443", "https://mastodon.social:8443", ""),
        ("münchen.social", "https://xn--mnchen-3ya.social", ""),
    ],
)
def test_an_instance_is_known_by_many_spellings(typed: str, origin: str, username: str) -> None:
    assert read_address(typed) == Typed(origin, username)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "@me",
        "https://",
        "ftp://x.example",
        "two words",
        "..",
        "[::1]",
        "x.example:99999",
        "a:b@x.example",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        read_address(typed)


def test_only_what_the_installation_names_is_spoken_to_without_https() -> None:
    assert read_address("http://shop.internal:3000").origin == "https://shop.internal:3000"
    with allowed("http://shop.internal:3000"):
        for typed in ("shop.internal:3000", "http://shop.internal:3000", "@me@shop.internal:3000"):
            assert read_address(typed).origin == "http://shop.internal:3000"
        assert read_address("https://shop.internal:3000").origin == "https://shop.internal:3000"


@pytest.mark.parametrize(
    "typed",
    [
        "127.0.0.1",
        "http://10.0.0.1",
        "169.254.169.254",
        "127.1:3000",
        "https://0x7f.1",
        "https://localhost.localdomain",
        "@me@printer.local",
    ],
)
def test_an_address_inside_is_neither_looked_up_nor_called(
    typed: str, network: MastodonConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **_: pytest.fail(f"looked up: {asked}"))
    refused = NotAccepted(Reason.INSIDE_ADDRESS, detail="inside_address")
    assert network.connect(typed, "", "token") == refused
    assert network.begin(typed, "https://shop.example/back/") == refused


def test_a_public_name_that_leads_inside_is_refused_alike(
    network: MastodonConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inside(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", port))]

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    refused = NotAccepted(Reason.INSIDE_ADDRESS, detail="inside_address")
    assert network.connect("social.example", "", "token") == refused
    assert network.begin("social.example:8443", "https://shop.example/back/") == refused
