"""The composer: nothing typed is lost, nothing goes out without the right person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from etalage.accounts.models import Member
from etalage.catalogue.models import Product, ProductPicture, Variant
from etalage.channels.models import Channel
from etalage.kit import clock
from etalage.publishing import actions
from etalage.publishing.models import Post, PostState
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost

BRUSSELS = ZoneInfo("Europe/Brussels")
Fill = Callable[..., dict[str, Any]]


@pytest.fixture
def channel(scripted_channel: NewChannel) -> Channel:
    return scripted_channel()


@pytest.fixture
def boots(world: World, red_png: bytes) -> Product:
    """A product with a picture."""
    product = Product.objects.create(
        handle="boots",
        slug="boots",
        title={"en": "Leather boots", "fr": "Bottines"},
        search_text="leather boots",
    )
    Variant.objects.create(product=product, sku="B1", price_minor=8990, currency="EUR")
    picture = ProductPicture(product=product, width=60, height=40, alt={"en": "Brown boots"})
    picture.file.save("products/boots.png", ContentFile(red_png), save=False)
    picture.save()
    return product


@pytest.fixture
def fill(channel: Channel) -> Fill:
    """What a browser sends for a filled-in composer."""

    def fields(do: str = "save", **changes: Any) -> dict[str, Any]:
        return {
            "do": do,
            "version": "0",
            "text_en": "New boots are in",
            "aim": "promotion",
            "channels": [str(channel.pk)],
            f"language_{channel.pk}": "en",
            "no_picture_reason": "Only words today.",
            **changes,
        }

    return fields


def in_form(moment_from_now: timedelta) -> str:
    """A moment as an hour field of the shop's zone sends it."""
    return (clock.now() + moment_from_now).astimezone(BRUSSELS).strftime("%Y-%m-%dT%H:%M")


def test_a_members_post_is_drafted_submitted_approved_and_scheduled(
    signed_in: dict[str, Client], fill: Fill
) -> None:
    member, manager = signed_in["member"], signed_in["manager"]
    answer = member.post("/posts/new/", fill(due_at=in_form(timedelta(days=2))))
    post = Post.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/posts/{post.pk}/")
    assert (post.state, post.text["en"], post.publications.count()) == ("draft", "New boots are in", 1)

    member.post(f"/posts/{post.pk}/submit/", {"version": post.version})
    post.refresh_from_db()
    assert post.state == PostState.REVIEW

    page = manager.get(f"/posts/{post.pk}/").content.decode()
    assert f"/posts/{post.pk}/approve/" in page
    manager.post(f"/posts/{post.pk}/approve/", {"version": post.version})
    post.refresh_from_db()
    publication = post.publications.get()
    assert (post.state, publication.state, publication.due_at) == ("approved", "scheduled", post.due_at)


def test_a_member_cannot_approve_schedule_or_publish_and_nothing_happens(
    signed_in: dict[str, Client], fill: Fill, new_post: NewPost, channel: Channel
) -> None:
    member, post = signed_in["member"], new_post(channel)
    page = member.get(f"/posts/{post.pk}/").content.decode()
    for deed in ("approve", "schedule", "publish", "withdraw"):
        assert f"/posts/{post.pk}/{deed}/" not in page
        due_at = {"due_at": in_form(timedelta(days=1))}
        answer = member.post(f"/posts/{post.pk}/{deed}/", {"version": post.version, **due_at})
        assert answer.status_code == 403, deed
    composed = member.post("/posts/new/", fill("publish"), follow=True)
    assert "It is saved, but it does not go out yet" in composed.content.decode()
    assert set(Post.objects.values_list("state", flat=True)) == {"draft"}
    assert not any(row.state != "draft" for row in post.publications.all())
    buttons = member.get("/posts/new/").content.decode()
    assert (
        'value="submit"' in buttons and 'value="publish"' not in buttons and 'value="schedule"' not in buttons
    )


