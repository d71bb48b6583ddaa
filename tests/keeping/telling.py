"""Jobs that fail in words full of secrets, on the shop that the environment names; see `test_secrets`."""

from __future__ import annotations

import json
import logging
import secrets

from django.conf import settings
from django.db import connection

from etalage.accounts.models import Member, Role
from etalage.channels.actions import connect_channel
from etalage.channels.models import Listening
from etalage.jobs import task
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job, State

_secrets: list[str] = []  # what is given to a job would be kept with it


@task(max_attempts=1)
def repeat(number: int) -> None:
    """Fail with a secret in the error's own words, and say it in the log too."""
    secret = _secrets[number]
    logging.getLogger("tests.keeping").warning("refused with %s", secret)
    try:
        raise ConnectionError(f"they said no to {secret!r} ({secret})")
    except ConnectionError:
        logging.getLogger("tests.keeping").exception("it broke")
        raise


@task(max_attempts=1)
def write_a_row(person: int) -> None:
    """Fail on a row that holds a person's name."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE people (name text, phone text NOT NULL)")
        try:
            cursor.execute("INSERT INTO people VALUES (%s, NULL)", [_secrets[person]])
        except Exception:
            logging.getLogger("tests.keeping").exception("it broke")
            raise


def run(network: str, token: str, person: str, *planted: str) -> None:
    """Let a job fail with each of them, and with the shop's own; print all of them, and how many jobs failed."""
    channel = connect_channel("practice", network, token, actor=Member.objects.get(role=Role.OWNER))
    signs_with = secrets.token_urlsafe(32)
    Listening.objects.update_or_create(channel=channel, defaults={"secret": signs_with})
    _secrets[:] = [person, token, signs_with, settings.SECRET_KEY, *settings.SECRET_KEYS, *planted]
    write_a_row.enqueue(0)
    for number in range(1, len(_secrets)):
        repeat.enqueue(number)
    run_until_idle(raising=False)
    dead = Job.objects.filter(state=State.DEAD, task__startswith="tests.keeping.telling")
    print(json.dumps({"secrets": _secrets, "failed": list(dead.values_list("last_error", flat=True))}))
