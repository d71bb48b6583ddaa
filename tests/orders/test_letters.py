"""The letter with the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core import mail
from pytest_django.fixtures import Settings

from etalage.accounts.models import Store
from etalage.customers.actions import erase_customer
from etalage.kit import clock
from etalage.orders.actions.letters import send_reservation_letter
from etalage.orders.addresses import public_path
from etalage.orders.models import Reservation, ReservationState
from tests.orders.conftest import Goods, Reserve


def test_the_letter_has_the_code_as_text_and_picture_in_the_customers_language(
    goods: Goods, reserve_one: Reserve
) -> None:
    Store.objects.filter(pk=goods.world.ghent.pk).update(opening_hours="Mon-Sat 10:00-18:30")
    made = reserve_one(language="ar")
    assert send_reservation_letter(made.pk)
    letter = mail.outbox[0]
    html = str(letter.alternatives[0][0])

    assert letter.to == ["nora@example.com"]
    assert made.code in letter.body and made.code in html and made.code in letter.subject
    assert 'dir="rtl"' in html and "وشاح صوفي" in html
    assert "cid:code" in html
    assert "الاثنين–السبت" in html
    assert "الاثنين–السبت" in letter.body
    whole = letter.message().as_bytes()
    assert b"Content-ID: <code>" in whole
    assert public_path(made) in letter.body
    assert f"<reservation-{made.pk}@localhost>".encode() in whole


def test_no_letter_goes_out_for_what_has_ended_or_to_nobody(goods: Goods, reserve_one: Reserve) -> None:
    by_phone = reserve_one(email="", phone="0475112233")
    ended = reserve_one()
    Reservation.objects.filter(pk=ended.pk).update(state=ReservationState.CANCELLED, closed_at=clock.now())
    assert not send_reservation_letter(by_phone.pk)
    assert not send_reservation_letter(ended.pk)
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_letters_kept_as_files_go_with_the_customer(
    goods: Goods, reserve_one: Reserve, settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "etalage.kit.letters.KeptLetters"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    gone, stays = reserve_one(email="Gone@Example.com"), reserve_one(email="stays@example.com")
    for made in (gone, stays) * 20:  # within one second: each has a file of its own all the same
        assert send_reservation_letter(made.pk)
    assert len(list((tmp_path / "mail").iterdir())) == 40
    assert gone.customer_id
    erase_customer(gone.customer_id)
    kept = list((tmp_path / "mail").iterdir())
    assert len(kept) == 20
    assert all(b"stays@example.com" in letter.read_bytes() for letter in kept)
