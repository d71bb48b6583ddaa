"""Tokens are renewed in time, by one worker alone, and never lost; a network out of reach disconnects nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import connection
from django.test import Client

from etalage.channels import actions, grants, queries
from etalage.channels.models import Channel, Grant
from etalage.channels.patience import SHORTEST_WAIT
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.networks import inside
from etalage.networks.base import Reason
from tests.away import away_soon
from tests.channels.conftest import way_out
from tests.channels.guild import Guild, GuildConnector, running_guild
from tests.conftest import World

Join = Callable[[], Channel]
WAITED = SHORTEST_WAIT * 2  # longer than the first wait, whatever chance adds


def again(channel: Channel) -> Channel:
    return queries.find_channel(channel.pk)


def tokens(channel: Channel) -> tuple[str, str, int]:
    grant = Grant.objects.get(channels=channel)
    return str(grant.access_token), str(grant.refresh_token), grant.version


def said_dead(channel: Channel) -> None:
    """The network says so of the access that the channel has now."""
    actions.pause_channel(channel.pk, Reason.AUTH_DEAD, actor=None, version=tokens(channel)[2])


@pytest.mark.django_db
def test_an_access_that_is_good_is_used_as_it_is(join: Join, guild: Guild) -> None:
    channel = join()
    calls = guild.calls.total()
    assert queries.account_of(again(channel)).token == tokens(channel)[0]
    assert guild.calls.total() == calls


@pytest.mark.django_db
@pytest.mark.parametrize("late", [timedelta(minutes=59), timedelta(days=90)])
def test_who_needs_an_access_that_ends_or_has_ended_gets_a_new_one(
    join: Join, guild: Guild, late: timedelta
) -> None:
    channel = join()
    before = tokens(channel)
    with time_machine.travel(clock.now() + late):
        account = queries.account_of(again(channel))
        assert account.token in guild.access and account.token != before[0]
    after = tokens(channel)
    assert (account.token, before[2] + 1) == (after[0], after[2]) and after[1] != before[1]


@pytest.mark.django_db
def test_an_empty_refresh_token_never_overwrites_a_stored_one(
    join: Join, guild: Guild, signed_in: dict[str, Client]
) -> None:
    channel = join()
    before = tokens(channel)
    guild.gives_refresh = False
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        queries.account_of(again(channel))
        assert tokens(channel)[1] == before[1] and tokens(channel)[0] != before[0]
        url = way_out(signed_in["manager"], guild)
        signed_in["manager"].get("/channels/callback/", guild.say_yes(url))  # connecting again as well
    assert tokens(channel)[1] == before[1]


@pytest.mark.django_db
def test_a_job_renews_before_the_end_and_long_after_it(join: Join, guild: Guild) -> None:
    channel = join()
    assert queries.grants_to_renew(clock.now()) == []
    for late in (timedelta(minutes=50), timedelta(days=400)):
        with time_machine.travel(clock.now() + late):
            before = tokens(channel)
            assert queries.grants_to_renew(clock.now()) == [channel.pk]
            actions.renew_grant(channel.pk)
            actions.renew_grant(channel.pk)  # twice has the effect of once
            assert tokens(channel)[2] == before[2] + 1
            assert queries.grants_to_renew(clock.now()) == []


@pytest.mark.django_db
def test_a_network_out_of_reach_disconnects_nobody(join: Join, guild: Guild) -> None:
    channel = join()
    before = tokens(channel)
    guild.is_down = True
    with time_machine.travel(clock.now() + timedelta(hours=2)) as travel:
        # The network itself says what it is worth.
        assert queries.account_of(again(channel)).token == before[0]
        actions.renew_grant(channel.pk)
        said_dead(channel)
        found = again(channel)
        assert (found.state, tokens(channel)) == ("active", before)
        assert found.quiet_until and found.quiet_until > clock.now()  # and nobody asks in a loop
        assert found.grant and found.grant.problem == "platform_down"
        guild.is_down = False
        calls = guild.calls.total()
        assert queries.account_of(again(channel)).token == before[0]
        assert guild.calls.total() == calls  # it was asked only just now
        travel.shift(WAITED)
        assert queries.account_of(again(channel)).token in guild.access


@pytest.mark.django_db
def test_an_access_said_to_be_dead_is_renewed_once_and_then_believed(join: Join, guild: Guild) -> None:
    channel = join()
    guild.forget_access()
    with time_machine.travel(clock.now() + timedelta(minutes=10)) as travel:
        said_dead(channel)  # as a publication would
        assert again(channel).state == "active"
        travel.shift(5)
        token = queries.account_of(again(channel)).token
        assert token in guild.access
        said_dead(channel)  # and the new one is refused as well
        assert (again(channel).state, again(channel).pause_reason) == ("paused", "auth_dead")


@pytest.mark.django_db
def test_reading_with_a_dead_access_renews_it_and_reads_on(join: Join, guild: Guild) -> None:
    channel = join()
    guild.forget_access()
    with time_machine.travel(clock.now() + timedelta(minutes=10)):
        assert actions.read_channel(channel.pk) == 0
        assert again(channel).state == "active" and again(channel).listening.problem == ""
    assert guild.calls["/stream"] == 2


@pytest.mark.django_db
def test_a_refused_renewal_pauses_the_channel_and_says_what_to_do(join: Join, guild: Guild) -> None:
    channel = join()
    guild.refresh.clear()
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        actions.renew_grant(channel.pk)
        assert (again(channel).state, again(channel).pause_reason) == ("paused", "auth_dead")
        calls = guild.calls.total()
        with pytest.raises(queries.ChannelUnusable):
            queries.account_of(again(channel))
        assert guild.calls.total() == calls  # who was refused is not asked again and again
        assert queries.grants_to_renew(clock.now()) == []


@pytest.mark.django_db
def test_what_the_network_said_of_an_older_access_pauses_nobody(join: Join, guild: Guild) -> None:
    channel = join()
    before = tokens(channel)[2]
    assert channel.grant is not None and grants.renew(channel.grant).renewed

    for reason in ("auth_dead", "permission_missing", "needs_human_at_network"):
        for version in (before, None):
            Channel.objects.update(quiet_until=None)
            paused = actions.pause_channel(channel.pk, reason, actor=None, version=version)
            assert paused.state == "active" and paused.quiet_until is not None
    paused = actions.pause_channel(channel.pk, "auth_dead", actor=None, version=tokens(channel)[2])
    assert paused.state == "paused"  # of today's, renewed only just now, it is believed


@pytest.mark.django_db
def test_connecting_again_mends_the_grant_in_its_place(join: Join, guild: Guild) -> None:
    channel = join()
    guild.refresh.clear()
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        actions.renew_grant(channel.pk)
        mended = join()
        assert (mended.pk, mended.grant_id, mended.state) == (channel.pk, channel.grant_id, "active")
        assert queries.account_of(mended).token in guild.access
        run_until_idle()
    assert Grant.objects.get() == mended.grant


@pytest.mark.django_db
@pytest.mark.parametrize("goes_along", [True, False])
def test_an_account_that_moved_is_the_same_channel_where_its_id_goes_along(
    goes_along: bool, guild: Guild, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GuildConnector, "ids_are_global", goes_along, raising=False)
    with running_guild() as another:
        monkeypatch.setattr(inside, "_origins", {guild.base_url, another.base_url})
        for home in (guild, another, another):
            home.access.add("token")
            channel = actions.connect_channel("guild", home.base_url, "token", actor=world.manager)
        assert Channel.objects.count() == Grant.objects.count() == (1 if goes_along else 2)
        account = queries.account_of(again(channel))
        assert account.base_url == again(channel).base_url == another.base_url
        actions.read_channel(channel.pk)
        assert another.calls["/stream"] == 1 and guild.calls["/stream"] == 0


@pytest.mark.django_db
def test_a_renewal_that_is_overtaken_by_a_person_is_dropped(join: Join, guild: Guild) -> None:
    channel = join()
    stale = Grant.objects.get(channels=channel)
    join()
    mended = tokens(channel)
    renewal = grants.renew(stale)  # it read the grant before the person came
    assert not renewal.refused and renewal.grant.version == mended[2]
    assert tokens(channel) == mended


@pytest.mark.django_db(transaction=True)
def test_many_workers_renew_once(join: Join, guild: Guild) -> None:
    """Eight need the access in the same moment: the refresh token, which serves once, is used once."""
    channel = join()
    guild.answers_slowly_s = 0.3
    Grant.objects.update(expires_at=clock.now() - timedelta(hours=1))
    got, barrier = [], threading.Barrier(8)

    def need() -> None:
        mine = again(channel)
        barrier.wait()
        got.append(queries.account_of(mine).token)
        connection.close()

    workers = [threading.Thread(target=need) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert guild.reused == 0 and guild.calls["/token"] == 2  # the one of connecting, and one renewal
    assert set(got) == {tokens(channel)[0]} and len(got) == 8


@pytest.mark.django_db(transaction=True)
def test_the_same_workers_without_the_lock_do_use_it_twice(
    join: Join, guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the test above can see what the lock prevents."""
    channel = join()
    guild.answers_slowly_s = 0.3
    Grant.objects.update(expires_at=clock.now() - timedelta(hours=1))
    monkeypatch.setattr(grants, "_lock", lambda _grant: 1)
    barrier = threading.Barrier(4)

    def need() -> None:
        mine = Grant.objects.get(channels=channel)
        barrier.wait()
        grants.renew(mine)
        connection.close()

    workers = [threading.Thread(target=need) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert guild.reused > 0


@pytest.mark.django_db(transaction=True)
def test_new_tokens_outlast_a_database_that_is_away_for_a_moment(join: Join, guild: Guild) -> None:
    """The one that they were given for serves no second time."""
    channel = join()
    Grant.objects.update(expires_at=clock.now() - timedelta(hours=1))
    guild.meanwhile = away_soon()
    try:
        token = queries.account_of(again(channel)).token
    finally:
        connection.close()  # and with it how short it waits
    assert token in guild.access and token == tokens(channel)[0]
    assert guild.refresh[tokens(channel)[1]] is False


@pytest.mark.django_db
def test_a_network_that_cannot_renew_is_asked_less_and_less(join: Join, guild: Guild) -> None:
    channel = join()
    guild.is_down = True
    asked = []
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False) as travel:
        for second in range(0, 2 * 3600, 20):  # as often as the job looks
            before = guild.calls["/token"]
            for due in queries.grants_to_renew(clock.now()):
                actions.renew_grant(due)
            queries.account_of(again(channel))  # and whoever needs it meanwhile
            asked += [second] * (guild.calls["/token"] - before)
            travel.shift(20)
    waits = [later - sooner for sooner, later in pairwise(asked)]
    assert 7 <= len(asked) <= 12 and waits[0] <= 40 and 1400 <= max(waits) <= 2180


