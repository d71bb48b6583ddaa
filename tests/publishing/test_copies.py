"""A second copy on the network: seen, shown to a person, deleted or left there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from etalage.jobs import RetryAt
from etalage.jobs.idle import run_until_idle
from etalage.kit.errors import Refusal
from etalage.networks.base import Mechanism
from etalage.publishing import actions, queries
from etalage.publishing.delivery import changes, machine
from etalage.publishing.delivery.machine import Claim
from etalage.publishing.models import CopyState, Publication, SecondCopy
from tests.conftest import World
from tests.practice_network import PracticeNetwork
from tests.publishing.conftest import NewChannel, NewPost, one_round
from tests.publishing.test_practice_delivery import marker_of

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]


@pytest.fixture
def doubled(practice: PracticeNetwork, practice_channel: NewChannel, new_post: NewPost) -> Publication:
    """It stands there twice, and a worker that was late has told of the other copy."""
    publication = new_post(practice_channel(Mechanism.NONE), now=True).publications.get()
    one_round()
    publication.refresh_from_db()
    other = put_there_again(practice, publication)
    machine.accept(Claim(publication.pk, publication.token - 1), other, "", attempt=publication.attempt)
    run_until_idle()
    return publication


def put_there_again(practice: PracticeNetwork, publication: Publication) -> str:
    (entry,) = practice.ledger().by_marker(marker_of(publication))
    wish = {
        "handle": publication.channel.handle,
        "statuses": [{"text": entry["text"], "at": entry["at"] + 1}],
    }
    made: str = practice.http.post("/script/history", json=wish).raise_for_status().json()["ids"][0]
    return made


def standing(practice: PracticeNetwork, publication: Publication) -> list[str]:
    entries = practice.ledger().by_marker(marker_of(publication))
    return [entry["id"] for entry in entries if entry["removed_at"] is None]


def test_it_waits_for_a_person_with_a_sentence_in_each_language(doubled: Publication) -> None:
    assert [row.pk for row in queries.needs_person()] == [doubled.pk]
    sentences = set()
    for language in ("en", "fr", "nl", "ar"):
        with translation.override(language):
            explained = queries.explain(queries.publication_detail(doubled.pk).publication)
            sentences.add((str(explained.title), str(explained.what_to_do)))
    assert len(sentences) == 4


def test_the_younger_copy_is_deleted_when_a_manager_says_so(
    doubled: Publication, practice: PracticeNetwork, signed_in: dict[str, Client]
) -> None:
    page = f"/publications/{doubled.pk}/"
    assert "delete-copy" in signed_in["manager"].get(page).content.decode()
    assert "delete-copy" not in signed_in["member"].get(page).content.decode()
    assert signed_in["member"].post(page + "delete-copy/").status_code == 403
    assert signed_in["manager"].post(page + "delete-copy/").status_code == 302
    run_until_idle()
    assert standing(practice, doubled) == [doubled.remote_id]
    assert queries.needs_person() == []
    assert signed_in["manager"].post(page + "delete-copy/").status_code == 409


def test_when_the_known_one_is_the_younger_the_other_takes_its_place(
    doubled: Publication, practice: PracticeNetwork, world: World
) -> None:
    SecondCopy.objects.update(is_younger=False)
    other = SecondCopy.objects.get().remote_id
    actions.delete_copy(doubled.pk, actor=world.manager)
    run_until_idle()
    doubled.refresh_from_db()
    assert (doubled.remote_id, standing(practice, doubled)) == (other, [other])


def test_both_may_stay(doubled: Publication, practice: PracticeNetwork, world: World) -> None:
    actions.keep_copies(doubled.pk, actor=world.manager)
    assert queries.needs_person() == []
    assert len(standing(practice, doubled)) == 2
    with pytest.raises(Refusal):
        actions.keep_copies(doubled.pk, actor=world.manager)


def test_a_network_that_refuses_leaves_the_question_open_with_its_reason(
    doubled: Publication, practice: PracticeNetwork, world: World
) -> None:
    actions.delete_copy(doubled.pk, actor=world.manager)
    practice.order("permission_missing", on="withdraw")
    changes.remove_copy(SecondCopy.objects.get().pk)
    copy = SecondCopy.objects.get()
    assert (copy.state, copy.reason) == ("open", "permission_missing")
    assert "permission" in str(queries.explain(doubled).what_to_do)


def test_the_same_copy_seen_again_asks_nobody_twice(doubled: Publication, world: World) -> None:
    actions.keep_copies(doubled.pk, actor=world.manager)
    other = SecondCopy.objects.get().remote_id
    machine.accept(Claim(doubled.pk, 0), other, "")
    run_until_idle()
    assert queries.needs_person() == []
    assert SecondCopy.objects.count() == 1


def test_an_answer_of_an_earlier_send_names_the_older_copy(
    play: Any, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = new_post(scripted_channel(), now=True).publications.get()
    one_round()
    Publication.objects.update(attempt=2)
    machine.accept(Claim(publication.pk, 0), "post-of-the-first-send", "", attempt=1)
    run_until_idle()
    assert not SecondCopy.objects.get().is_younger


def test_the_only_one_is_never_deleted_as_a_copy_of_itself(
    doubled: Publication, practice: PracticeNetwork, world: World
) -> None:
    SecondCopy.objects.update(remote_id=doubled.remote_id)
    before = standing(practice, doubled)
    actions.delete_copy(doubled.pk, actor=world.manager)
    run_until_idle()
    assert (SecondCopy.objects.get().state, standing(practice, doubled)) == ("kept", before)
    assert queries.needs_person() == []


def test_a_copy_that_turns_out_to_be_the_only_one_while_it_is_deleted_stays(
    doubled: Publication, practice: PracticeNetwork, world: World
) -> None:
    before = standing(practice, doubled)
    actions.delete_copy(doubled.pk, actor=world.manager)
    Publication.objects.update(remote_id=SecondCopy.objects.get().remote_id)
    run_until_idle()
    assert (SecondCopy.objects.get().state, standing(practice, doubled)) == ("kept", before)


@pytest.fixture
def older(doubled: Publication) -> str:
    """The id of the other copy, which stood there first."""
    SecondCopy.objects.update(is_younger=False)
    return SecondCopy.objects.get().remote_id


def test_a_copy_still_goes_when_the_known_one_was_withdrawn_before(
    older: str, doubled: Publication, practice: PracticeNetwork, world: World
) -> None:
    actions.withdraw_post(doubled.post_id, actor=world.manager)
    run_until_idle()
    assert standing(practice, doubled) == [older]
    actions.delete_copy(doubled.pk, actor=world.manager)
    run_until_idle()
    assert (SecondCopy.objects.get().state, standing(practice, doubled)) == ("removed", [])


def test_a_copy_that_takes_the_place_of_the_one_that_is_withdrawn_is_withdrawn_too(
    older: str, doubled: Publication, practice: PracticeNetwork, world: World
) -> None:
    actions.withdraw_post(doubled.post_id, actor=world.manager)
    actions.delete_copy(doubled.pk, actor=world.manager)
    under_way = Publication.objects.select_related("post", "channel__grant").get(pk=doubled.pk)
    answer = changes._asked(under_way)
    changes.remove_copy(SecondCopy.objects.get().pk)  # gone already: the other one is the publication now
    with pytest.raises(RetryAt):
        changes._take_in(under_way, answer)
    run_until_idle()
    doubled.refresh_from_db()
    assert (doubled.state, standing(practice, doubled)) == ("withdrawn", [])


def test_a_copy_is_not_called_deleted_when_what_was_deleted_was_withdrawn_meanwhile(
    older: str, doubled: Publication, practice: PracticeNetwork, world: World
) -> None:
    actions.delete_copy(doubled.pk, actor=world.manager)
    copy = SecondCopy.objects.get()
    actions.withdraw_post(doubled.post_id, actor=world.manager)
    changes.carry_out(doubled.pk)
    with pytest.raises(RetryAt):
        changes._end_copy(copy, CopyState.REMOVED, "", doubled.remote_id)
    run_until_idle()
    assert (SecondCopy.objects.get().state, standing(practice, doubled)) == ("removed", [])
