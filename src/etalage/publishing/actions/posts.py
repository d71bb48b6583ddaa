"""Writing posts: words, products and channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.audit import record
from etalage.accounts.models import Language, Member
from etalage.catalogue.models import Product
from etalage.channels.models import Channel
from etalage.channels.queries import channels_by_id
from etalage.kit.errors import Refusal
from etalage.kit.ids import uuid7
from etalage.kit.text import TranslatedText
from etalage.publishing import links
from etalage.publishing.actions.lifecycle import bring_level, step
from etalage.publishing.actions.opening import (
    is_over,
    is_unsent,
    members_only,
    open_for_writing,
    open_post,
    publications_of,
    told,
    touch,
)
from etalage.publishing.models import (
    Aim,
    Campaign,
    DeliveryState,
    Post,
    PostPicture,
    PostProduct,
    PostState,
    Publication,
)
from etalage.publishing.queries.rights import was_in_doubt

LONGEST_TEXT = 70_000  # characters; more than any network takes
MOST_PRODUCTS = 20


@dataclass(frozen=True)
class PostContent:
    """What a form says about a post. `due_at` is the wished hour of what is not scheduled yet."""

    text: Mapping[str, str]
    aim: str = Aim.PROMOTION
    campaign_id: UUID | None = None
    no_picture_reason: str = ""
    target: str = ""
    due_at: datetime | None = None
    expires_at: datetime | None = None
    store_id: UUID | None = None


@dataclass(frozen=True)
class ChannelChoice:
    """One chosen channel; an empty language is the channel's own, an empty text the post's."""

    channel_id: UUID
    language: str = ""
    custom_text: str = ""


@transaction.atomic
def create_post(content: PostContent, *, actor: Member, new_id: UUID | None = None) -> Post:
    """Begin a draft. With `new_id`, which a form was opened with, a form sent twice makes one post.

    Raises Refusal `already_saved` the second time.
    """
    members_only(actor)
    post = Post(id=new_id or uuid7(), created_by=actor)
    _fill(post, content)
    try:
        with transaction.atomic():
            post.save(force_insert=True)
    except IntegrityError as error:
        raise Refusal(_("This post is saved already."), code="already_saved", status=409) from error
    record(actor, "post.created", post)
    told()
    return post


@transaction.atomic
def edit_post(post_id: UUID, version: int, content: PostContent, *, actor: Member) -> Post:
    """Change a post of which nothing was sent; what is scheduled goes out with the new words.

    Raises Refusal: changed_meanwhile, already_sent, not_allowed, or what is wrong with the content. The hour of a
    scheduled post is changed by `schedule_post`, not here.
    """
    post, publications = open_for_writing(post_id, version, actor)
    due_at = post.due_at
    _fill(post, content)
    if post.state == PostState.APPROVED and any(row.next_attempt_at for row in publications):
        post.due_at = due_at
        _end_before_due(post)
        for row in publications:
            bring_level(row, post, member=actor)
    touch(post, *_FIELDS)
    record(actor, "post.edited", post)
    return post


@transaction.atomic
def save_post(
    post_id: UUID | None,
    version: int,
    content: PostContent,
    products: Sequence[UUID],
    channels: Sequence[ChannelChoice],
    *,
    actor: Member,
    new_id: UUID | None = None,
) -> Post:
    """What the composer saves, whole or not at all: words, products and channels; without an id a new draft."""
    if post_id:
        post = edit_post(post_id, version, content, actor=actor)
    else:
        post = create_post(content, actor=actor, new_id=new_id)
    set_products(post.pk, products, actor=actor)
    set_channels(post.pk, channels, actor=actor)
    return open_post(post.pk)


_FIELDS = (
    "text",
    "aim",
    "campaign",
    "no_picture_reason",
    "target",
    "due_at",
    "expires_at",
    "store",
)


def _fill(post: Post, content: PostContent) -> None:
    """Check the content and set it. Raises Refusal."""
    post.text = checked_text(content.text)
    if content.aim not in Aim.values:
        raise Refusal(_("Choose an aim from the list."), code="aim_unknown", status=422)
    if content.campaign_id and not Campaign.objects.filter(pk=content.campaign_id, archived_at=None).exists():
        raise Refusal(_("This campaign is over. Choose another."), code="campaign_gone", status=422)
    post.aim = content.aim
    post.campaign_id = content.campaign_id
    post.no_picture_reason = content.no_picture_reason.strip()[:200]
    post.target = links.clean_target(content.target) if content.target.strip() else ""
    post.due_at, post.expires_at, post.store_id = content.due_at, content.expires_at, content.store_id
    _end_before_due(post)


def checked_text(text: Mapping[str, str]) -> TranslatedText:
    """The words per language, without blanks around. Raises Refusal for too long ones or a strange language."""
    if any(language not in Language.values for language in text):
        raise Refusal(_("Choose one of the languages in the list."), code="language_unknown", status=422)
    if any(len(words) > LONGEST_TEXT or "\x00" in words for words in text.values()):
        raise Refusal(_("This text is too long for any network. Shorten it."), code="too_long", status=422)
    return TranslatedText({language: words.strip() for language, words in text.items()})


def _end_before_due(post: Post) -> None:
    if post.due_at and post.expires_at and post.expires_at <= post.due_at:
        raise Refusal(
            _("The end must be later than the hour at which the post goes out."),
            code="ends_too_early",
            status=422,
        )


@transaction.atomic
def delete_post(post_id: UUID, *, actor: Member) -> None:
    """Throw a draft away. What was approved or sent is withdrawn instead, so that its history stays."""
    members_only(actor)
    post = open_post(post_id)
    sent = [row for row in publications_of(post) if not is_unsent(row) or was_in_doubt(row)]
    if post.state not in (PostState.DRAFT, PostState.REVIEW) or sent:
        raise Refusal(
            _("Only drafts are deleted. Withdraw this post instead."), code="not_a_draft", status=409
        )
    if any(row.perhaps_out for row in publications_of(post)):
        raise Refusal(
            _(
                "This may have gone out since the backup was made. Approve and withdraw it instead: "
                "then it is looked for first."
            ),
            code="may_stand_there",
            status=409,
        )
    record(actor, "post.deleted", post)
    post.delete()
    told()


@transaction.atomic
def duplicate_post(post_id: UUID, *, actor: Member) -> Post:
    """A new draft with the same words, pictures, products and channels."""
    members_only(actor)
    old = open_post(post_id)
    post = Post.objects.create(
        campaign=old.campaign if old.campaign and not old.campaign.archived_at else None,
        aim=old.aim,
        text=old.text,
        no_picture_reason=old.no_picture_reason,
        target=old.target,
        store=old.store,
        created_by=actor,
    )
    _copy_shown(old, post)
    alive = channels_by_id([row.channel_id for row in publications_of(old)])
    for row in publications_of(old):
        if row.replaces_id is None and row.channel_id in alive:
            Publication.objects.create(
                post=post, channel=row.channel, language=row.language, custom_text=row.custom_text
            )
    record(actor, "post.duplicated", post, original=str(old.pk))
    told()
    return post


def _copy_shown(old: Post, post: Post) -> None:
    """Pictures share their master file: files are never changed, only left."""
    PostPicture.objects.bulk_create(
        PostPicture(
            post=post,
            file=picture.file.name,
            width=picture.width,
            height=picture.height,
            alt=picture.alt,
            position=picture.position,
        )
        for picture in old.pictures.all()
    )
    PostProduct.objects.bulk_create(
        PostProduct(post=post, product_id=shown.product_id, position=shown.position)
        for shown in old.shown.all()
    )


@transaction.atomic
def set_products(post_id: UUID, product_ids: Sequence[UUID], *, actor: Member) -> None:
    """Show exactly these products, in this order. Raises Refusal for one that is not in the catalogue.

    The trail gets an entry only where that is another choice than before, as in `set_channels`.
    """
    post, _publications = open_for_writing(post_id, None, actor)
    wanted = list(dict.fromkeys(product_ids))
    if len(wanted) > MOST_PRODUCTS:
        raise Refusal(
            _("A post shows at most %(number)d products."),
            code="too_many_products",
            status=422,
            number=MOST_PRODUCTS,
        )
    if Product.objects.filter(pk__in=wanted).count() != len(wanted):
        raise Refusal(
            _("One of these products is no longer in the catalogue."), code="product_gone", status=422
        )
    shown = list(
        PostProduct.objects.filter(post=post).order_by("position").values_list("product_id", flat=True)
    )
    PostProduct.objects.filter(post=post).delete()
    PostProduct.objects.bulk_create(
        PostProduct(post=post, product_id=key, position=place) for place, key in enumerate(wanted)
    )
    touch(post)
    if shown != wanted:
        record(actor, "post.products_set", post, products=len(wanted))


@transaction.atomic
def set_channels(post_id: UUID, choices: Sequence[ChannelChoice], *, actor: Member) -> list[Publication]:
    """Let the post go to exactly these channels; new ones join at the state of the post.

    Raises Refusal: channel_gone, may_stand_there.
    """
    post, publications = open_for_writing(post_id, None, actor)
    wanted = {choice.channel_id: choice for choice in choices}
    channels = channels_by_id(list(wanted))
    if len(channels) != len(wanted):
        raise Refusal(
            _("One of these channels was disconnected. Choose again."), code="channel_gone", status=422
        )
    present = {row.channel_id: row for row in publications if row.replaces_id is None}
    before = _choices(present.values())
    for key, row in present.items():
        if key not in wanted and is_unsent(row):
            _refuse_perhaps_out(row)
            _take_out(row, actor)
    chosen = [_choose(post, present.get(key), channels[key], choice, actor) for key, choice in wanted.items()]
    touch(post)
    left = [row for key, row in present.items() if key not in wanted and row.pk]
    if _choices([*chosen, *left]) != before:
        record(actor, "post.channels_set", post, channels=[channel.name for channel in channels.values()])
    return chosen


def _take_out(row: Publication, actor: Member) -> None:
    """The post does not go there. What was in doubt once stays with its keys, so that no other takes its place."""
    if was_in_doubt(row):
        step(row, DeliveryState.WITHDRAWN, actor, take_token=True, next_attempt_at=None)
    else:
        row.delete()


def _choices(rows: Iterable[Publication]) -> set[tuple[UUID, str, str]]:
    """Where a post goes, in which language, with which words of its own."""
    return {(row.channel_id, row.language, row.custom_text) for row in rows}


def _refuse_perhaps_out(row: Publication) -> None:
    """Another row in its place would go out under other keys, which nobody would find beside its own."""
    if row.perhaps_out:
        raise Refusal(
            _(
                "%(channel)s: this may have gone out there since the backup was made. Keep the channel: "
                "it is looked for there before anything is sent."
            ),
            code="may_stand_there",
            status=409,
            channel=row.channel.name,
        )


def _choose(
    post: Post, row: Publication | None, channel: Channel, choice: ChannelChoice, actor: Member
) -> Publication:
    language = choice.language or channel.language
    if language not in Language.values:
        raise Refusal(_("Choose one of the languages in the list."), code="language_unknown", status=422)
    custom = checked_text({language: choice.custom_text}).get(language, "")
    if row is None:
        row = Publication.objects.create(post=post, channel=channel, language=language, custom_text=custom)
        bring_level(row, post, member=actor)
    elif not is_over(row):
        row.language, row.custom_text = language, custom
        row.save(update_fields=["language", "custom_text"])
    return row
