"""Lists, calendar and details: right, and as cheap with many rows as with few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from etalage.kit import clock
from etalage.networks.base import Mechanism
from etalage.publishing import actions, queries
from etalage.publishing.actions import CampaignContent, ChannelChoice, CodeContent
from etalage.publishing.models import DeliveryState, Post, Publication
from etalage.publishing.queries import PostFilter, PostStatus
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost, one_round
from tests.publishing.scripted import Play
from tests.publishing.test_actions import refusal

pytestmark = pytest.mark.django_db
BRUSSELS = clock.zone("Europe/Brussels")
SOON = timedelta(hours=3)


def asked(call: Callable[[], Any]) -> int:
    """How many questions the database got."""
    with CaptureQueriesContext(connection) as seen:
        call()
    return len(seen)


def test_lists_and_calendar_ask_the_same_number_of_questions_for_many_rows(
    world: World, scripted_channel: NewChannel, new_post: NewPost, red_png: bytes
) -> None:
    channel, day = scripted_channel(), clock.now() + timedelta(days=1)
    campaign = actions.create_campaign(CampaignContent("Autumn"), actor=world.manager)

    def grow(number: int) -> None:
        for _ in range(number):
            post = new_post(channel, due_at=day, campaign_id=campaign.pk)
            actions.add_picture(post.pk, red_png, {"en": "A boot"}, actor=world.member)
            post.refresh_from_db()
            actions.approve_post(post.pk, post.version, actor=world.manager)

    first, last = queries.month_range(day.date())
    calls: list[Callable[[], Any]] = [
        queries.posts,
        lambda: queries.calendar(first, last, BRUSSELS),
        queries.needs_person,
        queries.goes_out_next,
        queries.recently_published,
        queries.waiting_for_approval,
        lambda: queries.campaign_detail(campaign.pk),
        lambda: queries.post_detail(Post.objects.latest("pk").pk),
        lambda: list(queries.campaigns()),
        queries.codes,
    ]
    grow(1)
    few = [asked(call) for call in calls]
    grow(6)
    assert [asked(call) for call in calls] == few
    assert max(few) <= 8


def test_the_calendar_puts_a_post_on_its_local_day(scripted_channel: NewChannel, new_post: NewPost) -> None:
    channel = scripted_channel()
    half_past_eleven_at_night = clock.parse_local("2026-11-21T23:30", BRUSSELS)
    half_past_midnight = clock.parse_local("2026-11-22T00:30", BRUSSELS)
    late = new_post(channel, due_at=half_past_eleven_at_night)
    early = new_post(channel, due_at=half_past_midnight)
    days = {day.day: [e.post_id for e in day.entries] for day in queries.calendar(*NOVEMBER, BRUSSELS)}
    assert (days[date(2026, 11, 21)], days[date(2026, 11, 22)]) == ([late.pk], [early.pk])
    assert len(days) == 42
    entry = queries.calendar(date(2026, 11, 21), date(2026, 11, 21), BRUSSELS)[0].entries[0]
    assert (entry.networks, entry.channels, entry.status) == (("scripted",), ("lune",), PostStatus.DRAFT)
    assert queries.calendar(*NOVEMBER, BRUSSELS, channel_id=channel.pk)
    assert not any(day.entries for day in queries.calendar(*NOVEMBER, BRUSSELS, campaign_id=late.pk))


NOVEMBER = (date(2026, 10, 26), date(2026, 12, 6))


def test_months_and_weeks_begin_where_the_business_says() -> None:
    assert queries.month_range(date(2026, 11, 21)) == NOVEMBER
    assert queries.month_range(date(2026, 2, 10), first_weekday=5) == (date(2026, 1, 31), date(2026, 3, 6))
    assert queries.week_range(date(2026, 11, 22), 6) == (date(2026, 11, 22), date(2026, 11, 28))


def test_pages_run_from_the_newest_to_the_oldest_and_back(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    made = [new_post().pk for _ in range(7)][::-1]
    first = queries.posts(size=3)
    second = queries.posts(after=first.older or "", size=3)
    third = queries.posts(after=second.older or "", size=3)
    assert [row.post.pk for page in (first, second, third) for row in page.rows] == made
    assert (first.newer, third.older) == (None, None)
    back = queries.posts(before=second.newer or "", size=3)
    assert [row.post.pk for row in back.rows] == made[:3]
    assert [row.post.pk for row in queries.posts(after="nonsense", size=3).rows] == made[:3]


def test_each_status_finds_its_posts_and_no_others(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    one, two = scripted_channel(handle="one"), scripted_channel(Mechanism.NONE, handle="two")
    made: dict[PostStatus, Post] = {PostStatus.DRAFT: new_post(one, text={"ar": "أحذية جديدة"})}

    def publish(status: PostStatus, *script: str, channels: tuple[Any, ...] = (one,)) -> None:
        play.script = list(script)
        made[status] = new_post(*channels, now=True)
        one_round()

    publish(PostStatus.PUBLISHED)
    publish(PostStatus.PARTLY, "accept", "rejected", channels=(one, scripted_channel(handle="three")))
    publish(PostStatus.FAILED, "rejected")
    publish(PostStatus.NEEDS_PERSON, "answer_lost", channels=(two,))
    Publication.objects.filter(state="unknown").update(settle_until=0)
    one_round()
    publish(PostStatus.DROPPED, "answer_lost", channels=(two,))
    Publication.objects.filter(state="unknown").update(settle_until=0)
    one_round()
    actions.drop(made[PostStatus.DROPPED].publications.get().pk, actor=world.manager)
    publish(PostStatus.SENDING, "answer_lost")
    for status in (PostStatus.REVIEW, PostStatus.APPROVED, PostStatus.SCHEDULED, PostStatus.WITHDRAWN):
        made[status] = new_post(one)
    act = {
        PostStatus.REVIEW: lambda post: actions.submit_for_review(post.pk, post.version, actor=world.member),
        PostStatus.APPROVED: lambda post: actions.approve_post(post.pk, post.version, actor=world.manager),
        PostStatus.SCHEDULED: lambda post: actions.schedule_post(
            post.pk, post.version, clock.now() + SOON, actor=world.manager
        ),
        PostStatus.WITHDRAWN: lambda post: (
            actions.approve_post(post.pk, post.version, actor=world.manager),
            actions.withdraw_post(post.pk, actor=world.manager),
        ),
    }
    for status, call in act.items():
        call(made[status])

    assert {row.post.pk: row.status for row in queries.posts().rows} == {
        post.pk: status for status, post in made.items()
    }
    for status, post in made.items():
        assert [row.post.pk for row in queries.posts(PostFilter(status=status)).rows] == [post.pk], status
    arabic = queries.posts(PostFilter(words="جديدة", mine=world.member))
    assert {row.post.pk for row in arabic.rows} >= {made[PostStatus.DRAFT].pk}
    assert not queries.posts(PostFilter(words="no such words")).rows
    assert [row.post.pk for row in queries.posts(PostFilter(channel_id=two.pk)).rows] == [
        made[PostStatus.DROPPED].pk,
        made[PostStatus.NEEDS_PERSON].pk,
    ]
    waits = [row.post_id for row in queries.needs_person()]
    assert waits[0] == made[PostStatus.NEEDS_PERSON].pk
    assert set(waits[1:]) == {made[PostStatus.FAILED].pk, made[PostStatus.PARTLY].pk}


def test_what_was_in_doubt_once_keeps_its_keys_when_its_channel_is_taken_out(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    """Else another one in its place would stand beside it, where the looks had come too early."""
    one, two = scripted_channel(handle="one"), scripted_channel(handle="two")
    post = new_post(one, two, now=True)
    rows = Publication.objects.filter(channel=two)
    doubted = rows.get()
    rows.update(attempt=1)
    doubted.steps.create(from_state="sending", to_state="unknown")
    actions.set_channels(post.pk, [ChannelChoice(one.pk)], actor=world.manager)
    assert rows.get().state == "withdrawn"
    post.refresh_from_db()
    post = actions.send_back(post.pk, post.version, actor=world.manager)
    assert "delete" not in queries.post_actions(post, post.publications.all(), world.manager)


def test_each_state_offers_only_what_can_do_no_harm(
    world: World, play: Play, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    channel = scripted_channel(Mechanism.NONE)
    post = new_post(channel, due_at=clock.now() + SOON)

    def offered() -> frozenset[str]:
        return queries.publication_detail(Publication.objects.latest("pk").pk).safe

    def for_post(actor: Any) -> frozenset[str]:
        fresh = Post.objects.get(pk=post.pk)
        return queries.post_actions(fresh, fresh.publications.select_related("channel"), actor)

    assert for_post(world.member) == {"duplicate", "edit", "delete", "submit"}
    assert for_post(world.counter) == frozenset()
    assert offered() == frozenset()
    post = actions.approve_post(post.pk, post.version, actor=world.manager)
    assert offered() == {"withdraw"}
    assert for_post(world.member) == {"duplicate"}
    assert for_post(world.manager) >= {"edit", "send_back", "schedule", "publish_now", "withdraw"}
    post = actions.publish_now(post.pk, post.version, actor=world.manager)
    play.script = ["answer_lost"]
    one_round()
    assert offered() == {"withdraw"}  # nobody knows yet: it is looked for, and taken down where it stands
    Publication.objects.update(settle_until=0)
    one_round()
    assert offered() == {"it_is_there", "send_again", "drop"}
    actions.drop(post.publications.get().pk, actor=world.manager)
    assert offered() == frozenset()  # it may stand there: sent once more it could appear twice
    assert refusal(actions.try_again, post.publications.get().pk, actor=world.manager) == "not_repeatable"
    Publication.objects.update(state=DeliveryState.REJECTED)
    assert offered() == {"try_again"}
    actions.try_again(post.publications.get().pk, actor=world.manager)
    old = Publication.objects.earliest("pk")
    assert queries.safe_actions(old) == frozenset()


def test_every_state_and_reason_is_explained_in_a_sentence(
    world: World, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    post = new_post(scripted_channel(), now=True)
    detail = queries.publication_detail(post.publications.get().pk)
    assert (str(detail.explanation.title), detail.link) != ("", None)
    row = detail.publication
    for state in row._meta.get_field("state").choices or []:
        for reason in ("", "auth_dead", "worker_lost", "too_late", "channel_paused", "found"):
            row.state, row.reason = state[0], reason
            assert str(queries.explain(row).what_to_do).endswith(".")
    row.state, row.channel.state, row.channel.pause_reason = "scheduled", "paused", "auth_dead"
    assert "connects the channel again" in str(queries.explain(row).what_to_do)


def test_campaigns_and_codes_are_listed_with_what_belongs_to_them(world: World, new_post: NewPost) -> None:
    campaign = actions.create_campaign(CampaignContent("Autumn"), actor=world.manager)
    post = new_post(campaign_id=campaign.pk)
    code = actions.create_code(CodeContent("LUNE", campaign.pk, post.pk, percent=5), actor=world.manager)
    detail = queries.campaign_detail(campaign.pk)
    assert ([row.post for row in detail.posts], list(detail.codes)) == ([post], [code])
    assert queries.campaigns().get().post_count == 1  # type: ignore[attr-defined]
    assert list(queries.codes().rows) == [code]
    assert queries.post_detail(post.pk).codes == [code]
    assert queries.find_code("nothing") is None
    actions.archive_campaign(campaign.pk, actor=world.manager)
    assert not queries.campaigns().exists() and queries.campaigns(archived=True).exists()
