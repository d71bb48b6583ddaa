"""What each channel shows of a post: its text with the link, counted as the network counts, and fitted pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language_info, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from etalage.channels.models import Channel, ChannelState
from etalage.channels.queries import abilities_of
from etalage.kit import clock, images
from etalage.kit.errors import Refusal
from etalage.kit.text import TranslatedText
from etalage.networks.base import Abilities, PictureFile, Rendition
from etalage.networks.counting import text_length
from etalage.publishing import links
from etalage.publishing.models import Post, PostPicture, Publication

GAP = "\n\n"
EDGE = 1.005  # a ratio at its bound keeps this distance, because whole pixels round it


@dataclass(frozen=True)
class Problem:
    """Something to mend or to know before a post goes out; only blocking ones hold it back."""

    code: str
    message: str | Promise
    blocking: bool = True


@dataclass(frozen=True)
class Preview:
    """How a post will look on one channel, and what is wrong with it."""

    channel: Channel
    language: str
    text: str
    address: str
    used: int
    limit: int
    pictures: tuple[PostPicture, ...]
    problems: tuple[Problem, ...]


def count(text: str, abilities: Abilities) -> tuple[int, int]:
    """How much of the limit a text uses, and the limit, in the network's own unit; links weigh what it says."""
    return text_length(text, abilities), abilities.text_limit


def words_for(texts: TranslatedText, language: str, custom: str = "") -> tuple[str, str]:
    """The words for a channel and the language they are in: its own text, the post's text, or a fallback."""
    if custom.strip():
        return custom.strip(), language
    return texts.in_language(language, default=language).strip(), texts.language_for(
        language, default=language
    )


def with_link(words: str, address: str) -> str:
    """The words and, below them, the link."""
    return GAP.join(part for part in (words, address) if part)


def preview(
    post: Post,
    channel: Channel,
    language: str = "",
    custom_text: str = "",
    *,
    text: Mapping[str, str] | None = None,
    pictures: Sequence[PostPicture] | None = None,
    address: str = "",
) -> Preview:
    """Draw a post as one channel will show it. `text` are unsaved words of a form, in place of the post's own."""
    abilities = abilities_of(channel)
    texts = post.text if text is None else TranslatedText(text)
    language = language or channel.language
    words, spoken = words_for(texts, language, custom_text)
    chosen = tuple(post.pictures.all() if pictures is None else pictures)
    address = address or links.sample_address()
    whole = with_link(words, address)
    used, limit = count(whole, abilities)
    found = [
        *_text_problems(words, whole, language, spoken, abilities),
        *_picture_problems(post, chosen, language, abilities),
        *_moment_problems(post, channel),
    ]
    return Preview(
        channel,
        spoken or language,
        whole,
        address,
        used,
        limit,
        chosen[: abilities.max_pictures],
        tuple(found),
    )


def problems(post: Post, channel: Channel, language: str = "", custom_text: str = "") -> list[Problem]:
    """What keeps a post from this channel, or is worth knowing."""
    return list(preview(post, channel, language, custom_text).problems)


def blocking(found: Sequence[Problem]) -> list[Problem]:
    """Only those that hold a post back."""
    return [problem for problem in found if problem.blocking]


def _text_problems(words: str, whole: str, language: str, spoken: str, abilities: Abilities) -> list[Problem]:
    if not words:
        return [Problem("no_text", _("Write a text."))]
    found = []
    used, limit = count(whole, abilities)
    if used > limit:
        sentence = ngettext_lazy(
            "The text is %(number)d character too long. Shorten it.",
            "The text is %(number)d characters too long. Shorten it.",
            "number",
        )
        found.append(Problem("too_long", sentence % {"number": used - limit}))
    elif abilities.text_bytes_limit is not None and len(whole.encode()) > abilities.text_bytes_limit:
        found.append(Problem("too_long", _("The text is too long in this script. Shorten it.")))
    if spoken != language:
        sentence = _("There is no text in %(wanted)s; the text in %(used)s goes out.")
        values = {"wanted": _name(language), "used": _name(spoken)}
        found.append(Problem("language_missing", sentence % values, blocking=False))
    return found


def _name(language: str) -> str:
    return str(get_language_info(language)["name_translated"])


def _picture_problems(
    post: Post, pictures: Sequence[PostPicture], language: str, abilities: Abilities
) -> list[Problem]:
    if not pictures:
        if abilities.min_pictures:
            return [Problem("too_few_pictures", _("This network takes no post without a picture. Add one."))]
        if not post.no_picture_reason.strip():
            return [Problem("no_picture", _("Add a picture, or say why this post has none."))]
        return []
    found = []
    if len(pictures) < abilities.min_pictures:
        sentence = ngettext_lazy(
            "This network asks for at least %(number)d picture.",
            "This network asks for at least %(number)d pictures.",
            "number",
        )
        found.append(Problem("too_few_pictures", sentence % {"number": abilities.min_pictures}))
    if len(pictures) > abilities.max_pictures:
        sentence = ngettext_lazy(
            "Only the first picture goes out on this network.",
            "Only the first %(number)d pictures go out on this network.",
            "number",
        )
        number = abilities.max_pictures
        found.append(Problem("too_many_pictures", sentence % {"number": number}, blocking=False))
    return found + _alt_problems(pictures[: abilities.max_pictures], language, abilities)


