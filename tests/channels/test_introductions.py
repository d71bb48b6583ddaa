"""Who this installation is to networks that read it on a page of ours, and how people come back to where it lives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from pytest_django import Settings

from etalage.channels import introductions
from etalage.channels.models import Channel, Grant, Introduction
from etalage.channels.reasons import refusal_for
from etalage.networks.base import Reason
from etalage.networks.bluesky.oauth import Session
from etalage.networks.bluesky.records import ABILITIES

CLIENT = "/channels/client/bluesky.json"
CONNECT = "/channels/connect/bluesky/"


@pytest.fixture
def public(settings: Settings) -> str:
    settings.PUBLIC_ADDRESS = "https://maison-lune.example"
    return settings.PUBLIC_ADDRESS


@pytest.mark.django_db
def test_the_page_says_who_we_are_and_nothing_secret(public: str) -> None:
    assert Client().get(CLIENT).status_code == 404  # nobody was asked yet
    client = introductions.introduced("bluesky")
    assert client is not None and client.page == public + CLIENT

    answer = Client().get(CLIENT)
    assert answer.status_code == 200 and answer["content-type"] == "application/json"
    page = answer.json()
    assert page["client_id"] == public + CLIENT
    assert page["redirect_uris"] == [f"{public}/channels/callback/"]
    assert page["token_endpoint_auth_method"] == "private_key_jwt" and page["dpop_bound_access_tokens"]
    (key,) = page["jwks"]["keys"]
    assert "d" not in key and client.key not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("network", ["mastodon", "practice", "nowhere"])
def test_networks_that_read_no_page_have_none(network: str, public: str) -> None:
    assert Client().get(f"/channels/client/{network}.json").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_many_who_are_first_make_one_key(public: str) -> None:
    def work(_number: int) -> str:
        try:
            client = introductions.introduced("bluesky")
            assert client is not None
            return client.key
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as crew:
        assert len(set(crew.map(work, range(12)))) == 1
    assert Introduction.objects.count() == 1


@pytest.mark.django_db
def test_a_shop_without_a_public_address_makes_no_key() -> None:
    assert introductions.introduced("bluesky") is None
    assert not Introduction.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "asks"),
    [
        ("https://maison-lune.example", True),
        ("http://localhost:8000", True),
        ("http://maison-lune.example", False),
        ("http://192.168.1.8:8000", False),
    ],
)
def test_the_owner_s_yes_is_offered_where_it_can_be_asked_for(
    address: str, asks: bool, signed_in: dict[str, Client], settings: Settings
) -> None:
    settings.PUBLIC_ADDRESS = address
    page = signed_in["manager"].get(CONNECT).content.decode()
    assert ("Continue with Bluesky" in page) is asks
    assert "App password" in page and "This is not the password of the account." in page
    choices = signed_in["manager"].get("/channels/connect/").content.decode()
    assert ("With an app password that you make there." in choices) is not asks


@pytest.mark.django_db
def test_who_chose_the_second_way_has_to_give_what_it_takes(signed_in: dict[str, Client]) -> None:
    typed = {"handle": "lune.example", "address": "bsky.social", "language": "en", "by": "typed"}
    answer = signed_in["manager"].post(CONNECT, typed)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["token"]
    assert not Channel.objects.exists()


def came_back(client: Client, host: str) -> Any:
    return client.get("/channels/callback/?state=x&code=y", headers={"host": host})


@pytest.mark.django_db
def test_who_comes_back_to_this_machine_s_number_is_led_to_its_name(
    signed_in: dict[str, Client], settings: Settings
) -> None:
    answer = came_back(Client(), "127.0.0.1:8000")
    assert answer["location"] == "http://localhost:8000/channels/callback/?state=x&code=y"
    assert came_back(Client(), "127.0.0.1:9000")["location"].startswith("/account/")
    assert came_back(signed_in["manager"], "localhost:8000").status_code == 409
    settings.PUBLIC_ADDRESS = "https://maison-lune.example"
    assert came_back(Client(), "127.0.0.1:8000")["location"].startswith("/account/")


def test_the_rights_that_are_missing_are_named() -> None:
    refusal = refusal_for(Reason.PERMISSION_MISSING, "blob:image/*")
    assert refusal.message.endswith("Missing: blob:image/*")
    assert "Missing" not in refusal_for(Reason.PERMISSION_MISSING).message


@pytest.mark.django_db
def test_a_shop_that_moved_is_told_to_connect_again_where_the_network_knows_its_page(
    public: str, settings: Settings, signed_in: dict[str, Client]
) -> None:
    client = introductions.introduced("bluesky")
    assert client is not None
    session = Session("key", client.page, client.key, "https://pds.example", "https://pds.example/t", "")
    grant = Grant.objects.create(network="bluesky", base_url="https://pds.example", memory=session.text())
    facts = {
        "network": "bluesky",
        "base_url": "https://pds.example",
        "name": "Lune",
        "handle": "lune.example",
    }
    channel = Channel.objects.create(grant=grant, remote_id="did:plc:lune", **facts)
    channel.abilities = ABILITIES.to_json()
    channel.save()
    told = "connects the channel again"
    assert told not in signed_in["manager"].get(f"/channels/{channel.pk}/").content.decode()
    settings.PUBLIC_ADDRESS = "https://lune.example"
    assert told in signed_in["manager"].get(f"/channels/{channel.pk}/").content.decode()
    Grant.objects.update(memory="")  # an app password knows nothing of pages
    assert told not in signed_in["manager"].get(f"/channels/{channel.pk}/").content.decode()
