"""What each channel shows of a post: words, counts, pictures, and what is said before anything is cut."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from etalage.channels.models import Channel
from etalage.kit import clock
from etalage.networks.base import Abilities, Mechanism, TextUnit
from etalage.publishing import actions, renditions
from etalage.publishing.models import Post
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost

BASE: dict[str, Any] = {"text_limit": 300, "mechanism": Mechanism.NONE, "settle": timedelta(seconds=1)}


def codes(post: Post, channel: Channel, **fields: Any) -> set[str]:
    return {problem.code for problem in renditions.problems(post, channel, **fields)}


def able(channel: Channel, **abilities: Any) -> Channel:
    channel.abilities = {**channel.abilities, **abilities}
    channel.save()
    return channel


@pytest.mark.parametrize(
    ("text", "abilities", "used"),
    [
        ("Boots 👢", {}, 7),
        ("👨‍👩‍👧 أحذية", {"text_unit": TextUnit.GRAPHEMES}, 7),
        ("é", {"text_unit": TextUnit.BYTES}, 2),
        ("See https://lune.example/l/ABCDEFGH now", {"link_length": 23}, 31),
        ("See https://lune.example/l/ABCDEFGH.", {"link_length": 23}, 28),
    ],
)
def test_a_text_is_counted_as_the_network_counts(text: str, abilities: dict[str, Any], used: int) -> None:
    assert renditions.count(text, Abilities(**{**BASE, **abilities})) == (used, 300)


@pytest.mark.django_db
def test_the_words_are_in_the_channels_language_or_it_is_said_that_they_are_not(
    scripted_channel: NewChannel, new_post: NewPost
) -> None:
    channel = scripted_channel()
    post = new_post(channel)
    arabic = renditions.preview(post, channel, "ar")
    assert (arabic.language, arabic.text.startswith("وصلت")) == ("ar", True)
    french = renditions.preview(post, channel, "fr")
    assert (french.language, french.text.startswith("New boots")) == ("en", True)
    (note,) = french.problems
    assert (note.code, note.blocking) == ("language_missing", False)
    assert "French" in str(note.message) and "English" in str(note.message)
    own = renditions.preview(post, channel, "fr", "Rien que pour vous")
    assert (own.language, own.problems) == ("fr", ())
    unsaved = renditions.preview(post, channel, text={"en": "Typed just now"})
    assert unsaved.text.startswith("Typed just now\n\nhttp://localhost:8000/l/")
    assert unsaved.used == len(unsaved.text)


@pytest.mark.django_db
def test_nothing_is_cut_in_silence(
    scripted_channel: NewChannel, new_post: NewPost, red_png: bytes, world: World
) -> None:
    channel = able(scripted_channel(), text_limit=60, max_pictures=2, alt_text_limit=20)
    post = new_post(channel, no_picture_reason="")
    assert codes(post, channel) == {"no_picture"}
    assert codes(post, channel, custom_text="x" * 30) == {"too_long", "no_picture"}
    for _ in range(3):
        actions.add_picture(post.pk, red_png, {"en": "A boot"}, actor=world.member)
    assert codes(post, channel) == {"too_many_pictures"}
    assert len(renditions.preview(post, channel).pictures) == 2
    assert codes(post, channel, language="ar") == {"too_many_pictures", "alt_language"}
    first = post.pictures.all()[0]
    actions.describe_picture(first.pk, {}, actor=world.member)
    assert "alt_missing" in codes(post, channel)
    actions.describe_picture(first.pk, {"en": "A very long description"}, actor=world.member)
    assert "alt_too_long" in codes(post, channel)
    assert codes(new_post(channel, text={}), channel) == {"no_text"}
    picky = able(scripted_channel(handle="picky"), min_pictures=1)
    assert codes(new_post(picky), picky) == {"too_few_pictures"}
    tight = able(scripted_channel(handle="tight"), text_bytes_limit=50)
    assert codes(new_post(tight), tight, language="ar") == {"too_long"}


@pytest.mark.django_db
def test_what_lies_outside_the_post_is_told_too(scripted_channel: NewChannel, new_post: NewPost) -> None:
    channel = scripted_channel()
    late = new_post(channel, expires_at=clock.now() - timedelta(hours=1))
    assert codes(late, channel) == {"ended"}
    post = new_post(channel)
    channel.state = "paused"
    assert [problem.blocking for problem in renditions.problems(post, channel)] == [False]
    channel.state = "disconnected"
    assert codes(post, channel) == {"channel_gone"}


@settings(deadline=None)
@given(
    width=st.integers(1, 6000),
    height=st.integers(1, 6000),
    low=st.floats(0.2, 1.0),
    high=st.floats(1.0, 4.0),
    box=st.tuples(st.integers(300, 3000), st.integers(300, 3000)),
)
def test_every_picture_gets_a_canvas_within_the_networks_bounds(
    width: int, height: int, low: float, high: float, box: tuple[int, int]
) -> None:
    abilities = Abilities(**BASE, picture_min_ratio=low, picture_max_ratio=high * 1.02, picture_box=box)
    wide, tall = renditions.canvas(width, height, abilities)
    assert wide >= 1 and tall >= 1
    assert wide <= box[0] + 1 and tall <= box[1] + 1
    if min(wide, tall) >= 150:  # below, one pixel is more than the margin
        assert low <= wide / tall <= high * 1.02


@pytest.mark.django_db
@pytest.mark.parametrize("size", [(60, 40), (3000, 300), (300, 3000)])
def test_a_picture_is_fitted_whole_with_its_description(
    size: tuple[int, int], scripted_channel: NewChannel, new_post: NewPost, world: World
) -> None:
    file = io.BytesIO()
    Image.new("RGB", size, "#b02020").save(file, "PNG")
    channel = able(
        scripted_channel(), picture_min_ratio=0.8, picture_max_ratio=1.91, picture_box=[1080, 1350]
    )
    post = new_post(channel)
    actions.add_picture(post.pk, file.getvalue(), {"en": "A boot"}, actor=world.member)
    (picture,) = renditions.render(renditions.preview(post, channel)).pictures
    seen = Image.open(io.BytesIO(picture.data))
    assert (seen.width, seen.height) == (picture.width, picture.height)
    assert 0.8 <= seen.width / seen.height <= 1.91
    assert seen.width <= 1080 and seen.height <= 1350
    assert (picture.media_type, picture.alt) == ("image/jpeg", "A boot")
    red, green, _blue = seen.convert("RGB").getpixel((seen.width // 2, seen.height // 2))  # type: ignore[misc]
    assert red > 150 > green


@pytest.mark.django_db
def test_the_fingerprint_changes_with_words_pictures_and_descriptions_only(
    scripted_channel: NewChannel, new_post: NewPost, red_png: bytes, world: World
) -> None:
    channel = scripted_channel()
    post = new_post(channel)
    picture = actions.add_picture(post.pk, red_png, {"en": "A boot"}, actor=world.member)

    def print_now(**fields: Any) -> str:
        return renditions.fingerprint(renditions.preview(Post.objects.get(pk=post.pk), channel, **fields))

    before = print_now()
    assert before == print_now()
    assert before != print_now(custom_text="Other words")
    actions.describe_picture(picture.pk, {"en": "Two boots"}, actor=world.member)
    assert print_now() != before
