"""An address inside the shop's own network: who typed it is told so, and nothing there learns of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from etalage.channels.models import Asking, Channel, Grant, Introduction
from etalage.networks import inside
from etalage.networks.bluesky import directory
from etalage.networks.bluesky.tests import asked
from etalage.networks.bluesky.tests.program import Told, running
from tests.conftest import World

SETTING = "ETALAGE_INSIDE_NETWORKS"
WHERE = {
    "en": "inside the shop's own local network",
    "fr": "dans le réseau local de la boutique",
    "nl": "binnen het eigen lokale netwerk van de winkel",
    "ar": "داخل الشبكة المحلية للمتجر",
}
#: By number, by name, in the spellings that a resolver takes for one; PORT is one of this machine's.
INSIDE = [
    "127.0.0.1:PORT",
    "http://127.0.0.1:PORT/",
    "https://localhost:PORT",
    "localhost",
    "@noor@127.0.0.1:PORT",
    "https://noor@127.0.0.1:PORT/",
    "10.0.0.5",
    "https://192.168.1.1/@noor",
    "169.254.169.254",
    "[::1]:PORT",
    "::1",
    "https://[::ffff:127.0.0.1]:PORT",
    "https://[fe80::1%25eth0]/",
    "2130706433:PORT",
    "0x7f000001:PORT",
    "0177.0.0.1:PORT",
    "127.1:PORT",
    "127。0。0。1。",
    "nas.local:PORT",
    "http://gotosocial:8080",
]
#: By the owner's yes at the network, and by what is typed here.
WAYS: list[dict[str, str]] = [{}, {"by": "typed", "token": "a-word"}]


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    """A port of this machine that somebody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def port_of(ear: socket.socket) -> int:
    port: int = ear.getsockname()[1]
    return port


def closed_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return port_of(gone)


def nothing_came_of_it(ear: socket.socket) -> None:
    with pytest.raises(BlockingIOError):  # nobody stands at the door
        ear.accept()
    for kept in (Channel, Grant, Asking, Introduction):
        assert not kept.objects.exists()


def typed(manager: Client, network: str, address: str, **more: str) -> Any:
    facts = {"address": address, "language": "en", **more}
    if network == "bluesky":
        facts = {"handle": "lune.example", **facts}
    return manager.post(f"/channels/connect/{network}/", facts)


def resolve(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let a public name lead to this machine."""

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        assert host == name
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def errors_of(page: Any) -> dict[str, list[str]]:
    return dict(page.context["form"].errors)


@pytest.mark.parametrize("language", WHERE)
@pytest.mark.parametrize("network", ["mastodon", "bluesky"])
def test_who_types_it_is_told_what_to_do_and_nobody_there_is_asked(
    network: str, language: str, signed_in: dict[str, Client], world: World, ear: socket.socket
) -> None:
    world.manager.language = language
    world.manager.save()
    said = set()
    for place in INSIDE:
        for way, port in zip(WAYS, (port_of(ear), closed_port()), strict=True):
            address = place.replace("PORT", str(port))
            page = typed(signed_in["manager"], network, address, **way)
            assert page.status_code == 422, address
            ((field, (sentence,)),) = errors_of(page).items()
            assert field == "address" and WHERE[language] in sentence and SETTING in sentence, address
            shown = page.content.decode()
            assert escape(sentence) in shown and f'value="{escape(address)}"' in shown
            said.add(sentence)
    assert len(said) == 1  # whatever is there
    nothing_came_of_it(ear)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("network", ["mastodon", "bluesky"])
def test_a_public_name_that_leads_inside_is_refused_alike(
    network: str,
    way: dict[str, str],
    signed_in: dict[str, Client],
    ear: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = errors_of(typed(signed_in["manager"], network, "10.0.0.5"))
    resolve(monkeypatch, "social.example")
    for port in (port_of(ear), closed_port()):
        page = typed(signed_in["manager"], network, f"social.example:{port}", **way)
        assert page.status_code == 422 and errors_of(page) == plain
    nothing_came_of_it(ear)


@pytest.mark.parametrize("way", WAYS)
def test_a_handle_that_leads_inside_is_refused_at_the_handle(
    way: dict[str, str], signed_in: dict[str, Client], ear: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual server stands in its field untouched: it is not the one that is inside."""
    resolve(monkeypatch, "lune.example")
    page = typed(signed_in["manager"], "bluesky", "bsky.social", handle="did:web:lune.example", **way)
    assert page.status_code == 422
    ((field, (sentence,)),) = errors_of(page).items()
    assert field == "handle" and WHERE["en"] in sentence
    nothing_came_of_it(ear)


@pytest.mark.parametrize("way", WAYS)
def test_a_document_that_names_a_server_inside_leads_nowhere(
    way: dict[str, str], signed_in: dict[str, Client], ear: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as program:
        monkeypatch.setattr(inside, "_origins", {program.address})
        monkeypatch.setattr(directory, "_origins", [program.address])
        for server in (
            f"http://127.0.0.1:{port_of(ear)}",
            f"https://127.1:{port_of(ear)}",
            "https://nas.local",
        ):
            asked.in_order(program)
            service = {**asked.document(program)["service"][0], "serviceEndpoint": server}
            program.tell(f"/{asked.DID}", Told(asked.document(program, service=[service])))
            page = typed(signed_in["manager"], "bluesky", program.address, handle=asked.HANDLE, **way)
            assert page.status_code == 422 and WHERE["en"] in str(errors_of(page)), server
    nothing_came_of_it(ear)


def test_a_server_inside_that_the_installation_names_is_asked(
    signed_in: dict[str, Client], ear: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: this is how a connection shows."""
    origin = f"http://127.0.0.1:{port_of(ear)}"
    monkeypatch.setattr(inside, "_origins", {origin})
    came: list[Any] = []

    def hang_up() -> None:
        connection, whence = ear.accept()
        came.append(whence)
        connection.close()

    ear.settimeout(10)
    door = Thread(target=hang_up)
    door.start()
    page = typed(signed_in["manager"], "mastodon", origin)
    door.join()
    assert came and page.status_code == 422 and WHERE["en"] not in page.content.decode()
