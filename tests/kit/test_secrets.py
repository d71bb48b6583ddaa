"""Secrets open with any of our keys, and with no other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.kit.secrets import Cipher, UnreadableSecret, constant_time_equal, new_key

OLD, NEW = "the old key of the shop, 32 or more", "the new key of the shop, 32 or more"


@settings(deadline=None)
@given(st.text())
def test_a_sealed_text_comes_back_and_does_not_show(text: str) -> None:
    cipher = Cipher([new_key()])
    sealed = cipher.encrypt(text)
    assert cipher.decrypt(sealed) == text
    assert len(text) < 4 or text not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    cipher = Cipher([NEW])
    assert cipher.encrypt("token") != cipher.encrypt("token")


def test_after_a_change_of_keys_old_secrets_open_and_new_ones_need_the_new_key() -> None:
    sealed_before = Cipher([OLD]).encrypt("token")
    changed = Cipher([NEW, OLD])
    assert changed.decrypt(sealed_before) == "token"
    with pytest.raises(UnreadableSecret):
        Cipher([OLD]).decrypt(changed.encrypt("token"))


def test_a_rotated_secret_does_without_the_old_key() -> None:
    sealed = Cipher([OLD]).encrypt("token")
    rotated = Cipher([NEW, OLD]).rotate(sealed)
    assert Cipher([NEW]).decrypt(rotated) == "token"
    with pytest.raises(UnreadableSecret):
        Cipher([NEW]).decrypt(sealed)


@pytest.mark.parametrize("sealed", ["", "token", "gAAAAA", "é", "\0"])
def test_what_was_never_sealed_is_unreadable(sealed: str) -> None:
    with pytest.raises(UnreadableSecret):
        Cipher([NEW]).decrypt(sealed)
    with pytest.raises(UnreadableSecret):
        Cipher([NEW]).rotate(sealed)


def test_a_changed_secret_is_unreadable() -> None:
    sealed = Cipher([NEW]).encrypt("token")
    flipped = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
    with pytest.raises(UnreadableSecret):
        Cipher([NEW]).decrypt(flipped)


@pytest.mark.parametrize("keys", [[], ["short"], [NEW, "short"]])
def test_weak_or_missing_keys_are_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="key"):
        Cipher(keys)


def test_new_keys_are_long_and_different() -> None:
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(len(key) >= 32 and "," not in key for key in keys)


def test_comparing_takes_texts_bytes_and_letters_of_any_script() -> None:
    assert constant_time_equal("clé", "clé".encode())
    assert not constant_time_equal("clé", "cle")
