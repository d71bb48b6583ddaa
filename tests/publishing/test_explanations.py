"""Whoever reads why a post is where it is finds the deed that mends it on the same page, or that nobody has to act."""

from __future__ import annotations

from itertools import product

import pytest
from django.test import Client

from etalage.channels.grants import FOR_PEOPLE
from etalage.channels.models import Channel
from etalage.channels.reasons import WHAT_TO_DO, Who
from etalage.networks.base import Reason
from etalage.publishing import queries
from etalage.publishing.models import DeliveryState as S
from etalage.publishing.models import Publication
from tests.publishing.conftest import NewChannel, NewPost

pytestmark = pytest.mark.django_db

#: Everything that is over: nothing goes on, and nothing is to be done.
OVER = {S.PUBLISHED, S.WITHDRAWN, S.DROPPED}
#: What waits for a person, and what does not.
ASKS = {S.DRAFT, S.APPROVED, S.REJECTED, S.EXPIRED, S.NEEDS_PERSON}
GOES_ON = {S.CLAIMED, S.PREPARED, S.SENDING, S.UNKNOWN, S.RECONCILING}


@pytest.fixture
def publication(new_post: NewPost, scripted_channel: NewChannel) -> Publication:
    return new_post(scripted_channel(), now=True).publications.get()


def shown(client: Client, publication: Publication) -> str:
    return client.get(f"/publications/{publication.pk}/").content.decode()


def put(publication: Publication, state: str, reason: str) -> queries.Explanation:
    """What is explained where it stands so."""
    Publication.objects.filter(pk=publication.pk).update(state=state, reason=reason, remote_id="r1")
    return queries.publication_detail(publication.pk).explanation


def test_a_reason_never_says_the_opposite_of_the_state(publication: Publication) -> None:
    for state, reason in product(S, ["", *Reason]):
        explained = put(publication, state, reason)
        if state in ASKS - {S.DRAFT, S.APPROVED}:
            assert explained.who is not Who.NOBODY, (state, reason)
        if state in (S.UNKNOWN, S.RECONCILING):
            assert explained.who is Who.NOBODY and "by itself" in str(explained.what_to_do), (state, reason)


def test_each_state_says_who_acts(publication: Publication) -> None:
    assert {S.SCHEDULED} == set(S) - OVER - ASKS - GOES_ON
    for state in S:
        assert (put(publication, state, "").who is Who.NOBODY) is (state not in ASKS), state


@pytest.mark.parametrize(
    "reason", [one for one, advice in WHAT_TO_DO.items() if advice.who is not Who.NOBODY]
)
def test_who_has_to_act_finds_what_to_do(
    reason: Reason, publication: Publication, signed_in: dict[str, Client]
) -> None:
    put(publication, S.REJECTED, reason)
    assert f"/publications/{publication.pk}/try-again/" in shown(signed_in["manager"], publication)

    put(publication, S.SCHEDULED, reason)
    channel = f'href="/channels/{publication.channel_id}/"'
    is_mended = reason in FOR_PEOPLE  # the channel is active: that is of the past
    assert (channel in shown(signed_in["manager"], publication)) is not is_mended
    assert channel not in shown(signed_in["member"], publication)  # a member cannot mend it


@pytest.mark.parametrize("state", [S.SCHEDULED, S.UNKNOWN])
@pytest.mark.parametrize("reason", ["", *sorted(FOR_PEOPLE)])
def test_a_paused_channel_is_led_to_and_can_be_mended_there(
    reason: str, state: S, publication: Publication, signed_in: dict[str, Client]
) -> None:
    Channel.objects.update(state="paused", pause_reason=reason)
    assert put(publication, state, reason).who is not Who.NOBODY  # nothing goes on before the channel does
    page = shown(signed_in["manager"], publication)
    assert f'href="/channels/{publication.channel_id}/"' in page
    channel = signed_in["manager"].get(f"/channels/{publication.channel_id}/").content.decode()
    assert f'action="/channels/{publication.channel_id}/resume/"' in channel
    if reason == Reason.AUTH_DEAD:
        assert 'href="/channels/connect/scripted/"' in channel


def test_what_came_too_late_on_a_paused_channel_is_tried_again_after_it_is_resumed(
    publication: Publication, signed_in: dict[str, Client]
) -> None:
    explained = put(publication, S.EXPIRED, "too_late")
    assert "paused" not in str(explained.what_to_do) and not explained.at_channel
    Channel.objects.update(state="paused", pause_reason=Reason.AUTH_DEAD)
    assert "its channel is paused" in str(queries.publication_detail(publication.pk).explanation.what_to_do)
    page = shown(signed_in["manager"], publication)
    assert page.index("Go to the channel") < page.index(f"/{publication.pk}/try-again/")


def test_what_goes_on_by_itself_sends_nobody_anywhere(
    publication: Publication, signed_in: dict[str, Client]
) -> None:
    for reason in (one for one, advice in WHAT_TO_DO.items() if advice.who is Who.NOBODY):
        explained = put(publication, S.SCHEDULED, reason)
        assert "by itself" in str(explained.what_to_do)
        assert f'href="/channels/{publication.channel_id}/"' not in shown(signed_in["manager"], publication)
