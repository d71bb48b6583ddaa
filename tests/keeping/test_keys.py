"""Keys are changed while the shop works: no read fails, a cut-off rotation goes on, and the check says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.checks import ERROR
from django.db import connection
from pytest_django import Settings

from etalage.channels.models import Grant
from etalage.cli.check import kept
from etalage.keeping import rotation
from etalage.kit.fields import configured_cipher
from etalage.kit.secrets import new_key
from tests.conftest import World

OLD, NEW = new_key(), new_key()
EACH = 3  # what is sealed in a grant: its two tokens, and what they are remembered with


def sealed_with_old(settings: Settings, number: int) -> list[Grant]:
    settings.SECRET_KEYS = [OLD]
    return [
        Grant.objects.create(
            network="practice",
            base_url="https://n.example",
            access_token=f"token-{n}",
            refresh_token=f"more-{n}",
        )
        for n in range(number)
    ]


@pytest.mark.django_db
def test_everything_is_sealed_again_and_the_old_key_may_go(settings: Settings, world: World) -> None:
    grants = sealed_with_old(settings, 450)
    steps = {"secret": configured_cipher().encrypt("totp"), "name": "phone"}
    step = Authenticator.objects.create(user=world.owner, type=Authenticator.Type.TOTP, data=steps)
    settings.SECRET_KEYS = [NEW, OLD]
    assert any("sealed with an older key" in message.msg for message in kept())
    tally = rotation.rotate()
    assert (tally.sealed_again, tally.already, tally.unreadable) == (450 * EACH + 1, 0, 0)
    assert rotation.rotate().already == 450 * EACH + 1, "doing it again does nothing"
    assert any("may be removed" in message.msg for message in kept())
    settings.SECRET_KEYS = [NEW]
    assert str(Grant.objects.get(pk=grants[7].pk).access_token) == "token-7"
    assert configured_cipher().decrypt(Authenticator.objects.get(pk=step.pk).data["secret"]) == "totp"


@pytest.mark.django_db
def test_a_key_that_was_removed_too_early_is_named_and_nothing_is_destroyed(settings: Settings) -> None:
    (grant,) = sealed_with_old(settings, 1)
    settings.SECRET_KEYS = [NEW]
    assert rotation.rotate().unreadable == EACH
    assert any(message.level >= ERROR and "cannot be opened" in message.msg for message in kept())
    settings.SECRET_KEYS = [NEW, OLD]
    assert rotation.rotate().sealed_again == EACH
    assert str(Grant.objects.get(pk=grant.pk).access_token) == "token-0"


@pytest.mark.django_db
def test_a_rotation_that_is_cut_off_goes_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed_with_old(settings, 30)
    settings.SECRET_KEYS = [NEW, OLD]
    swap: Callable[..., bool] = rotation._swap
    calls: list[Any] = []

    def cut(*given: Any) -> bool:
        calls.append(given)
        if len(calls) == 20:
            raise KeyboardInterrupt
        return swap(*given)

    monkeypatch.setattr(rotation, "_swap", cut)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate()
    monkeypatch.undo()
    tally = rotation.rotate()
    assert (tally.sealed_again, tally.already) == (30 * EACH - 19, 19)


@pytest.mark.django_db
def test_a_token_that_is_renewed_at_that_moment_is_not_overwritten(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (grant,) = sealed_with_old(settings, 1)
    settings.SECRET_KEYS = [NEW, OLD]
    resealed = rotation._resealed

    def meanwhile(*given: Any) -> str:
        fresh = resealed(*given)
        Grant.objects.filter(pk=grant.pk).update(access_token="renewed")
        return fresh

    monkeypatch.setattr(rotation, "_resealed", meanwhile)
    rotation.rotate()
    assert str(Grant.objects.get(pk=grant.pk).access_token) == "renewed"


@pytest.mark.django_db(transaction=True)
def test_no_read_fails_while_a_thousand_tokens_are_sealed_again(settings: Settings) -> None:
    grants = sealed_with_old(settings, 500)
    settings.SECRET_KEYS = [NEW, OLD]
    stop, reads, wrong = threading.Event(), [0], []

    def read() -> None:
        try:
            while not stop.is_set():
                for number, grant in enumerate(grants):
                    reads[0] += 1
                    if str(Grant.objects.get(pk=grant.pk).access_token) != f"token-{number}":
                        wrong.append(number)
        except Exception as error:
            wrong.append(error)  # type: ignore[arg-type]
        finally:
            connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    tally = rotation.rotate()
    stop.set()
    reader.join()
    assert tally.sealed_again == 500 * EACH
    assert wrong == [] and reads[0] > 0
    print(f"{reads[0]} reads during the rotation, none failed")
