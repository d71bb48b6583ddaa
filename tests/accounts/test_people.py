"""Who may do what with people, and how they get in."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from etalage.accounts import actions
from etalage.accounts.models import AuditEntry, Business, Member, Role, SignInLink
from etalage.kit import clock
from etalage.kit.errors import Refusal
from tests.conftest import World


def test_a_manager_cannot_make_an_owner(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        actions.invite_member(
            world.manager, email="eve@example.com", name="Eve", role=Role.OWNER, language="en", store=None
        )
    assert refused.value.status == 403
    assert not Member.objects.filter(email="eve@example.com").exists()


def test_a_manager_cannot_take_an_owner_down(world: World) -> None:
    with pytest.raises(Refusal):
        actions.change_member(world.manager, world.owner, role=Role.MEMBER, store=None, is_active=False)
    world.owner.refresh_from_db()
    assert world.owner.role == Role.OWNER
    assert world.owner.is_active


def test_a_manager_cannot_make_a_way_in_as_owner(world: World) -> None:
    with pytest.raises(Refusal):
        actions.issue_link_for(world.manager, world.owner)
    assert not SignInLink.objects.exists()


def test_the_last_owner_stays_owner(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        actions.change_member(world.owner, world.owner, role=Role.MEMBER, store=None, is_active=True)
    assert refused.value.code == "last_owner"


def test_a_sign_in_link_works_once(world: World) -> None:
    secret = actions.issue_sign_in_link(world.owner)
    assert actions.use_sign_in_link(secret) == world.owner
    with pytest.raises(Refusal) as refused:
        actions.use_sign_in_link(secret)
    assert refused.value.status == 410


def test_a_sign_in_link_ends(world: World) -> None:
    secret = actions.issue_sign_in_link(world.owner, timedelta(minutes=5))
    with time_machine.travel(clock.now() + timedelta(minutes=6)), pytest.raises(Refusal):
        actions.use_sign_in_link(secret)


def test_a_link_of_somebody_who_may_no_longer_sign_in_is_refused(world: World) -> None:
    secret = actions.issue_sign_in_link(world.member)
    actions.change_member(world.owner, world.member, role=Role.MEMBER, store=None, is_active=False)
    with pytest.raises(Refusal):
        actions.use_sign_in_link(secret)


def test_a_preview_that_opens_the_link_does_not_spend_it(world: World, client: Client) -> None:
    address = reverse("accounts:enter", args=[actions.issue_sign_in_link(world.owner)])
    assert client.get(address).status_code == 200
    assert SignInLink.objects.get().used_at is None
    assert client.post(address).status_code == 302
    assert client.session["_auth_user_id"] == str(world.owner.pk)


def test_the_secret_of_a_link_is_not_kept(world: World) -> None:
    secret = actions.issue_sign_in_link(world.owner)
    assert secret not in str(SignInLink.objects.values())


def test_every_change_is_in_the_trail(world: World) -> None:
    actions.change_business(world.owner, Business.objects.get(), {"name": "Lune & Co"})
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.details) == ("Anna", "business.changed", {"fields": ["name"]})


def test_a_taken_address_is_refused_with_a_sentence(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        actions.invite_member(
            world.owner,
            email="MIA@maisonlune.example",
            name="Mia",
            role=Role.MEMBER,
            language="en",
            store=None,
        )
    assert refused.value.code == "member_exists"
