"""From a draft to the schedule: who may what, in which state, and what is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from etalage.accounts.models import AuditEntry
from etalage.catalogue.models import Product
from etalage.jobs.models import Job
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.networks.base import Mechanism
from etalage.publishing import actions, queries
from etalage.publishing.actions import CampaignContent, ChannelChoice, PostContent
from etalage.publishing.actions.pictures import forget_file
from etalage.publishing.models import Post, PostState, TrackedLink
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Play

pytestmark = pytest.mark.django_db
SOON = timedelta(hours=3)
Ahead = Callable[[timedelta], None]


def refusal(call: Any, *args: Any, **fields: Any) -> str:
    """The code with which an action refuses."""
    with pytest.raises(Refusal) as refused:
        call(*args, **fields)
    return refused.value.code


def states(post: Post) -> list[str]:
    return list(post.publications.order_by("pk").values_list("state", flat=True))


def test_a_members_post_goes_through_approval_to_the_schedule(
    world: World, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    post = new_post(scripted_channel(), due_at=clock.now() + SOON)
    assert refusal(actions.publish_now, post.pk, post.version, actor=world.member) == "not_allowed"
    assert refusal(actions.approve_post, post.pk, post.version, actor=world.member) == "not_allowed"
    post = actions.submit_for_review(post.pk, post.version, actor=world.member)
    assert post.state == PostState.REVIEW
    post = actions.approve_post(post.pk, post.version, actor=world.manager)
    assert (post.state, post.approved_by, states(post)) == (PostState.APPROVED, world.manager, ["scheduled"])
    publication = post.publications.get()
    assert publication.due_at == publication.next_attempt_at == post.due_at
    assert publication.expires_at == publication.due_at + timedelta(hours=24)
    assert publication.link.code
    actions_done = set(AuditEntry.objects.values_list("action", flat=True))
    assert {
        "post.created",
        "post.channels_set",
        "post.submitted",
        "post.approved",
        "post.scheduled",
    } <= actions_done


def test_an_approved_post_without_an_hour_waits_for_one(
    world: World, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    post = new_post(scripted_channel())
    post = actions.approve_post(post.pk, post.version, actor=world.manager)
    assert states(post) == ["approved"]
    post = actions.schedule_post(post.pk, post.version, clock.now() + SOON, actor=world.manager)
    later = clock.now() + 2 * SOON
    post = actions.schedule_post(post.pk, post.version, later, actor=world.manager)
    assert states(post) == ["scheduled"]
    assert post.publications.get().next_attempt_at == post.due_at == later


def test_a_post_is_sent_back_with_a_word_and_can_be_changed_again(
    world: World, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    post = new_post(scripted_channel(), due_at=clock.now() + SOON)
    post = actions.approve_post(post.pk, post.version, actor=world.manager)
    content = PostContent({"en": "Other words"}, no_picture_reason="none")
    assert refusal(actions.edit_post, post.pk, post.version, content, actor=world.member) == "not_allowed"
    assert refusal(actions.send_back, post.pk, post.version, actor=world.member) == "not_allowed"
    post = actions.send_back(post.pk, post.version, "Show the price.", actor=world.manager)
    assert (post.state, post.review_note, states(post)) == ("draft", "Show the price.", ["draft"])
    post = actions.edit_post(post.pk, post.version, content, actor=world.member)
    assert str(post.text) == "Other words"


def test_a_stale_form_changes_nothing(world: World, scripted_channel: NewChannel, new_post: NewPost) -> None:
    post = new_post(scripted_channel())
    opened = post.version
    actions.edit_post(post.pk, opened, PostContent({"en": "First"}), actor=world.member)
    for call in (actions.submit_for_review, actions.approve_post, actions.publish_now, actions.send_back):
        assert refusal(call, post.pk, opened, actor=world.manager) == "changed_meanwhile"
    content = PostContent({"en": "Second"})
    assert refusal(actions.edit_post, post.pk, opened, content, actor=world.member) == "changed_meanwhile"
    post.refresh_from_db()
    assert str(post.text) == "First"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"text": {"en": "x" * 80_000}}, "too_long"),
        ({"text": {"de": "Stiefel"}}, "language_unknown"),
        ({"aim": "fame"}, "aim_unknown"),
        ({"target": "https://evil.example"}, "target_invalid"),
        ({"due_at": clock.now(), "expires_at": clock.now() - SOON}, "ends_too_early"),
    ],
)
def test_content_that_makes_no_sense_is_refused(content: dict[str, Any], code: str, world: World) -> None:
    words = PostContent(**{"text": {"en": "Boots"}, **content})
    assert refusal(actions.create_post, words, actor=world.member) == code
    assert not Post.objects.exists()


def test_a_post_that_could_not_go_out_is_not_scheduled(
    world: World, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    homeless = new_post()
    assert refusal(actions.publish_now, homeless.pk, homeless.version, actor=world.manager) == "no_channel"
    bare = new_post(scripted_channel(), no_picture_reason="")
    assert refusal(actions.submit_for_review, bare.pk, bare.version, actor=world.member) == "has_problems"
    long = new_post(scripted_channel(), text={"en": "x" * 501})
    assert refusal(actions.publish_now, long.pk, long.version, actor=world.manager) == "has_problems"
    past = new_post(scripted_channel())
    yesterday = clock.now() - timedelta(days=1)
    assert (
        refusal(actions.schedule_post, past.pk, past.version, yesterday, actor=world.manager) == "due_in_past"
    )
    assert states(past) == states(long) == states(bare) == ["draft"]


def test_what_is_scheduled_goes_out_with_the_words_of_its_last_edit(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    post = new_post(scripted_channel(), due_at=clock.now() + SOON)
    post = actions.approve_post(post.pk, post.version, actor=world.manager)
    end = clock.now() + 2 * SOON
    content = PostContent({"en": "Better words"}, no_picture_reason="none", expires_at=end)
    post = actions.edit_post(post.pk, post.version, content, actor=world.manager)
    publication = post.publications.get()
    assert publication.state == "scheduled"
    assert (post.due_at, publication.expires_at) == (publication.due_at, end)
    post = actions.publish_now(post.pk, post.version, actor=world.manager)
    one_round()
    assert states(post) == ["published"]
    assert play.entries[0].text.startswith("Better words\n\nhttp")


def test_nothing_of_a_published_post_is_edited_or_deleted_as_if_it_were_a_draft(
    world: World, scripted_channel: NewChannel, new_post: NewPost, red_png: bytes
) -> None:
    post = new_post(scripted_channel(), now=True)
    one_round()
    content = PostContent({"en": "Other"})
    assert refusal(actions.edit_post, post.pk, post.version, content, actor=world.owner) == "already_sent"
    assert refusal(actions.add_picture, post.pk, red_png, actor=world.owner) == "already_sent"
    assert refusal(actions.set_products, post.pk, [], actor=world.owner) == "already_sent"
    assert refusal(actions.set_channels, post.pk, [], actor=world.owner) == "already_sent"
    assert refusal(actions.send_back, post.pk, post.version, actor=world.owner) == "already_sent"
    assert refusal(actions.delete_post, post.pk, actor=world.owner) == "not_a_draft"


def test_the_composer_saves_words_products_and_channels_or_nothing(
    world: World, scripted_channel: NewChannel
) -> None:
    boot = Product.objects.create(handle="boot", slug="boot", title={"en": "Boot"})
    one, two = scripted_channel(handle="one"), scripted_channel(handle="two")
    content = PostContent({"en": "Boots", "nl": "Laarzen"}, no_picture_reason="none")
    choices = [ChannelChoice(one.pk, "nl"), ChannelChoice(two.pk, custom_text=" Only here ")]
    post = actions.save_post(None, 1, content, [boot.pk], choices, actor=world.member)
    rows = {row.channel_id: row for row in post.publications.all()}
    assert (rows[one.pk].language, rows[two.pk].custom_text) == ("nl", "Only here")

    post = actions.save_post(post.pk, post.version, content, [], [ChannelChoice(one.pk)], actor=world.member)
    assert [row.channel_id for row in post.publications.all()] == [one.pk]
    assert not post.shown.exists()

    gone = world.ghent.pk
    wrong = [ChannelChoice(gone)]
    code = refusal(
        actions.save_post, post.pk, post.version, PostContent({"en": "No"}), [], wrong, actor=world.member
    )
    post.refresh_from_db()
    assert (code, str(post.text)) == ("channel_gone", "Boots")


def test_the_trail_tells_of_a_choice_only_where_it_is_another(
    world: World, scripted_channel: NewChannel
) -> None:
    boot = Product.objects.create(handle="boot", slug="boot", title={"en": "Boot"})
    content = PostContent({"en": "Boots"}, no_picture_reason="none")
    same = ([boot.pk], [ChannelChoice(scripted_channel().pk)])

    def told(post: Post | None, products: list[UUID], choices: list[ChannelChoice]) -> tuple[Post, set[str]]:
        before = set(AuditEntry.objects.values_list("pk", flat=True))
        key, version = (post.pk, post.version) if post else (None, 1)
        post = actions.save_post(key, version, content, products, choices, actor=world.member)
        rows = AuditEntry.objects.exclude(pk__in=before).values_list("action", flat=True)
        return post, {action.removeprefix("post.") for action in rows}

    post, said = told(None, *same)
    assert said == {"created", "products_set", "channels_set"}
    post, said = told(post, *same)
    assert said == {"edited"}
    choices = [ChannelChoice(same[1][0].channel_id, custom_text="Only here")]
    post, said = told(post, same[0], choices)
    assert said == {"edited", "channels_set"}
    post, said = told(post, [], choices)
    assert said == {"edited", "products_set"}
    post, said = told(post, [], [])
    assert said == {"edited", "channels_set"}


def test_a_channel_added_to_a_scheduled_post_is_scheduled_too(
    world: World, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    one, two = scripted_channel(handle="one"), scripted_channel(handle="two")
    post = new_post(one, due_at=clock.now() + SOON)
    post = actions.approve_post(post.pk, post.version, actor=world.manager)
    actions.set_channels(post.pk, [ChannelChoice(one.pk), ChannelChoice(two.pk)], actor=world.manager)
    assert states(post) == ["scheduled", "scheduled"]


def test_pictures_are_taken_in_described_ordered_and_copied_with_the_post(
    world: World, scripted_channel: NewChannel, new_post: NewPost, red_png: bytes
) -> None:
    post = new_post(scripted_channel())
    first = actions.add_picture(post.pk, red_png, actor=world.member)
    second = actions.add_picture(post.pk, red_png, {"en": "  Two  boots "}, actor=world.member)
    assert str(second.alt) == "Two boots"
    actions.describe_picture(first.pk, {"fr": "Une botte"}, actor=world.member)
    actions.order_pictures(post.pk, [second.pk, first.pk], actor=world.member)
    assert [picture.pk for picture in post.pictures.all()] == [second.pk, first.pk]
    copy = actions.duplicate_post(post.pk, actor=world.member)
    assert [str(picture.alt) for picture in copy.pictures.all()] == ["Two boots", "Une botte"]
    assert copy.publications.get().state == "draft"
    with pytest.raises(Refusal, match="not a picture"):
        actions.add_picture(post.pk, b"<svg xmlns='http://www.w3.org/2000/svg'/>", actor=world.member)
    assert (
        refusal(actions.describe_picture, first.pk, {"en": "x" * 2000}, actor=world.member) == "alt_too_long"
    )


@pytest.mark.parametrize("refused", ["not_accepted", "rate_limited"])
def test_a_channel_that_refused_for_a_while_is_taken_out_all_the_same(
    refused: str, world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    one, two = scripted_channel(handle="one"), scripted_channel(handle="two")
    post = new_post(one, two, now=True)
    play.script = [refused, refused]
    one_round()
    assert set(post.publications.values_list("state", "attempt")) == {("scheduled", 1)}
    post.refresh_from_db()
    actions.set_channels(post.pk, [ChannelChoice(one.pk)], actor=world.manager)
    assert post.publications.get().channel == one
    post.refresh_from_db()
    post = actions.send_back(post.pk, post.version, actor=world.manager)
    assert "delete" in queries.post_actions(post, post.publications.all(), world.manager)
    actions.delete_post(post.pk, actor=world.manager)


def test_the_link_of_a_post_that_was_refused_for_a_while_follows_its_last_edit(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost, traveller: Ahead
) -> None:
    post = new_post(scripted_channel(), now=True)
    play.script = ["not_accepted"]
    one_round()
    post.refresh_from_db()
    words = PostContent(text={"en": "Sale"}, no_picture_reason="Only words.", target="/shop/?sale")
    actions.edit_post(post.pk, post.version, words, actor=world.manager)
    publication = rounds(traveller, post.publications.get())
    assert publication.state == "published"
    assert TrackedLink.objects.get(publication=publication).target == "/shop/?sale"


@pytest.mark.django_db(transaction=True)
def test_a_picture_file_is_deleted_only_when_no_post_shows_it_any_more(
    world: World, scripted_channel: NewChannel, new_post: NewPost, red_png: bytes
) -> None:
    post = new_post(scripted_channel())
    picture = actions.add_picture(post.pk, red_png, actor=world.member)
    storage, name = picture.file.storage, picture.file.name
    copy = actions.duplicate_post(post.pk, actor=world.member)
    actions.remove_picture(picture.pk, actor=world.member)
    assert not forget_file(name) and storage.exists(name)
    actions.remove_picture(copy.pictures.get().pk, actor=world.member)
    assert storage.exists(name), "a backup that is being made may name it still"
    (job,) = Job.objects.filter(task__endswith="publishing.tasks.forget_file")
    assert job.run_after > clock.now() + timedelta(hours=20)
    assert forget_file(*job.args) and not storage.exists(name)


def test_a_refused_publication_is_tried_again_as_a_new_one_that_names_it(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    post = new_post(scripted_channel(), now=True)
    play.script = ["rejected"]
    one_round()
    old = post.publications.get()
    new = actions.try_again(old.pk, "Kinder words", actor=world.manager)
    assert actions.try_again(old.pk, actor=world.manager) == new  # a second click is the first one
    one_round()
    new.refresh_from_db()
    old.refresh_from_db()
    assert (old.state, new.state, new.replaces) == ("rejected", "published", old)
    assert play.entries[0].delivery.idempotency_key != old.idempotency_key
    assert refusal(actions.try_again, new.pk, actor=world.manager) == "not_repeatable"
    assert refusal(actions.try_again, old.pk, actor=world.member) == "not_allowed"


def doubtful(play: Play, channel: NewChannel, new_post: NewPost) -> Any:
    post = new_post(channel(Mechanism.NONE), now=True)
    play.script = ["answer_lost"]
    one_round()
    publication = post.publications.get()
    publication.settle_until = 0
    publication.save()
    one_round()
    publication.refresh_from_db()
    assert publication.state == "needs_person"
    return publication


def test_a_person_who_saw_it_there_settles_the_doubt(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = doubtful(play, scripted_channel, new_post)
    bad = "javascript:alert(1)"
    assert refusal(actions.it_is_there, publication.pk, bad, actor=world.manager) == "url_invalid"
    actions.it_is_there(publication.pk, "https://social.example/p/1", actor=world.manager)
    publication.refresh_from_db()
    assert (publication.state, publication.remote_url) == ("published", "https://social.example/p/1")
    assert publication.steps.last().member == world.manager
    for call in (actions.it_is_there, actions.send_again, actions.drop):
        assert refusal(call, publication.pk, actor=world.manager) == "changed_meanwhile"


def test_a_person_sends_it_again_or_drops_it(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    publication = doubtful(play, scripted_channel, new_post)
    assert refusal(actions.send_again, publication.pk, actor=world.member) == "not_allowed"
    actions.send_again(publication.pk, actor=world.manager)
    one_round()
    publication.refresh_from_db()
    assert (publication.state, play.count(publication.pk)) == ("published", 2)

    other = doubtful(play, scripted_channel, new_post)
    actions.drop(other.pk, actor=world.manager)
    other.refresh_from_db()
    assert other.state == "dropped"


def test_withdrawing_says_what_it_could_not_do(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    one, two = scripted_channel(handle="one"), scripted_channel(handle="two")
    post = new_post(one, two, due_at=clock.now() + SOON)
    assert refusal(actions.withdraw_post, post.pk, actor=world.manager) == "not_approved"
    post = actions.publish_now(post.pk, post.version, actor=world.manager)
    one_round()
    result = actions.withdraw_post(post.pk, actor=world.manager)
    assert len(result.cannot) == 2  # this network takes nothing back
    post.refresh_from_db()
    assert post.state == "approved"
    publication = post.publications.first()
    assert refusal(actions.withdraw_publication, publication.pk, actor=world.manager) == "cannot_withdraw"

    waiting = new_post(one, due_at=clock.now() + SOON)
    waiting = actions.approve_post(waiting.pk, waiting.version, actor=world.manager)
    assert len(actions.withdraw_post(waiting.pk, actor=world.manager).done) == 1
    waiting.refresh_from_db()
    assert (waiting.state, states(waiting)) == ("withdrawn", ["withdrawn"])


def test_campaigns_are_made_changed_and_put_away(world: World) -> None:
    content = CampaignContent("Autumn sale")
    assert refusal(actions.create_campaign, content, actor=world.member) == "not_allowed"
    assert refusal(actions.create_campaign, CampaignContent("  "), actor=world.manager) == "name_invalid"
    campaign = actions.create_campaign(content, actor=world.manager)
    actions.edit_campaign(campaign.pk, CampaignContent("Winter sale", "awareness"), actor=world.manager)
    actions.archive_campaign(campaign.pk, actor=world.manager)
    gone = PostContent({"en": "Boots"}, campaign_id=campaign.pk)
    assert refusal(actions.create_post, gone, actor=world.member) == "campaign_gone"


def test_the_counters_people_write_no_posts(
    world: World, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    post = new_post(scripted_channel())
    assert refusal(actions.create_post, PostContent({"en": "x"}), actor=world.counter) == "not_allowed"
    assert refusal(actions.delete_post, post.pk, actor=world.counter) == "not_allowed"
    actions.delete_post(post.pk, actor=world.member)
    assert not Post.objects.exists()