@pytest.mark.django_db
def test_a_network_that_names_a_time_is_not_asked_to_renew_before_it(join: Join, guild: Guild) -> None:
    channel = join()
    guild.retry_after = "7200"
    with time_machine.travel(clock.now() + timedelta(minutes=55), tick=False) as travel:
        actions.renew_grant(channel.pk)
        guild.retry_after = ""
        before = tokens(channel)[2]
        for minutes in (1, 60, 58):
            travel.shift(minutes * 60)
            assert queries.grants_to_renew(clock.now()) == []
            queries.account_of(again(channel))
            assert tokens(channel)[2] == before
        travel.shift(120)
        assert queries.grants_to_renew(clock.now()) == [channel.pk]
        actions.renew_grant(channel.pk)
    assert tokens(channel)[2] == before + 1 and Grant.objects.get().failures == 0


@pytest.mark.django_db
def test_a_refusal_that_the_owner_cures_at_the_network_is_not_the_end(join: Join, guild: Guild) -> None:
    channel = join()
    guild.is_deactivated = True
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        actions.renew_grant(channel.pk)
        assert (again(channel).state, again(channel).pause_reason) == ("paused", "needs_human_at_network")
        guild.is_deactivated = False  # and nobody connects anything again
        assert grants.can_renew(Grant.objects.get())
        grants.let_try_again(channel)
        assert queries.account_of(again(channel)).token in guild.access


@pytest.mark.django_db
def test_no_token_shows_itself(join: Join, guild: Guild, caplog: pytest.LogCaptureFixture) -> None:
    channel = join()
    access, refresh, _version = tokens(channel)
    guild.is_down = True
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        queries.account_of(again(channel))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM channels_grant")
        kept = repr(cursor.fetchall())
    for secret in (access, refresh):
        assert secret not in kept + caplog.text + repr(Grant.objects.get().__dict__)
