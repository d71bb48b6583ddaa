"""The composer: everything that is said about a post, read whole and given back whole when something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Business, Language
from etalage.accounts.queries import open_stores
from etalage.catalogue.queries import product_cards, search_products
from etalage.channels.queries import abilities_of, all_channels
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.forms import MomentField, PicturesField, TranslatedTextField
from etalage.kit.ids import uuid7
from etalage.kit.text import LANGUAGES, TranslatedText
from etalage.publishing.actions import ChannelChoice, PostContent
from etalage.publishing.forms.rows import (
    ChannelRow,
    PictureRow,
    ProductRow,
    WordsInput,
    read_ids,
    words_inputs,
)
from etalage.publishing.models import Aim, Post, PostPicture, Publication
from etalage.publishing.queries import campaigns
from etalage.publishing.queries.products import product_pictures

GOING_OUT = frozenset({"submit", "schedule", "publish"})
FOUND = 8  # products that a search shows
_FIELD_OF = {
    "ends_too_early": "expires_at",
    "ended": "expires_at",
    "target_invalid": "target",
    "campaign_gone": "campaign",
    "due_in_past": "due_at",
    "too_long": "text",
    "aim_unknown": "aim",
}


class ComposerForm(forms.Form):
    """A post as the composer shows it. `do` is the button that was pressed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    new_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    text = TranslatedTextField(label=_("Words"), textarea=True, required=False)
    aim = forms.ChoiceField(label=_("What is it for?"), choices=Aim.choices, widget=forms.RadioSelect)
    campaign = forms.ChoiceField(label=_("Campaign"), required=False)
    store = forms.ChoiceField(label=_("Store"), required=False)
    target = forms.CharField(
        label=_("Where the link leads"),
        max_length=500,
        required=False,
        help_text=_(
            "Empty: to the product when the post shows exactly one, else to the front page of your shop."
        ),
        widget=forms.TextInput(attrs={"class": "ltr", "inputmode": "url", "placeholder": "/shop/"}),
    )
    no_picture_reason = forms.CharField(
        label=_("Why without a picture?"),
        max_length=200,
        required=False,
        help_text=_("Posts with a picture are seen more. If this one has none, say why."),
    )
    pictures = PicturesField(label=_("Choose pictures"), required=False)
    due_at = MomentField(label=_("Goes out"), required=False)
    expires_at = MomentField(
        label=_("Not after"), required=False, help_text=_("After this moment the post is not sent any more.")
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        files: Any = None,
        *,
        business: Business,
        post: Post | None = None,
        publications: list[Publication] | None = None,
        pictures: list[PostPicture] | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, initial={**_initial_of(post), **(initial or {})})
        self.business, self.post = business, post
        self.publications, self.shown_pictures = publications or [], pictures or []
        self.do = data.get("do", "save") if data is not None else ""
        for name in ("due_at", "expires_at"):
            moment = self.fields[name]
            assert isinstance(moment, MomentField)
            moment.zone = business.timezone
        none = ("", _("None"))
        chosen = post.campaign if post else None
        found = {str(row.pk): row.name for row in [*campaigns(), *([chosen] if chosen else [])]}
        self._choices("campaign", [none, *found.items()])
        self._choices("store", [("", _("All stores")), *((str(row.pk), row.name) for row in open_stores())])

    def _choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        due_at, now = facts.get("due_at"), clock.now()
        if self.do == "schedule" and "due_at" not in self.errors:
            if due_at is None:
                self.add_error("due_at", _("Choose when it goes out."))
            elif due_at <= now:
                self.add_error("due_at", _("Choose an hour that lies ahead."))
        if self.do in GOING_OUT:
            self._complete(facts)
        return facts

    def _complete(self, facts: dict[str, Any]) -> None:
        """What must be there before a post leaves its author."""
        if not self.chosen_channels:
            self.add_error(None, forms.ValidationError(_("Choose at least one channel."), code="no_channel"))
        if facts.get("text", TranslatedText()).is_empty and not all(
            row.custom_text.strip() for row in self.chosen_channels
        ):
            self.add_error("text", _("Write a text."))
        coming = facts.get("pictures") or self.product_picture_ids
        if not self.shown_pictures and not coming and not facts.get("no_picture_reason", "").strip():
            self.add_error("no_picture_reason", _("Add a picture, or say why this post has none."))

    def blame(self, refusal: Refusal) -> None:
        """Show a refusal beside the field that it speaks of."""
        field = _FIELD_OF.get(refusal.code)
        self.add_error(field, forms.ValidationError(refusal.message, code=refusal.code))

    def follow(self, version: int) -> None:
        """Let the next save go over `version`, with everything as it was typed."""
        assert isinstance(self.data, QueryDict)
        self.data = self.data.copy()
        self.data["version"] = str(version)

    # What was said

    def content(self) -> PostContent:
        """The words and facts for the actions; the form must be valid."""
        facts = self.cleaned_data
        return PostContent(
            text=facts["text"],
            aim=facts["aim"],
            campaign_id=next(iter(read_ids([facts["campaign"]])), None),
            store_id=next(iter(read_ids([facts["store"]])), None),
            no_picture_reason=facts["no_picture_reason"],
            target=facts["target"],
            due_at=facts["due_at"],
            expires_at=facts["expires_at"],
        )

    def choices(self) -> list[ChannelChoice]:
        """The chosen channels with their languages and own words."""
        return [ChannelChoice(row.channel.pk, row.language, row.custom_text) for row in self.chosen_channels]

    @property
    def words(self) -> Mapping[str, str]:
        """The words as they stand in the form, valid or not."""
        if not self.is_bound:
            return dict(self.get_initial_for_field(self.fields["text"], "text") or {})
        return {code: str(self.data.get(f"text_{code}", "")) for code in LANGUAGES}

    @property
    def chosen_channels(self) -> list[ChannelRow]:
        return [row for row in self.channel_rows if row.chosen]

    @cached_property
    def product_ids(self) -> list[UUID]:
        return read_ids(self._sent("products"))

    @cached_property
    def product_picture_ids(self) -> list[UUID]:
        return read_ids(self._sent("product_pictures"))

    def alts(self) -> dict[UUID, TranslatedText]:
        """The descriptions of the pictures that the form showed, by picture."""
        return {
            picture.pk: TranslatedText({code: self._alt(picture, code) for code in LANGUAGES})
            for picture in self.shown_pictures
        }

    # What is drawn

    @cached_property
    def channel_rows(self) -> list[ChannelRow]:
        """All channels that may be chosen; a new post proposes those that are good for its aim."""
        present = {row.channel_id: row for row in self.publications if row.replaces_id is None}
        chosen = set(read_ids(self._sent("channels")))
        rows = []
        for channel in all_channels():
            row, abilities = present.get(channel.pk), abilities_of(channel)
            language, custom = (row.language, row.custom_text) if row else (channel.language, "")
            if self.is_bound:
                sent = str(self.data.get(f"language_{channel.pk}", ""))
                language = sent if sent in Language.values else language
                custom = str(self.data.get(f"custom_{channel.pk}", custom))
                picked = channel.pk in chosen
            else:
                picked = row is not None or (self.post is None and self._proposed(channel.state, abilities))
            rows.append(ChannelRow(channel, abilities, picked, language, custom))
        return rows

    def _proposed(self, state: str, abilities: Any) -> bool:
        good = [aim.value for aim in abilities.good_for]
        return state == "active" and (not good or str(self["aim"].value()) in good)

    @property
    def text_inputs(self) -> list[WordsInput]:
        """A text area per language: the member's own, the shop's and those of the chosen channels are open."""
        return words_inputs("text", self._filled(self.words), self._languages)

    @property
    def picture_rows(self) -> list[PictureRow]:
        """The post's pictures with their descriptions as they stand in the form."""
        spoken = list(self._filled(self.words)) or [self.business.language]
        rows = []
        for picture in self.shown_pictures:
            alts = {code: self._alt(picture, code) for code in LANGUAGES}
            filled = self._filled(alts)
            rows.append(PictureRow(picture, words_inputs(f"alt_{picture.pk}", filled, spoken), not filled))
        return rows

    @property
    def product_rows(self) -> list[ProductRow]:
        """The chosen products, then what a search finds."""
        shown = product_cards(self.product_ids)
        words = str(self.data.get("q", "")).strip() if self.is_bound else ""
        found = search_products(words, FOUND) if words or self.do == "search" else []
        pictures = set(self.product_picture_ids)
        chosen = {row.product.pk for row in shown}
        return [
            ProductRow(row, row.product.pk in chosen, bool(row.picture and row.picture.pk in pictures))
            for row in [*shown, *(row for row in found if row.product.pk not in chosen)]
        ]

    def pictures_to_show(self) -> list[PostPicture]:
        """The pictures as they would go out: the post's own, then those of the ticked products, none saved."""
        own = list(self.shown_pictures)
        for picture in own:
            picture.alt = TranslatedText({code: self._alt(picture, code) for code in LANGUAGES})
        more = product_pictures(self.product_picture_ids)
        return own + [
            PostPicture(file=one.file.name, width=one.width, height=one.height, alt=one.alt) for one in more
        ]

    @property
    def _languages(self) -> list[str]:
        own = (get_language() or self.business.language)[:2]
        return [own, self.business.language, *(row.language for row in self.chosen_channels)]

    def _sent(self, name: str) -> list[str]:
        if isinstance(self.data, QueryDict) and self.is_bound:
            return self.data.getlist(name)
        return [str(value) for value in self.initial.get(name, [])]

    def _alt(self, picture: PostPicture, code: str) -> str:
        name = f"alt_{picture.pk}_{code}"
        return str(self.data[name]) if self.is_bound and name in self.data else picture.alt.get(code, "")

    @staticmethod
    def _filled(texts: Mapping[str, str]) -> dict[str, str]:
        return {code: text for code, text in texts.items() if text.strip()}


def _initial_of(post: Post | None) -> dict[str, Any]:
    if post is None:
        return {"aim": Aim.PROMOTION, "version": 0, "new_id": uuid7()}
    return {
        "version": post.version,
        "text": post.text,
        "aim": post.aim,
        "campaign": str(post.campaign_id or ""),
        "store": str(post.store_id or ""),
        "target": post.target,
        "no_picture_reason": post.no_picture_reason,
        "due_at": post.due_at,
        "expires_at": post.expires_at,
    }
