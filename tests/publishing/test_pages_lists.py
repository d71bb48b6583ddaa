"""Calendar, list of posts, campaigns and codes: who sees what, at the same cost for many as for few."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from etalage.channels.models import Channel
from etalage.kit import clock
from etalage.publishing import actions
from etalage.publishing.actions import CampaignContent, CodeContent
from etalage.publishing.models import Campaign, Post, PromotionCode
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost

PAGES = ("/calendar/", "/posts/", "/posts/new/", "/campaigns/", "/codes/")
BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.fixture
def channel(scripted_channel: NewChannel) -> Channel:
    return scripted_channel()


@pytest.mark.parametrize("page", PAGES)
def test_members_and_higher_open_the_pages_and_nobody_else(signed_in: dict[str, Client], page: str) -> None:
    codes = {role: client.get(page).status_code for role, client in signed_in.items()}
    assert codes == {"owner": 200, "manager": 200, "member": 200, "counter": 403, "stranger": 302}


@pytest.mark.parametrize("page", ["/campaigns/new/", "/codes/new/"])
def test_only_managers_make_campaigns_and_codes(signed_in: dict[str, Client], page: str) -> None:
    assert signed_in["manager"].get(page).status_code == 200
    assert signed_in["member"].get(page).status_code == 403
    assert signed_in["member"].post(page, {"name": "Sale", "aim": "promotion"}).status_code == 403
    assert not Campaign.objects.exists() and not PromotionCode.objects.exists()


@pytest.mark.parametrize("page", ["/calendar/", "/calendar/?view=week", "/posts/"])
def test_many_posts_cost_as_many_queries_as_few(
    signed_in: dict[str, Client], new_post: NewPost, channel: Channel, page: str
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert signed_in["member"].get(page).status_code == 200
        return len(seen)

    def write(number: int) -> None:
        for _each in range(number):
            new_post(channel, due_at=clock.now() + timedelta(minutes=1))

    write(5)
    count()
    few = count()
    write(45)
    assert Post.objects.count() == 50
    assert count() == few


def test_the_calendar_shows_each_post_on_its_local_day_with_its_state_in_words(
    signed_in: dict[str, Client], new_post: NewPost, channel: Channel
) -> None:
    # 23:30 UTC on the 23rd is half past midnight on the 24th in Brussels.
    year = clock.now().year + 1
    at = clock.now().replace(year=year, month=11, day=23, hour=23, minute=30, second=0, microsecond=0)
    post = new_post(channel, due_at=at)
    page = signed_in["member"].get(f"/calendar/?day={year}-11-01").content.decode()
    cell = page[page.index(f"24 November {year}") :]
    assert str(post.pk) in cell[: cell.index("</td>")]
    assert "00:30" in page and "Draft" in page
    assert f"/posts/new/?day={year}-11-25" in page
    assert f"?day={year}-10-01" in page and f"?day={year}-12-01" in page
    week = signed_in["member"].get(f"/calendar/?view=week&day={year}-11-24").content.decode()
    assert str(post.pk) in week and week.count('class="calendar-day') == 7
    before = signed_in["member"].get(f"/calendar/?view=week&day={year}-11-15").content.decode()
    assert str(post.pk) not in before


def test_the_week_begins_on_the_day_that_the_business_says(
    signed_in: dict[str, Client], world: World
) -> None:
    def first_weekday() -> str:
        page = signed_in["member"].get("/calendar/?day=2026-11-10").content.decode()
        return page.split('<th scope="col">')[1].split("<")[0]

    assert first_weekday() == "Mon"
    world.business.first_weekday = 5
    world.business.save()
    assert first_weekday() == "Sat"


def test_the_calendar_reads_any_address_without_breaking(signed_in: dict[str, Client], world: World) -> None:
    for nonsense in ("day=x", "day=9999-12-31", "day=0001-01-01", "view=year", "campaign=1", "channel=<b>"):
        assert signed_in["member"].get(f"/calendar/?{nonsense}").status_code == 200


def test_calendar_and_list_are_narrowed_by_campaign_channel_state_and_words(
    signed_in: dict[str, Client], new_post: NewPost, scripted_channel: NewChannel, world: World
) -> None:
    one, two = scripted_channel(), scripted_channel(handle="other")
    sale = actions.create_campaign(CampaignContent("Sale"), actor=world.manager)
    soon = clock.now() + timedelta(minutes=1)
    in_sale = new_post(one, due_at=soon, campaign_id=sale.pk, text={"en": "In the sale"})
    other = new_post(two, due_at=soon, text={"ar": "وشاح جديد"})

    def shown(page: str) -> set[object]:
        text = signed_in["member"].get(page).content.decode()
        return {post.pk for post in (in_sale, other) if f"/posts/{post.pk}/" in text}

    assert shown("/posts/") == {in_sale.pk, other.pk}
    for base in ("/calendar/", "/posts/"):
        assert shown(f"{base}?campaign={sale.pk}") == {in_sale.pk}
        assert shown(f"{base}?channel={two.pk}") == {other.pk}
    assert shown("/posts/?q=وشاح") == {other.pk}
    assert shown("/posts/?state=draft") == {in_sale.pk, other.pk}
    assert shown("/posts/?state=published") == set()


def test_pages_of_posts_follow_each_other_without_loss(
    signed_in: dict[str, Client], new_post: NewPost, channel: Channel
) -> None:
    made = {new_post(channel).pk for _each in range(27)}
    first = signed_in["member"].get("/posts/").content.decode()
    oldest = min(made)
    assert f"/posts/{oldest}/" not in first
    after = first.split("?after=")[1].split('"')[0]
    second = signed_in["member"].get(f"/posts/?after={after}").content.decode()
    assert f"/posts/{oldest}/" in second
    assert all((f"/posts/{key}/" in first) != (f"/posts/{key}/" in second) for key in made)


def test_a_post_is_moved_from_the_calendar_and_one_comes_back_there(
    signed_in: dict[str, Client], new_post: NewPost, channel: Channel, world: World
) -> None:
    manager, post = signed_in["manager"], new_post(channel)
    post = actions.schedule_post(post.pk, post.version, clock.now() + timedelta(days=1), actor=world.manager)
    back = "/calendar/?view=week"
    asked = manager.get(f"/posts/{post.pk}/move/", {"next": back}, headers={"HX-Request": "true"})
    part = asked.content.decode()
    assert "<html" not in part and "Europe/Brussels" in part and 'name="next"' in part
    wished = (clock.now() + timedelta(days=5)).astimezone(BRUSSELS).strftime("%Y-%m-%dT%H:%M")
    fields = {"version": post.version, "due_at": wished, "next": back}
    assert manager.post(f"/posts/{post.pk}/move/", fields).headers["Location"] == back
    post.refresh_from_db()
    assert post.due_at is not None and post.due_at.astimezone(BRUSSELS).strftime("%Y-%m-%dT%H:%M") == wished
    fields = {"version": post.version, "due_at": wished, "next": "https://elsewhere.example/"}
    assert manager.post(f"/posts/{post.pk}/move/", fields).headers["Location"] == f"/posts/{post.pk}/"


def test_a_member_moves_a_draft_but_not_what_is_scheduled(
    signed_in: dict[str, Client], new_post: NewPost, channel: Channel, world: World
) -> None:
    member, draft = signed_in["member"], new_post(channel)
    fields = {"version": draft.version, "due_at": "2027-03-01T09:00"}
    assert member.post(f"/posts/{draft.pk}/move/", fields).status_code == 302
    draft.refresh_from_db()
    assert draft.due_at is not None and draft.text["en"] == "New boots are in"
    post = new_post(channel)
    due_at = clock.now() + timedelta(days=1)
    post = actions.schedule_post(post.pk, post.version, due_at, actor=world.manager)
    assert member.post(f"/posts/{post.pk}/move/", fields | {"version": post.version}).status_code == 403
    post.refresh_from_db()
    assert post.due_at == due_at


def test_a_campaign_is_made_changed_filled_and_put_away(
    signed_in: dict[str, Client], new_post: NewPost, channel: Channel
) -> None:
    manager = signed_in["manager"]
    manager.post("/campaigns/new/", {"name": "Autumn <b>sale</b>", "aim": "promotion"})
    campaign = Campaign.objects.get()
    page = f"/campaigns/{campaign.pk}/"
    post = new_post(channel, campaign_id=campaign.pk)
    seen = manager.get(page).content.decode()
    assert "Autumn &lt;b&gt;sale&lt;/b&gt;" in seen and f"/posts/{post.pk}/" in seen
    reversed_days = {"name": "Sale", "aim": "promotion", "starts_on": "2026-12-02", "ends_on": "2026-12-01"}
    answer = manager.post(page + "edit/", reversed_days)
    assert answer.status_code == 422 and "last day" in answer.content.decode()
    manager.post(page + "edit/", reversed_days | {"ends_on": "2026-12-09"})
    campaign.refresh_from_db()
    assert campaign.name == "Sale"
    assert signed_in["member"].post(page + "archive/").status_code == 403
    manager.post(page + "archive/")
    assert page not in manager.get("/campaigns/").content.decode()
    assert page in manager.get("/campaigns/?archived=1").content.decode()


def test_a_code_is_drawn_changed_and_ended(signed_in: dict[str, Client], world: World) -> None:
    manager = signed_in["manager"]
    manager.post("/codes/new/", {"kind": "percent", "percent": "20"})
    drawn = PromotionCode.objects.get()
    assert len(drawn.code) == 6 and drawn.percent == 20
    taken = manager.post("/codes/new/", {"code": drawn.code.lower(), "kind": "amount", "amount": "5,50"})
    assert taken.status_code == 422 and "exists already" in taken.content.decode()
    manager.post("/codes/new/", {"code": "five", "kind": "amount", "amount": "5,50", "percent": "10"})
    five = PromotionCode.objects.get(code="FIVE")
    assert (five.amount_minor, five.percent) == (550, None)
    empty = manager.post("/codes/new/", {"kind": "amount", "percent": "10"})
    assert empty.status_code == 422 and "Say how much" in empty.content.decode()
    edited = manager.post(f"/codes/{five.pk}/", {"kind": "percent", "percent": "15", "usage_limit": "3"})
    assert edited.status_code == 302
    five.refresh_from_db()
    assert (five.code, five.percent, five.amount_minor, five.usage_limit) == ("FIVE", 15, None, 3)
    assert signed_in["member"].post(f"/codes/{five.pk}/end/").status_code == 403
    manager.post(f"/codes/{five.pk}/end/")
    five.refresh_from_db()
    assert five.ends_at is not None
    page = signed_in["member"].get("/codes/").content.decode()
    assert "FIVE" in page and "Ended" in page and "/codes/new/" not in page


def test_codes_cost_the_same_for_many_as_for_few(signed_in: dict[str, Client], world: World) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            signed_in["member"].get("/codes/")
        return len(seen)

    actions.create_code(CodeContent(percent=5), actor=world.manager)
    count()
    few = count()
    for _each in range(20):
        actions.create_code(CodeContent(percent=5), actor=world.manager)
    assert count() == few
