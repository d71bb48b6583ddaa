"""Pictures of posts, with the words for those who cannot see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import BinaryIO
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Language, Member
from etalage.catalogue.models import ProductPicture
from etalage.catalogue.storage import FILES_STAY, forget_files
from etalage.jobs import enqueue_once
from etalage.kit import images
from etalage.kit.errors import Refusal
from etalage.kit.ids import uuid7
from etalage.kit.text import TranslatedText
from etalage.publishing.actions.opening import members_only, open_for_writing, touch
from etalage.publishing.models import Post, PostPicture

MOST_PICTURES = 10
LONGEST_ALT = 1500
FOLDER = "posts"
FORGET = "etalage.publishing.tasks.forget_file"


def add_picture(
    post_id: UUID, file: BinaryIO | bytes, alt: Mapping[str, str] | None = None, *, actor: Member
) -> PostPicture:
    """Take a picture in, cleaned and bounded. Raises `images.PictureRefused` for what is none."""
    members_only(actor)
    taken = images.take_in(file)  # before the transaction: decoding takes long
    picture = PostPicture(width=taken.width, height=taken.height, alt=checked_alt(alt or {}))
    return _add(post_id, picture, taken.data, taken.name_suffix, actor)


def add_product_picture(post_id: UUID, product_picture_id: UUID, *, actor: Member) -> PostPicture:
    """Use a picture of the catalogue, with its description. The post keeps a copy of its own."""
    members_only(actor)
    picture = ProductPicture.objects.filter(pk=product_picture_id).first()
    if picture is None:
        raise Refusal(_("This picture is no longer in the catalogue."), code="picture_gone", status=404)
    with picture.file.open("rb") as file:
        data = file.read()
    suffix = PurePosixPath(picture.file.name or "").suffix
    copy = PostPicture(width=picture.width, height=picture.height, alt=picture.alt)
    return _add(post_id, copy, data, suffix, actor)


@transaction.atomic
def _add(post_id: UUID, picture: PostPicture, data: bytes, suffix: str, actor: Member) -> PostPicture:
    post, _publications = open_for_writing(post_id, None, actor)
    if post.pictures.count() >= MOST_PICTURES:
        raise Refusal(
            _("A post has at most %(number)d pictures."),
            code="too_many_pictures",
            status=422,
            number=MOST_PICTURES,
        )
    last = post.pictures.aggregate(last=Max("position"))["last"]
    picture.post, picture.position = post, 0 if last is None else last + 1
    picture.file.save(f"{FOLDER}/{uuid7()}{suffix}", ContentFile(data), save=False)
    picture.save(force_insert=True)
    touch(post)
    record(actor, "post.picture_added", post)
    return picture


@transaction.atomic
def describe_picture(picture_id: UUID, alt: Mapping[str, str], *, actor: Member) -> PostPicture:
    """Set the words for those who cannot see the picture, per language."""
    picture, post = _find(picture_id, actor)
    picture.alt = checked_alt(alt)
    picture.save(update_fields=["alt"])
    touch(post)
    record(actor, "post.picture_described", post)
    return picture


@transaction.atomic
def remove_picture(picture_id: UUID, *, actor: Member) -> None:
    """Leave the picture out. Its file stays as long as a copy of the post shows it, and a day."""
    picture, post = _find(picture_id, actor)
    name = picture.file.name
    picture.delete()
    if name and not PostPicture.objects.filter(file=name).exists():
        enqueue_once(FORGET, name, name, run_after=FILES_STAY)
    touch(post)
    record(actor, "post.picture_removed", post)


@transaction.atomic
def order_pictures(post_id: UUID, picture_ids: Sequence[UUID], *, actor: Member) -> None:
    """Show the pictures in this order; those that are not named come last, as they stood."""
    post, _publications = open_for_writing(post_id, None, actor)
    place = {key: number for number, key in enumerate(picture_ids)}
    pictures = sorted(
        post.pictures.all(), key=lambda picture: (place.get(picture.pk, len(place)), picture.position)
    )
    for number, picture in enumerate(pictures):
        picture.position = number
    PostPicture.objects.bulk_update(pictures, ["position"])
    touch(post)
    record(actor, "post.pictures_ordered", post)


def forget_file(name: str) -> bool:
    """Delete the file of a picture that no post shows any more; False for one that a post shows."""
    if PostPicture.objects.filter(file=name).exists():
        return False
    forget_files([name])
    return True


def checked_alt(alt: Mapping[str, str]) -> TranslatedText:
    """A description per language, without blanks around. Raises Refusal for too long ones."""
    if any(language not in Language.values for language in alt):
        raise Refusal(_("Choose one of the languages in the list."), code="language_unknown", status=422)
    if any(len(words) > LONGEST_ALT or "\x00" in words for words in alt.values()):
        raise Refusal(
            _("A description has at most %(number)d characters."),
            code="alt_too_long",
            status=422,
            number=LONGEST_ALT,
        )
    return TranslatedText({language: " ".join(words.split()) for language, words in alt.items()})


def _find(picture_id: UUID, actor: Member) -> tuple[PostPicture, Post]:
    picture = PostPicture.objects.filter(pk=picture_id).first()
    if picture is None:
        raise Refusal(_("This picture is no longer in the post."), code="picture_gone", status=404)
    post, _publications = open_for_writing(picture.post_id, None, actor)
    return picture, post
