"""A post as a record of the network: what it is made of, what its parts keep, and how ours is known again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from etalage.kit import clock
from etalage.kit.text import clip, graphemes
from etalage.networks.base import (
    Abilities,
    Account,
    Aim,
    Delivery,
    Mechanism,
    Reason,
    Rendition,
    TextUnit,
)
from etalage.networks.bluesky.richtext import facets, mentioned
from etalage.networks.posts import picture_parts

POST = "app.bsky.feed.post"
SITE = "https://bsky.app"
TEXT_GRAPHEMES, TEXT_BYTES = 300, 3000
PICTURE_BYTES = 2_000_000
CARD_TITLE = 120  # graphemes; a card's title may be longer, but no app shows more
LONGEST_PART = 300  # characters; a true reference has about 140
NOBODY = "-"  # the part of a mention that means nobody

ABILITIES = Abilities(
    text_limit=TEXT_GRAPHEMES,
    text_unit=TextUnit.GRAPHEMES,
    text_bytes_limit=TEXT_BYTES,
    mechanism=Mechanism.CLIENT_KEY,
    settle=timedelta(seconds=5),
    max_pictures=4,
    picture_formats=("image/jpeg", "image/png", "image/webp"),
    picture_max_bytes=PICTURE_BYTES,
    picture_box=(2000, 2000),
    alt_text_limit=2000,
    can_edit=False,  # its apps show a post as it was first written, whatever is put in its place later
    can_withdraw=True,
    can_measure=True,
    good_for=(Aim.AWARENESS, Aim.PROMOTION, Aim.RELATION),
)


def mention_parts(rendition: Rendition) -> dict[str, str]:
    """Names of the parts that say whom each mention means, with the handles."""
    return {f"mention-{place}": handle for place, handle in enumerate(mentioned(rendition.text))}


def blob_part(blob: Any) -> str:
    """The reference to an upload as a part keeps it; empty for what is no reference."""
    if not isinstance(blob, dict) or not isinstance(blob.get("ref"), dict):
        return ""
    kept = {name: blob.get(name) for name in ("$type", "ref", "mimeType", "size")}
    part = json.dumps(kept, separators=(",", ":"), sort_keys=True)
    return part if len(part) <= LONGEST_PART else ""


def record(rendition: Rendition, delivery: Delivery) -> dict[str, Any]:
    """The post in the network's words, made now. Needs all its parts."""
    parts = mention_parts(rendition).items()
    people = {handle: delivery.parts[name] for name, handle in parts if delivery.parts[name] != NOBODY}
    made: dict[str, Any] = {
        "$type": POST,
        "text": rendition.text,
        "createdAt": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "langs": [rendition.language],
    }
    if found := facets(rendition.text, people):
        made["facets"] = found
    if rendition.pictures:
        made["embed"] = _pictures(rendition, delivery.parts)
    elif rendition.link:
        made["embed"] = _card(rendition)
    return made


def is_ours(value: Any, marker: str) -> bool:
    """Whether a record carries the publication's tracked link; its last piece is enough, hosts may change."""
    code = marker.rpartition("/")[2]
    return bool(code) and code in json.dumps(value, ensure_ascii=False)


def why_invalid(rendition: Rendition) -> Reason:
    """What the network most likely means by "invalid": its answer says so in words only, so we measure."""
    size = len(rendition.text.encode("utf-8", "surrogatepass"))
    if graphemes(rendition.text) > TEXT_GRAPHEMES or size > TEXT_BYTES:
        return Reason.TEXT_INVALID
    too_large = any(len(picture.data) > PICTURE_BYTES for picture in rendition.pictures)
    return Reason.MEDIA_INVALID if too_large or len(rendition.pictures) > 4 else Reason.UNKNOWN


def post_uri(account: Account, key: str) -> str:
    """The address of a post of this account."""
    return f"at://{account.remote_id}/{POST}/{key}"


def post_page(who: str, uri: str) -> str:
    """The page on which people see the post of `who`; empty when `uri` names no post.

    `who` is a DID: an account's handle changes, and a page under the old one is not found any more.
    """
    parts = uri.removeprefix("at://").split("/")
    return f"{SITE}/profile/{who}/post/{parts[2]}" if len(parts) == 3 and parts[1] == POST else ""


def _pictures(rendition: Rendition, parts: Mapping[str, str]) -> dict[str, Any]:
    shown = [
        {
            "image": json.loads(parts[name]),
            "alt": picture.alt,
            "aspectRatio": {"width": picture.width, "height": picture.height},
        }
        for name, picture in zip(picture_parts(rendition), rendition.pictures, strict=True)
    ]
    return {"$type": "app.bsky.embed.images", "images": shown}


def _card(rendition: Rendition) -> dict[str, Any]:
    """The link as a card: the text's first line is its title, the rest stands above it already."""
    words = rendition.text.replace(rendition.link, "").strip()
    title = clip(words.split("\n", 1)[0].strip(), CARD_TITLE) or rendition.link
    card = {"uri": rendition.link, "title": title, "description": ""}
    return {"$type": "app.bsky.embed.external", "external": card}