def test_a_manager_publishes_and_schedules_from_the_composer(
    signed_in: dict[str, Client], fill: Fill
) -> None:
    manager = signed_in["manager"]
    manager.post("/posts/new/", fill("publish"))
    assert Post.objects.get().publications.get().state == "scheduled"
    wished = in_form(timedelta(days=30))
    manager.post("/posts/new/", fill("schedule", due_at=wished))
    later = Post.objects.latest("pk")
    assert later.due_at is not None and later.due_at.astimezone(BRUSSELS).strftime("%Y-%m-%dT%H:%M") == wished
    assert later.publications.get().state == "scheduled"


def test_a_form_that_is_sent_twice_makes_one_post(signed_in: dict[str, Client], fill: Fill) -> None:
    manager = signed_in["manager"]
    page = manager.get("/posts/new/").content.decode()
    new_id = re.findall(r'name="new_id" value="([0-9a-f-]{36})"', page)[0]
    for _press in range(2):
        answer = manager.post("/posts/new/", fill("publish", new_id=new_id))
        assert answer.headers["Location"] == f"/posts/{new_id}/"
    assert Post.objects.get().publications.count() == 1
    assert manager.get("/posts/new/").content.decode().count(new_id) == 0


def test_without_a_picture_a_reason_is_asked_for_before_a_post_leaves_its_author(
    signed_in: dict[str, Client], fill: Fill
) -> None:
    answer = signed_in["member"].post("/posts/new/", fill("submit", no_picture_reason=""))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Add a picture, or say why this post has none." in page
    assert "New boots are in" in page
    assert Post.objects.count() == 0
    assert signed_in["member"].post("/posts/new/", fill(no_picture_reason="")).status_code == 302


def test_what_is_missing_is_said_beside_the_field_and_nothing_typed_is_lost(
    signed_in: dict[str, Client], fill: Fill
) -> None:
    manager = signed_in["manager"]
    wrong = [
        (fill("schedule"), "Choose when it goes out."),
        (fill("schedule", due_at="2020-01-01T10:00"), "Choose an hour that lies ahead."),
        (fill("publish", channels=[]), "Choose at least one channel."),
        (fill(target="https://elsewhere.example/"), "Choose a page of your own shop"),
        (
            fill(due_at=in_form(timedelta(days=2)), expires_at=in_form(timedelta(days=1))),
            "The end must be later",
        ),
    ]
    for fields, sentence in wrong:
        answer = manager.post("/posts/new/", fields)
        page = answer.content.decode()
        assert answer.status_code == 422, sentence
        assert sentence in page and "New boots are in" in page
    assert Post.objects.count() == 0