def _alt_problems(pictures: Sequence[PostPicture], language: str, abilities: Abilities) -> list[Problem]:
    found = []
    if any(picture.alt.is_empty for picture in pictures):
        sentence = _("Describe each picture for those who cannot see it.")
        found.append(Problem("alt_missing", sentence))
    elif any(picture.alt.language_for(language, default=language) != language for picture in pictures):
        sentence = _("A picture is not described in %(language)s; another language goes out.")
        found.append(Problem("alt_language", sentence % {"language": _name(language)}, blocking=False))
    if any(len(_alt(picture, language)) > abilities.alt_text_limit for picture in pictures):
        sentence = _("A description is longer than the %(number)d characters that this network takes.")
        found.append(Problem("alt_too_long", sentence % {"number": abilities.alt_text_limit}))
    return found


def _alt(picture: PostPicture, language: str) -> str:
    return picture.alt.in_language(language, default=language)


def _moment_problems(post: Post, channel: Channel) -> list[Problem]:
    found = []
    if channel.state == ChannelState.DISCONNECTED:
        found.append(Problem("channel_gone", _("This channel was disconnected. Choose another.")))
    elif channel.state == ChannelState.PAUSED:
        sentence = _("This channel is paused; the post waits until it is resumed.")
        found.append(Problem("channel_paused", sentence, blocking=False))
    if post.expires_at and post.expires_at <= clock.now():
        found.append(
            Problem("ended", _("The time after which this post must not go out is over. Change it."))
        )
    try:
        links.target_of(post)
    except Refusal as refusal:
        found.append(Problem("target_invalid", refusal.message))
    return found


def check(publication: Publication, address: str = "") -> Preview:
    """The preview of a publication as it would go out now, with its own link and words."""
    return preview(
        publication.post, publication.channel, publication.language, publication.custom_text, address=address
    )


def render(shown: Preview) -> Rendition:
    """What is handed to the network. Raises `images.PictureRefused` or OSError for a picture that cannot be read."""
    abilities = abilities_of(shown.channel)
    pictures = tuple(fitted(picture, shown.language, abilities) for picture in shown.pictures)
    return Rendition(shown.text, shown.language, pictures, shown.address)


def is_final(error: Exception) -> bool:
    """Whether a picture is no good or is gone. What a disk in trouble says, or one that is not there, passes."""
    is_gone = isinstance(error, FileNotFoundError) and Path(settings.MEDIA_ROOT).is_dir()
    return is_gone or isinstance(error, images.PictureRefused)


def fingerprint(shown: Preview) -> str:
    """A hash of the content, the same as long as words, pictures and descriptions are."""
    parts = [
        shown.text,
        shown.language,
        *(f"{p.file.name}|{_alt(p, shown.language)}" for p in shown.pictures),
    ]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def fitted(picture: PostPicture, language: str, abilities: Abilities) -> PictureFile:
    """A picture in the shape, size, format and weight that the network takes, never cut at its edges."""
    width, height = canvas(picture.width, picture.height, abilities)
    with picture.file.open("rb") as file:
        made = images.fit(
            file.read(),
            width=width,
            height=height,
            mode="contain",
            max_bytes=abilities.picture_max_bytes,
            format="jpeg" if "image/jpeg" in abilities.picture_formats else "webp",
            background="#ffffff",
        )
    alt = _alt(picture, language)
    return PictureFile(made.data, made.media_type, alt, made.width, made.height)


def canvas(width: int, height: int, abilities: Abilities) -> tuple[int, int]:
    """The size in pixels on which a picture of `width` × `height` stands whole, within the network's bounds.

    The ratio is kept where it is allowed, else the nearest allowed one is filled up with a margin.
    """
    low, high = abilities.picture_min_ratio * EDGE, abilities.picture_max_ratio / EDGE
    ratio = min(max(width / height, low), high)
    natural = max(width, height * ratio)
    box_width = min(abilities.picture_box[0], abilities.picture_max_width)
    box_height = min(abilities.picture_box[1], abilities.picture_max_height)
    wide = min(natural, box_width, box_height * ratio)
    wide = max(wide, abilities.picture_min_width, abilities.picture_min_height * ratio)
    return max(1, round(wide)), max(1, round(wide / ratio))
