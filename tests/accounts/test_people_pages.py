"""Inviting people, changing what they may do, and getting in by a one-time link: through the pages."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from etalage.accounts import actions
from etalage.accounts.models import AuditEntry, Member, Role, SignInLink
from tests.conftest import World

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
ALLAUTH_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def invitation(**changed: str) -> dict[str, str]:
    """The form for somebody new."""
    return {"name": "Eve", "email": "Eve@Example.com", "role": "member", "language": "fr"} | changed


def link_on(page: str) -> str:
    """The path of the one-time link that a page shows."""
    found = re.search(r"http://localhost:8000(/enter/[^<]+)<", page)
    assert found
    return found[1]


def test_an_invited_member_enters_by_the_link_and_sets_a_password(signed_in: dict[str, Client]) -> None:
    answer = signed_in["manager"].post("/settings/people/new/", invitation())
    assert "no-store" in answer["Cache-Control"]
    link = link_on(answer.content.decode())
    eve = Client()
    assert eve.post(link, follow=True).status_code == 200
    page = eve.get(reverse("mfa_index")).content.decode()
    assert reverse("account_set_password") in page
    new = {"password1": "moules-frites-2026", "password2": "moules-frites-2026"}
    assert eve.post(reverse("account_set_password"), new).status_code == 302
    back = Client().post("/account/login/", {"login": "eve@example.com", "password": new["password1"]})
    assert back.status_code == 302
    trail = list(AuditEntry.objects.filter(label="Eve").order_by("id").values_list("action", flat=True))
    assert trail == [
        "member.invited",
        "member.signed_in_by_link",
        "member.signed_in",
        "member.password_set",
        "member.signed_in",
    ]


def test_a_manager_is_not_offered_to_make_owners_and_cannot_send_it(signed_in: dict[str, Client]) -> None:
    page = signed_in["manager"].get("/settings/people/new/").content.decode()
    assert 'value="manager"' in page and 'value="owner"' not in page
    assert signed_in["manager"].post("/settings/people/new/", invitation(role="owner")).status_code == 422
    assert not Member.objects.filter(email="eve@example.com").exists()


@pytest.mark.parametrize("role", ["member", "counter"])
def test_others_invite_nobody(signed_in: dict[str, Client], role: str) -> None:
    assert signed_in[role].post("/settings/people/new/", invitation()).status_code == 403
    assert not Member.objects.filter(email="eve@example.com").exists()


def test_a_taken_address_is_told_at_its_field(signed_in: dict[str, Client]) -> None:
    answer = signed_in["owner"].post("/settings/people/new/", invitation(email="MIA@maisonlune.example"))
    assert answer.status_code == 422 and "is a member already" in answer.content.decode()


def test_the_page_of_an_owner_offers_a_manager_nothing_to_change(
    signed_in: dict[str, Client], world: World
) -> None:
    address = reverse("accounts:member", args=[world.owner.pk])
    assert "Only an owner can change" in signed_in["manager"].get(address).content.decode()
    assert signed_in["manager"].post(address, {"role": "member", "is_active": "on"}).status_code == 403
    assert signed_in["manager"].post(address + "link/").status_code == 403
    world.owner.refresh_from_db()
    assert world.owner.role == Role.OWNER and not SignInLink.objects.exists()


def test_a_manager_changes_a_members_role(signed_in: dict[str, Client], world: World) -> None:
    address = reverse("accounts:member", args=[world.member.pk])
    assert signed_in["manager"].post(address, {"role": "counter", "is_active": "on"}).status_code == 302
    assert signed_in["member"].get("/posts/").status_code == 403


@pytest.mark.parametrize("backend", [MODEL_BACKEND, ALLAUTH_BACKEND])
def test_who_may_no_longer_sign_in_is_signed_out_at_once(world: World, backend: str) -> None:
    mia = Client()
    mia.force_login(world.member, backend=backend)
    assert mia.get("/").status_code == 200
    link = actions.issue_sign_in_link(world.member)
    actions.change_member(world.owner, world.member, role=Role.MEMBER, store=None, is_active=False)
    assert mia.get("/").status_code == 302
    actions.change_member(world.owner, world.member, role=Role.MEMBER, store=None, is_active=True)
    assert Client().post(f"/enter/{link}/").status_code == 410


def test_a_link_for_a_member_replaces_the_one_before_it(signed_in: dict[str, Client], world: World) -> None:
    address = reverse("accounts:member_link", args=[world.member.pk])
    first = link_on(signed_in["manager"].post(address).content.decode())
    second = link_on(signed_in["manager"].post(address).content.decode())
    assert Client().post(first).status_code == 410
    assert Client().post(second).status_code == 302


def test_the_page_of_a_link_is_kept_by_nobody(signed_in: dict[str, Client], world: World) -> None:
    link = "/enter/" + actions.issue_sign_in_link(world.member) + "/"
    for answer in (Client().get(link), Client().post(link)):
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"
