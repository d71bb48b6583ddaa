"""Passwords, second steps and recovery codes over HTTP: what lets in, what does not, and what ends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings as installed
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from etalage.accounts import actions
from etalage.accounts.models import AuditEntry, Member
from etalage.kit import clock
from etalage.kit.errors import Refusal
from tests.conftest import World

PASSWORD = "a-long-password"
LOGIN = "/account/login/"


def sign_in(
    email: str, password: str = PASSWORD, browser: Client | None = None
) -> tuple[Client, HttpResponse]:
    """A browser in which somebody typed these, and the answer."""
    browser = browser or Client()
    return browser, browser.post(LOGIN, {"login": email, "password": password})


def confirmed(browser: Client) -> Client:
    """The browser after the password was asked for once more."""
    assert browser.post("/account/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/").status_code == 200


def code_of(secret: str) -> str:
    """The six digits that an authenticator shows now (RFC 6238: HMAC-SHA1, 30 seconds)."""
    step = struct.pack(">Q", int(clock.now().timestamp()) // 30)
    digest = hmac.new(base64.b32decode(secret), step, hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def with_authenticator(member: Member) -> tuple[Client, str]:
    """A signed-in browser of a member who turned an authenticator on, and its secret."""
    browser = confirmed(sign_in(member.email)[0])
    page = browser.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    assert found
    assert browser.post(reverse("mfa_activate_totp"), {"code": code_of(found[1])}).status_code == 302
    return browser, found[1]


def test_the_second_step_is_asked_for_and_a_code_works_once(world: World) -> None:
    _first, secret = with_authenticator(world.owner)
    later = clock.now() + timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        browser, answer = sign_in(world.owner.email)
        assert answer.headers["Location"].startswith(reverse("mfa_authenticate")) and not is_in(browser)
        wrong = f"{(int(code_of(secret)) + 1) % 1_000_000:06d}"
        assert browser.post(reverse("mfa_authenticate"), {"code": wrong}).status_code == 200
        assert not is_in(browser)
        code = code_of(secret)
        assert browser.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
        assert is_in(browser)
        thief, _answer = sign_in(world.owner.email)
        thief.post(reverse("mfa_authenticate"), {"code": code})
        assert not is_in(thief)


def test_a_recovery_code_works_once(world: World) -> None:
    browser, _secret = with_authenticator(world.owner)
    page = browser.get(reverse("mfa_view_recovery_codes")).content.decode()
    code = re.findall(r"\b\d{8}\b", page)[0]
    for expected in (True, False):
        other, _answer = sign_in(world.owner.email)
        other.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(other) is expected


def test_the_secret_of_an_authenticator_is_not_readable_in_the_database(world: World) -> None:
    _browser, secret = with_authenticator(world.owner)
    seeds = [row.data.get("secret") or row.data["seed"] for row in Authenticator.objects.all()]
    assert len(seeds) == 2 and all(str(seed).startswith("gAAAA") for seed in seeds)
    assert secret not in str(list(Authenticator.objects.values()))


def test_a_one_time_link_does_not_go_around_the_second_step(world: World) -> None:
    with_authenticator(world.member)
    browser = Client()
    answer = browser.post(f"/enter/{actions.issue_sign_in_link(world.member)}/")
    assert answer["Location"].startswith(reverse("mfa_authenticate")) and not is_in(browser)


def test_an_owner_helps_who_lost_the_second_step_and_nobody_else_does(
    signed_in: dict[str, Client], world: World
) -> None:
    with_authenticator(world.manager)
    address = reverse("accounts:member_second_steps", args=[world.manager.pk])
    assert signed_in["member"].post(address).status_code == 403
    with pytest.raises(Refusal):
        actions.remove_second_steps(world.manager, world.member)
    with pytest.raises(Refusal):
        actions.remove_second_steps(world.owner, world.owner)
    assert Authenticator.objects.filter(user=world.manager).exists()
    assert signed_in["owner"].post(address).status_code == 302
    assert not Authenticator.objects.filter(user=world.manager).exists()
    assert is_in(sign_in(world.manager.email)[0])
    assert AuditEntry.objects.filter(action="member.second_steps_removed", member=world.owner).exists()


@pytest.mark.parametrize(
    "route", ["account_change_password", "mfa_activate_totp", "mfa_add_webauthn", "account_email"]
)
def test_how_one_signs_in_changes_only_after_the_password_was_asked_again(world: World, route: str) -> None:
    browser, _answer = sign_in(world.owner.email)
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        if route == "account_change_password":  # asks for the old password in its own form
            answer = browser.post(reverse(route), {"password1": "x" * 20, "password2": "x" * 20})
            assert answer.status_code == 200
        elif route == "account_email":
            answer = browser.post(reverse(route), {"email": "eve@example.com", "action_add": ""})
            assert answer.headers["Location"].startswith("/account/reauthenticate/")
        else:
            answer = browser.get(reverse(route))
            assert answer.headers["Location"].startswith("/account/reauthenticate/")
    world.owner.refresh_from_db()
    assert world.owner.check_password(PASSWORD)


def test_a_new_password_signs_out_everywhere_else(world: World) -> None:
    here, elsewhere = sign_in(world.owner.email)[0], sign_in(world.owner.email)[0]
    new = {"oldpassword": PASSWORD, "password1": "moules-frites-2026", "password2": "moules-frites-2026"}
    assert here.post(reverse("account_change_password"), new).status_code == 302
    assert is_in(here) and not is_in(elsewhere)
    assert AuditEntry.objects.filter(action="member.password_changed").count() == 1


def test_a_forgotten_password_is_replaced_by_a_letter_whose_link_names_the_public_address(
    world: World, settings: Settings
) -> None:
    settings.PUBLIC_ADDRESS = "https://lune.example.com"
    elsewhere, _answer = sign_in(world.owner.email)
    asked = Client().post(
        reverse("account_reset_password"), {"email": world.owner.email}, headers={"host": "127.0.0.1"}
    )
    assert asked.status_code == 302
    assert mail.outbox[0].subject.startswith("[Maison Lune] ") and "Maison Lune" in mail.outbox[0].body
    link = re.search(r"https://lune\.example\.com(/\S+)", str(mail.outbox[0].body))
    assert link and "127.0.0.1" not in mail.outbox[0].body
    browser = Client()
    form = browser.get(link[1]).headers["Location"]
    browser.post(form, {"password1": "moules-frites-2026", "password2": "moules-frites-2026"})
    assert not is_in(elsewhere)
    assert is_in(sign_in(world.owner.email, "moules-frites-2026")[0])


def test_who_may_no_longer_sign_in_gets_no_letter(world: World) -> None:
    Member.objects.filter(pk=world.member.pk).update(is_active=False)
    Client().post(reverse("account_reset_password"), {"email": world.member.email})
    assert mail.outbox == []


def test_guessing_ends_after_five_wrong_passwords_whatever_comes_next(world: World) -> None:
    for number in range(5):
        assert not is_in(sign_in(world.owner.email, f"guess-{number}")[0])
    browser, answer = sign_in(world.owner.email)
    assert not is_in(browser)
    assert "too many" in answer.content.decode().lower()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert is_in(sign_in(world.owner.email)[0])


def test_guesses_are_counted_where_every_process_sees_them(world: World) -> None:
    sign_in(world.owner.email, "guess")
    table = installed.CACHES["default"]["LOCATION"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE cache_key LIKE %s", ["%login_failed%"])
        assert cursor.fetchone()[0] > 0


def test_too_many_calls_are_refused_in_the_shops_own_words(world: World, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    for _ in range(2):
        assert sign_in("nobody@example.com")[1].status_code == 200
    answer = sign_in("nobody@example.com")[1]
    assert answer.status_code == 429 and "Wait a few minutes" in answer.content.decode()


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password was hashed: what an answer takes its time for."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


def seen_by_a_stranger(email: str) -> tuple[int, str, int]:
    """Status, text and work of a failed attempt to sign in, without what is different each time."""
    before = CountingHasher.hashed
    answer = sign_in(email, "a-wrong-password")[1]
    page = re.sub(
        r'(name="csrfmiddlewaretoken" value=|"csrf_token": |content=)"[^"]*"', "", answer.content.decode()
    )
    page = re.sub(r"[A-Za-z0-9]{64}", "", page)
    return answer.status_code, page.replace(email, "…"), CountingHasher.hashed - before


def test_a_stranger_does_not_learn_who_works_here(world: World, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    world.owner.set_password(PASSWORD)
    world.owner.save()
    Member.objects.filter(pk=world.member.pk).update(is_active=False, password=world.owner.password)
    unknown = seen_by_a_stranger("nobody@example.com")
    assert seen_by_a_stranger(world.owner.email) == unknown
    assert seen_by_a_stranger(world.member.email) == unknown
    assert unknown[2] > 0


def test_asking_for_a_new_password_tells_nothing_and_writes_to_no_stranger(world: World) -> None:
    answers = [
        Client().post(reverse("account_reset_password"), {"email": email})
        for email in (world.owner.email, "nobody@example.com")
    ]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert [letter.to for letter in mail.outbox] == [[world.owner.email]]


def test_nobody_signs_up(db: None) -> None:
    new = {"email": "eve@example.com", "password1": "moules-frites-2026", "password2": "moules-frites-2026"}
    Client().post("/account/signup/", new)
    assert not Member.objects.exists()


def test_coming_and_going_stand_in_the_trail(world: World) -> None:
    browser, _answer = sign_in(world.owner.email)
    browser.post("/account/logout/")
    trail = AuditEntry.objects.filter(member=world.owner).order_by("id").values_list("action", flat=True)
    assert list(trail) == ["member.signed_in", "member.signed_out"]