def test_a_post_that_was_changed_meanwhile_is_explained_and_what_was_typed_stays(
    signed_in: dict[str, Client], fill: Fill, new_post: NewPost, channel: Channel, world: World
) -> None:
    post = new_post(channel)
    seen = post.version
    theirs = actions.PostContent(text={"en": "Their words"}, no_picture_reason="None")
    actions.edit_post(post.pk, seen, theirs, actor=world.manager)
    answer = signed_in["member"].post(f"/posts/{post.pk}/edit/", fill(version=str(seen), text_en="My words"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody changed this post while you wrote." in page
    assert "My words" in page and "Their words" in page
    post.refresh_from_db()
    assert post.text["en"] == "Their words"
    assert f'name="version" value="{post.version}"' in page
    again = fill(version=str(post.version), text_en="My words")
    assert signed_in["member"].post(f"/posts/{post.pk}/edit/", again).status_code == 302
    post.refresh_from_db()
    assert post.text["en"] == "My words"


def test_mark_up_in_a_text_is_shown_as_it_was_typed(
    signed_in: dict[str, Client], fill: Fill, channel: Channel
) -> None:
    script = "<script>alert(1)</script>"
    signed_in["member"].post(
        "/posts/new/", fill(text_en=script, due_at=in_form(timedelta(minutes=5)), no_picture_reason=script)
    )
    post = Post.objects.get()
    for page in (
        "/posts/",
        "/calendar/",
        f"/calendar/?view=week&day={post.due_at.astimezone(BRUSSELS).date()}",
        f"/posts/{post.pk}/",
        f"/posts/{post.pk}/edit/",
    ):
        text = signed_in["member"].get(page).content.decode()
        assert script not in text, page
        assert "&lt;script&gt;" in text, page


def test_the_preview_draws_the_unsaved_form_as_each_channel_shows_it(
    signed_in: dict[str, Client], fill: Fill, channel: Channel
) -> None:
    long = signed_in["member"].post(
        "/posts/preview/", fill(text_en="x" * 600, no_picture_reason=""), headers={"HX-Request": "true"}
    )
    page = long.content.decode()
    assert "<html" not in page
    assert "/ 500" in page
    assert "too long" in page and "Add a picture, or say why" in page
    own = signed_in["member"].post("/posts/preview/", fill(**{f"custom_{channel.pk}": "Only here"}))
    assert "Only here" in own.content.decode() and "Fits." in own.content.decode()
    assert Post.objects.count() == 0
    nowhere = signed_in["member"].post("/posts/preview/", fill(channels=[])).content.decode()
    assert "Choose a channel" in nowhere


def test_without_scripts_search_and_preview_keep_what_was_typed(
    signed_in: dict[str, Client], fill: Fill, boots: Product
) -> None:
    searched = signed_in["member"].post("/posts/new/", fill("search", q="leather")).content.decode()
    assert "Leather boots" in searched and "New boots are in" in searched
    previewed = signed_in["member"].post("/posts/new/", fill("preview", text_en="Half a")).content.decode()
    assert previewed.count("Half a") >= 2
    assert Post.objects.count() == 0


def test_a_product_is_found_ticked_and_lends_its_picture(
    signed_in: dict[str, Client], fill: Fill, boots: Product
) -> None:
    member, picture = signed_in["member"], boots.pictures.get()
    part = member.post("/posts/products/", fill(q="boots")).content.decode()
    assert "€89.90" in part
    assert str(boots.pk) in part and str(picture.pk) in part and "<html" not in part
    assert "No product with these words" in member.post("/posts/products/", fill(q="zzz")).content.decode()
    fields = fill(products=[str(boots.pk)], product_pictures=[str(picture.pk)], no_picture_reason="")
    assert "/media/products/boots" in member.post("/posts/preview/", fields).content.decode()
    member.post("/posts/new/", fields)
    post = Post.objects.get()
    assert [shown.product_id for shown in post.shown.all()] == [boots.pk]
    assert post.pictures.get().alt["en"] == "Brown boots"


def test_a_new_post_begins_with_the_product_the_day_or_the_campaign_of_its_address(
    signed_in: dict[str, Client], boots: Product, channel: Channel, world: World
) -> None:
    member = signed_in["member"]
    page = member.get(f"/posts/new/?product={boots.pk}").content.decode()
    assert "Leather boots" in page and f'value="{boots.pk}" checked' in page
    assert 'value="2090-11-24T10:00"' in member.get("/posts/new/?day=2090-11-24").content.decode()
    campaign = actions.create_campaign(actions.CampaignContent("Sale"), actor=world.manager)
    chosen = member.get(f"/posts/new/?campaign={campaign.pk}").content.decode()
    assert f'<option value="{campaign.pk}" selected' in chosen
    for nonsense in ("product=1", "day=2026-13-99", "campaign=x", f"product={campaign.pk}"):
        assert member.get(f"/posts/new/?{nonsense}").status_code == 200
    assert f'value="{channel.pk}" checked' in page


def test_pictures_are_added_described_put_in_order_and_left_out(
    signed_in: dict[str, Client], fill: Fill, red_png: bytes
) -> None:
    member = signed_in["member"]
    files = [SimpleUploadedFile(f"{name}.png", red_png, "image/png") for name in ("one", "two")]
    answer = member.post("/posts/new/", fill("add_pictures", pictures=files))
    post = Post.objects.get()
    assert answer.headers["Location"] == f"/posts/{post.pk}/edit/#pictures"
    first, second = post.pictures.all()
    page = member.get(f"/posts/{post.pk}/edit/").content.decode()
    assert "Say what the picture shows" in page

    def press(do: str, **changes: Any) -> None:
        post.refresh_from_db()
        answer = member.post(f"/posts/{post.pk}/edit/", fill(do, version=str(post.version), **changes))
        assert answer.status_code == 302

    press(f"picture_later:{first.pk}", **{f"alt_{first.pk}_en": "A red shoe", "text_en": "Kept"})
    post.refresh_from_db()
    assert [picture.pk for picture in post.pictures.all()] == [second.pk, first.pk]
    first.refresh_from_db()
    assert (first.alt["en"], post.text["en"]) == ("A red shoe", "Kept")
    press(f"picture_remove:{second.pk}")
    assert [picture.pk for picture in post.pictures.all()] == [first.pk]


def test_a_file_that_is_no_picture_is_refused_with_its_name_and_the_draft_is_kept(
    signed_in: dict[str, Client], fill: Fill
) -> None:
    html = SimpleUploadedFile("shop.jpg", b"<html><script>alert(1)</script></html>", "image/jpeg")
    page = signed_in["manager"].post("/posts/new/", fill("publish", pictures=[html]), follow=True)
    assert "shop.jpg" in page.content.decode()
    post = Post.objects.get()
    assert (post.state, post.pictures.count()) == ("draft", 0)


def test_a_scheduled_post_keeps_its_hour_or_moves_with_the_form(
    signed_in: dict[str, Client], fill: Fill, new_post: NewPost, channel: Channel, world: World
) -> None:
    post, manager = new_post(channel), signed_in["manager"]
    due_at = clock.now() + timedelta(days=1)
    post = actions.schedule_post(post.pk, post.version, due_at, actor=world.manager)
    assert due_at.second or due_at.microsecond
    shown = due_at.astimezone(BRUSSELS).strftime("%Y-%m-%dT%H:%M")
    assert f'value="{shown}"' in manager.get(f"/posts/{post.pk}/edit/").content.decode()
    manager.post(f"/posts/{post.pk}/edit/", fill(version=str(post.version), due_at=shown, text_en="Better"))
    post.refresh_from_db()
    assert (post.due_at, post.text["en"], post.publications.get().state) == (due_at, "Better", "scheduled")
    moved = in_form(timedelta(days=3))
    manager.post(f"/posts/{post.pk}/edit/", fill(version=str(post.version), due_at=moved))
    post.refresh_from_db()
    assert post.due_at is not None and post.due_at.astimezone(BRUSSELS).strftime("%Y-%m-%dT%H:%M") == moved
    assert post.publications.get().due_at == post.due_at
    assert signed_in["member"].get(f"/posts/{post.pk}/edit/").headers["Location"] == f"/posts/{post.pk}/"


def test_every_language_is_offered_with_its_own_direction(
    signed_in: dict[str, Client], channel: Channel
) -> None:
    page = signed_in["member"].get("/posts/new/").content.decode()
    for code, way in (("en", "ltr"), ("fr", "ltr"), ("nl", "ltr"), ("ar", "rtl")):
        assert re.search(rf'name="text_{code}"[^>]*lang="{code}" dir="{way}"', page), code


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_composer_opens_with_the_members_own_language(
    signed_in: dict[str, Client], world: World, language: str
) -> None:
    Member.objects.filter(pk=world.member.pk).update(language=language)
    page = signed_in["member"].get("/posts/new/").content.decode()
    first = re.search(r'<details class="language-words"( open)?>.*?lang="(..)"', page, re.S)
    assert first
    assert first.groups() == (" open", language)
