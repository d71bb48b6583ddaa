"""The letter with the code."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from pytest_django.fixtures import Settings

from etalage.accounts.models import Store
from etalage.customers.actions import erase_customer
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job
from etalage.kit import clock
from etalage.kit.letters import KeptLetters, address_digests, erase_kept_letters
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


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Path:
    """The folder of a shop without a mail server."""
    settings.EMAIL_BACKEND = "etalage.kit.letters.KeptLetters"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"


def letters(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir() if path.name != ".turn"]


@pytest.mark.django_db(transaction=True)
def test_letters_kept_as_files_go_with_the_customer(goods: Goods, reserve_one: Reserve, kept: Path) -> None:
    gone, stays = reserve_one(email="Gone@Example.com"), reserve_one(email="stays@example.com")
    for made in (gone, stays) * 20:  # within one second: each has a file of its own all the same
        assert send_reservation_letter(made.pk)
    assert len(letters(kept)) == 40
    assert gone.customer_id
    erase_customer(gone.customer_id)
    run_until_idle()
    left = letters(kept)
    assert len(left) == 21, "and the one that its own job wrote"
    assert all(b"stays@example.com" in letter for letter in left)
    jobs = repr(list(Job.objects.values_list("args", "last_error")))
    assert "example.com" not in jobs.lower(), "no job says whose letters"


ERASES_AND_DIES = """
import os, signal, sys
from uuid import UUID
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.db import transaction
from etalage.customers.actions import erase_customer
with transaction.atomic():
    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    erase_customer(UUID(sys.argv[2]))
"""


@pytest.mark.django_db(transaction=True)
def test_an_erasure_whose_program_was_killed_after_its_commit_still_takes_the_letters(
    goods: Goods, reserve_one: Reserve, kept: Path
) -> None:
    made = reserve_one(email="gone@example.com")
    assert send_reservation_letter(made.pk)
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-c", ERASES_AND_DIES, name, str(made.customer_id)]
    assert subprocess.run(command, timeout=120, check=False).returncode == -signal.SIGKILL
    assert made.customer_id and not erase_customer(made.customer_id), "it was done before"
    assert letters(kept)
    run_until_idle()
    assert not letters(kept)


@pytest.mark.django_db(transaction=True)
def test_one_that_was_about_to_be_written_is_waited_for(
    goods: Goods, reserve_one: Reserve, kept: Path, settings: Settings
) -> None:
    """Its job has read the address; the customer is erased; then it writes."""
    made = reserve_one(email="gone@example.com")
    settings.EMAIL_BACKEND = f"{__name__}.SlowLetters"
    SlowLetters.begun.clear()
    SlowLetters.may_go_on.clear()

    def write() -> None:
        try:
            send_reservation_letter(made.pk)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert SlowLetters.begun.wait(30)
    assert made.customer_id and erase_customer(made.customer_id)
    eraser = threading.Thread(target=erase_kept_letters, args=[address_digests(["gone@example.com"])])
    eraser.start()
    eraser.join(0.2)
    assert eraser.is_alive()
    SlowLetters.may_go_on.set()
    writer.join(30)
    eraser.join(30)
    assert not letters(kept)
    assert not send_reservation_letter(made.pk), "and nobody is there any more"


class SlowLetters(KeptLetters):
    """Keeps a letter once it is told to."""

    begun, may_go_on = threading.Event(), threading.Event()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.begun.set()
        assert self.may_go_on.wait(30)
        return super().send_messages(email_messages)
