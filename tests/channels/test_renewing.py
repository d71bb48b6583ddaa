"""The lease under which tokens are renewed: one worker at a time, on a clock that does not jump."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import F

from etalage.channels import grants
from etalage.channels.models import Channel, Grant
from etalage.kit import clock
from etalage.networks.base import CouldNotRead, Reason
from tests.channels.guild import Guild

Join = Callable[[], Channel]


@pytest.mark.django_db
def test_a_worker_that_died_while_renewing_holds_nobody_up_for_long(join: Join, guild: Guild) -> None:
    channel = join()
    assert channel.grant
    until = grants._lock(channel.grant)
    assert until and grants._lock(channel.grant) is None
    Grant.objects.update(renewing_until=until - grants.LEASE // timedelta(milliseconds=1))
    assert grants.renew(channel.grant).renewed
    assert Grant.objects.get().version == 2


@pytest.mark.django_db
def test_a_lease_of_an_earlier_start_of_the_machine_holds_nobody_up(join: Join) -> None:
    channel = join()
    assert channel.grant and grants._lock(channel.grant) and grants._lock(channel.grant) is None
    Grant.objects.update(renewing_clock="before the restart")
    assert grants._lock(channel.grant)
    Grant.objects.update(renewing_until=F("renewing_until") + 10_000)  # where starts have no name
    assert grants._lock(channel.grant)


@pytest.mark.django_db
def test_a_clock_that_jumps_ahead_lets_no_second_worker_use_the_same_token(join: Join) -> None:
    channel = join()
    assert channel.grant and grants._lock(channel.grant)
    with time_machine.travel(clock.now() + timedelta(days=1)):
        assert grants._lock(channel.grant) is None


@pytest.mark.django_db(transaction=True)
def test_who_stood_still_with_the_lease_sends_nothing(
    join: Join, guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the time the request would go out, another worker may have the lease."""
    channel = join()
    monkeypatch.setattr(grants, "STOOD_STILL_S", 0.3)
    holds, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Grant.objects.select_for_update().get()
            holds.set()
            let_go.wait(0.8)  # and the lease is that long in coming
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(30) and channel.grant
    renewal = grants.renew(channel.grant)
    holder.join()
    assert not renewal.renewed and guild.calls["/token"] == 1  # that of connecting
    assert grants.renew(channel.grant).renewed  # and it holds up nobody


@pytest.mark.parametrize(("lease", "free"), [(grants.LEASE, True), (timedelta(0), False)])
@pytest.mark.django_db
def test_who_stood_still_gives_back_its_own_lease_only(
    lease: timedelta, free: bool, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the length of its lease, the one in the row may be another worker's."""
    channel = join()
    monkeypatch.setattr(grants, "STOOD_STILL_S", -1.0)
    monkeypatch.setattr(grants, "LEASE", lease)
    assert channel.grant and not grants.renew(channel.grant).renewed
    assert (Grant.objects.get().renewing_until is None) is free


@pytest.mark.django_db
def test_who_failed_after_its_lease_was_over_takes_nobody_elses_away(join: Join) -> None:
    channel = join()
    assert channel.grant
    until = grants._lock(channel.grant)
    assert until
    Grant.objects.update(renewing_until=1)
    assert grants._lock(channel.grant)  # by another worker
    grants._stored(channel.grant, until, CouldNotRead(Reason.UNREACHABLE))
    assert grants._lock(channel.grant) is None
