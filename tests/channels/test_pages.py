"""The pages of the channels: who sees what, and what the buttons do."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from etalage.channels import actions
from etalage.channels.models import Channel
from etalage.networks import registry
from tests.channels.conftest import NewChannel
from tests.conftest import World
from tests.practice_network import PracticeNetwork

pytestmark = pytest.mark.django_db


def test_members_see_the_channels_and_managers_their_buttons(
    signed_in: dict[str, Client], new_channel: NewChannel, on_offer: PracticeNetwork
) -> None:
    channel = new_channel(name="Maison Lune")
    seen = signed_in["member"].get("/channels/").content.decode()
    assert "Maison Lune" in seen and "Publishes" in seen
    assert f"/channels/{channel.pk}/pause/" not in seen
    managed = signed_in["manager"].get("/channels/").content.decode()
    assert f"/channels/{channel.pk}/pause/" in managed and "/channels/connect/" in managed
    assert signed_in["counter"].get("/channels/").status_code == 403
    assert signed_in["stranger"].get("/channels/").status_code == 302


def test_only_managers_change_channels_and_others_change_nothing(
    signed_in: dict[str, Client], new_channel: NewChannel, on_offer: PracticeNetwork
) -> None:
    channel = new_channel()
    for path in ("", "pause/", "resume/", "disconnect/"):
        for role in ("member", "counter"):
            answer = signed_in[role].post(
                f"/channels/{channel.pk}/{path}", {"name": "Mine", "language": "fr"}
            )
            assert answer.status_code == 403
    assert signed_in["member"].post("/channels/connect/practice/", {"token": "x"}).status_code == 403
    channel.refresh_from_db()
    assert (channel.state, channel.language) == ("active", "en")


def test_a_manager_connects_an_account_by_its_token(
    signed_in: dict[str, Client], on_offer: PracticeNetwork, world: World
) -> None:
    account = on_offer.open_account(name="Maison Lune")
    page = signed_in["manager"].get("/channels/connect/practice/")
    assert page.status_code == 200
    wrong = signed_in["manager"].post("/channels/connect/practice/", {"token": "wrong", "language": "fr"})
    assert wrong.status_code == 422 and "does not accept this token" in wrong.content.decode()
    answer = signed_in["manager"].post(
        "/channels/connect/practice/", {"token": account.token, "language": "fr"}
    )
    channel = Channel.objects.get()
    assert answer["location"] == f"/channels/{channel.pk}/"
    assert (channel.name, channel.language) == ("Maison Lune", "fr")
    assert account.token not in wrong.content.decode()


def test_without_a_network_on_offer_there_is_nothing_to_connect(
    signed_in: dict[str, Client], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "CONNECTORS", {"practice": registry.CONNECTORS["practice"]})
    assert signed_in["manager"].get("/channels/connect/").status_code == 404
    assert "No channel yet" in signed_in["manager"].get("/channels/").content.decode()


def test_a_channel_is_renamed_paused_resumed_and_disconnected(
    signed_in: dict[str, Client], new_channel: NewChannel
) -> None:
    channel, manager = new_channel(), signed_in["manager"]
    page = f"/channels/{channel.pk}/"
    assert manager.get(page).status_code == 200
    manager.post(page, {"name": "Our <b>page</b>", "language": "ar"})
    assert "Our &lt;b&gt;page&lt;/b&gt;" in manager.get("/channels/").content.decode()
    assert manager.post(page, {"name": "", "language": "ar"}).status_code == 422
    manager.post(page + "pause/")
    assert "Paused" in manager.get("/channels/").content.decode()
    manager.post(page + "resume/")
    channel.refresh_from_db()
    assert (channel.state, channel.language) == ("active", "ar")
    assert manager.get(page + "pause/").status_code == 405
    assert manager.get(page + "disconnect/").status_code == 200
    manager.post(page + "disconnect/")
    assert manager.get(page).status_code == 404
    assert manager.get("/channels/01a1ffd5-2883-729b-bdee-0ea1b374390d/").status_code == 404


def test_the_list_asks_the_database_the_same_number_of_times_for_many_channels(
    signed_in: dict[str, Client], new_channel: NewChannel
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            signed_in["member"].get("/channels/")
        return len(seen)

    new_channel()
    count()
    few = count()
    for _ in range(4):
        new_channel()
    assert count() == few


def test_a_channel_whose_access_is_dead_leads_to_the_way_to_connect_it_again(
    signed_in: dict[str, Client], new_channel: NewChannel, on_offer: PracticeNetwork
) -> None:
    channel = actions.pause_channel(new_channel().pk, "auth_dead", actor=None, version=1)
    for page in ("/channels/", f"/channels/{channel.pk}/"):
        seen = signed_in["manager"].get(page).content.decode()
        assert "Connect again" in seen and "no longer accepts our access" in seen
