"""A worker that is asked to stop in the middle of a crowd: what is in hand goes out, and nothing more is taken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.db import connection

from etalage.networks.base import Mechanism
from etalage.publishing.delivery import crew
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.models import Publication
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost

MANY = 40
WORKER = """
import sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from tests.jobs.worker_process import serve
serve(2)
"""


def states() -> Counter[str]:
    return Counter(Publication.objects.values_list("state", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_worker_asked_to_stop_takes_no_further_publication_and_leaves_none_in_doubt(
    practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost
) -> None:
    channel = practice_channel(Mechanism.NONE)
    practice.order("slow", seconds=0.5, times=None)
    for _ in range(MANY):
        new_post(channel, now=True)
    environment = {**os.environ, "ETALAGE_DELIVERY_PACE": '{"hands": 2}'}
    name = str(connection.settings_dict["NAME"])
    worker = subprocess.Popen([sys.executable, "-c", WORKER, name], env=environment)
    try:
        end = time.monotonic() + 60
        while not states()["published"]:
            assert time.monotonic() < end
            time.sleep(0.02)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(8) == 0  # less than any supervisor waits, and than all of them would take
    finally:
        worker.kill()
        worker.wait()
    left = states()
    assert set(left) == {"published", "scheduled"}
    assert left["scheduled"] > MANY / 2


def test_work_that_ends_its_own_thread_holds_up_nobody() -> None:
    def leave(claim: Claim) -> None:
        raise SystemExit

    hands = crew.Crew(leave, 1)
    for token in range(2):  # the second finds a hand as well
        hands.hand_out([Claim(Publication().pk, token)])
        assert hands.wait(60) == 1
    assert hands.end() == 0
