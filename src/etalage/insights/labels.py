"""What the rows of a report are called, with where they lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from etalage.accounts.models import Store
from etalage.catalogue.models import Product, ProductPicture
from etalage.channels.models import Channel
from etalage.insights.models import Grouping, Touch
from etalage.kit.text import TranslatedText, clip
from etalage.publishing.models import Campaign, Post, PostPicture, Publication

LABEL_LENGTH = 90


class Label(NamedTuple):
    """A name in the reader's language with the language that it really is in; `picture` is a storage name."""

    text: str
    language: str
    note: str = ""
    url: str = ""
    picture: str = ""


def labels_of(grouping: str, keys: Iterable[UUID | None], language: str) -> dict[UUID | None, Label]:
    """A label for each key, in a constant number of queries. None, and what was deleted since, are labelled too."""
    ids = [key for key in keys if key]
    found: dict[UUID | None, Label] = {}
    found |= _FINDERS[Grouping(grouping)](ids, language).items()
    for key in keys:
        found.setdefault(key, Label(_nothing(grouping) if key is None else _("Deleted since"), language))
    return found


def _nothing(grouping: str) -> str:
    """What the row without a key means."""
    return {
        Grouping.POST: _("No post: a code or a shelf label"),
        Grouping.PUBLICATION: _("No post: a code or a shelf label"),
        Grouping.CHANNEL: _("No channel: a code or a shelf label"),
        Grouping.CAMPAIGN: _("No campaign"),
        Grouping.PRODUCT: _("Articles that are not in the catalogue"),
        Grouping.STORE: _("Online"),
    }[Grouping(grouping)]


def _link(name: str, key: UUID) -> str:
    try:
        return reverse(name, args=[key])
    except NoReverseMatch:
        return ""


def _said(text: TranslatedText, language: str) -> tuple[str, str]:
    spoken = text.language_for(language)
    return clip(text.in_language(language).replace("\n", " "), LABEL_LENGTH), spoken


def _posts(ids: Sequence[UUID], language: str) -> dict[UUID, Label]:
    pictures = _first_pictures(PostPicture.objects.filter(post__in=ids).values_list("post_id", "file"))
    posts = Post.objects.filter(pk__in=ids).select_related("campaign")
    return {
        post.pk: Label(
            *_said(post.text, language),
            note=post.campaign.name if post.campaign else "",
            url=_link("publishing:post", post.pk),
            picture=pictures.get(post.pk, ""),
        )
        for post in posts
    }


def _first_pictures(pairs: Iterable[tuple[UUID, str]]) -> dict[UUID, str]:
    first: dict[UUID, str] = {}
    for owner, file in pairs:
        first.setdefault(owner, file)
    return first


def _publications(ids: Sequence[UUID], language: str) -> dict[UUID, Label]:
    publications = Publication.objects.filter(pk__in=ids).select_related("post", "channel")
    return {
        one.pk: Label(
            *_said(one.post.text, one.language or language),
            note=one.channel.name,
            url=_link("publishing:publication", one.pk),
        )
        for one in publications
    }


def _channels(ids: Sequence[UUID], language: str) -> dict[UUID, Label]:
    return {one.pk: Label(one.name, language, one.handle) for one in Channel.objects.filter(pk__in=ids)}


def _campaigns(ids: Sequence[UUID], language: str) -> dict[UUID, Label]:
    campaigns = Campaign.objects.filter(pk__in=ids)
    return {one.pk: Label(one.name, language, url=_link("publishing:campaign", one.pk)) for one in campaigns}


def _products(ids: Sequence[UUID], language: str) -> dict[UUID, Label]:
    pictures = _first_pictures(
        ProductPicture.objects.filter(product__in=ids).values_list("product_id", "file")
    )
    return {
        one.pk: Label(
            *_said(one.title, language),
            note=one.category,
            url=_link("catalogue:product", one.pk),
            picture=pictures.get(one.pk, ""),
        )
        for one in Product.objects.filter(pk__in=ids)
    }


def _stores(ids: Sequence[UUID], language: str) -> dict[UUID, Label]:
    return {one.pk: Label(one.name, language) for one in Store.objects.filter(pk__in=ids)}


_FINDERS = {
    Grouping.POST: _posts,
    Grouping.PUBLICATION: _publications,
    Grouping.CHANNEL: _channels,
    Grouping.CAMPAIGN: _campaigns,
    Grouping.PRODUCT: _products,
    Grouping.STORE: _stores,
}


def touch_label(touch: Touch, language: str) -> tuple[str, str]:
    """The words for one touch of a journey and where they lead: its post, else its product or campaign."""
    if touch.post:
        return _said(touch.post.text, language)[0], _link("publishing:post", touch.post.pk)
    if touch.product:
        return _said(touch.product.title, language)[0], _link("catalogue:product", touch.product.pk)
    if touch.campaign:
        return touch.campaign.name, _link("publishing:campaign", touch.campaign.pk)
    return "", ""
