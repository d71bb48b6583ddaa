"""What is put on hold in a restored database before anybody works on it, so that nothing is done twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import transaction

from etalage.accounts.models import SignInLink
from etalage.channels import actions as channel_actions
from etalage.channels.models import Channel, ChannelState, Grant
from etalage.jobs.models import Job, State
from etalage.keeping.erasures import erase_again
from etalage.keeping.rotation import columns, lost_rows
from etalage.kit import clock
from etalage.kit.fields import EncryptedTextField
from etalage.networks.base import Reason
from etalage.publishing.delivery.restored import hold_restored


@dataclass(frozen=True)
class Hold:
    """What was found and held: numbers of publications, jobs, people and channels.

    `unscheduled`: drafts and approved posts, which are looked for or asked about once they are scheduled.
    `forgets_erased`: no key is left by which somebody who was erased is known when their network tells of them again.
    """

    looked_for: int
    asked: int
    unscheduled: int
    jobs: int
    erased: int
    channels_lost: int
    second_steps_lost: int
    forgets_erased: bool = False


def hold(taken_at: datetime, *, can_look: bool, erased: set[str], as_copy: bool = False) -> Hold:
    """Make a restored database safe to start. Repeating it does no harm.

    Publications are looked for before they are sent, running jobs are taken from workers that are no more, everybody
    signs in again (a session that was ended since must not live again), people who asked to be forgotten are erased
    again, and channels whose tokens cannot be opened wait for a person.
    """
    held = hold_restored(taken_at, can_look=can_look)
    with transaction.atomic():
        # A lease of no known clock has ended: the next look at the queue takes them back and counts the attempt.
        jobs = Job.objects.filter(state=State.RUNNING).update(lease_clock="")
        Session.objects.all().delete()
        SignInLink.objects.filter(used_at=None).update(expires_at=clock.now())
        lost_channels, lost_steps = _let_go_of_unreadable()
        if as_copy:
            granted = set(Channel.objects.exclude(grant=None).values_list("pk", flat=True))
            Grant.objects.all().delete()
            lost_channels += _disarm(granted)
    again = erase_again(erased)
    forgets = channel_actions.forgets_erased()
    return Hold(
        held.looked_for, held.asked, held.unscheduled, jobs, again, lost_channels, lost_steps, forgets
    )


def _let_go_of_unreadable() -> tuple[int, int]:
    """Take away what no key opens, as if it had never been given: channels to connect again, second steps."""
    lost_steps = 0
    channels: set[UUID] = set()
    for column in columns():
        for key in lost_rows(column):
            if column.table == Authenticator._meta.db_table:
                lost_steps += Authenticator.objects.filter(pk=key).delete()[0]
            elif column.table == Grant._meta.db_table:
                channels |= set(Channel.objects.filter(grant_id=key).values_list("pk", flat=True))
                Grant.objects.filter(pk=key).only("pk").delete()  # to delete a row, Django reads it first
            else:
                _empty(column.table, key)
    return _disarm(channels), lost_steps


def _disarm(channels: set[UUID]) -> int:
    """Let these channels wait until a person connects them again; the number of them."""
    for channel in Channel.objects.filter(pk__in=channels, state=ChannelState.ACTIVE).values_list(
        "pk", flat=True
    ):
        channel_actions.pause_channel(channel, Reason.AUTH_DEAD, actor=None, version=None)
    return len(channels)


def _empty(table: str, key: object) -> None:
    """Forget the secrets of a row that goes on without them, or the row where it cannot."""
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    row = model._default_manager.filter(pk=key)
    fields = [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
    if all(field.blank or field.null for field in fields):
        row.update(**{field.name: None if field.null else "" for field in fields})
    else:
        row.only("pk").delete()
