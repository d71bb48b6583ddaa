"""An instance: what people type for it, and what it says about itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isqrt
from typing import Any
from urllib.parse import urlsplit

import httpx

from etalage.networks import inside
from etalage.networks.abilities import Abilities, Aim, Mechanism, TextUnit
from etalage.networks.wire import whole

#: How long real Mastodon remembers an idempotency key. Whoever relies on it leaves a margin.
KEY_VALID_FOR = timedelta(hours=1)
PARTS_VALID_FOR = timedelta(hours=20)  # it drops pictures that no status shows after a day
SETTLE = timedelta(seconds=30)  # a request that was given up may still be worked on by the server
_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_NO_DELETE = frozenset({"snac"})  # software whose API takes nothing away
_NAME = re.compile(r"[\w.-]*")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


@dataclass(frozen=True)
class Typed:
    """What somebody typed: the instance's origin, and the account's name where it was given."""

    origin: str
    username: str = ""


def read_address(text: str) -> Typed:
    """Read "mastodon.social", "@me@mastodon.social", "https://mastodon.social/@me" and their like.

    Always https, except for an inside origin that the installation names. ValueError when it is no address.
    """
    scheme, found, rest = text.strip().removeprefix("acct:").rpartition("://")
    head, _, path = (rest if found else text.strip().removeprefix("acct:")).partition("/")
    name, _, place = head.lstrip("@").rpartition("@")
    name = name or next((part[1:].split("@")[0] for part in path.split("/") if part.startswith("@")), "")
    try:
        host = httpx.URL(f"https://{place}").raw_host.decode("ascii").lower()
        port = urlsplit(f"//{place}").port
    except (httpx.InvalidURL, ValueError, UnicodeError) as problem:
        raise ValueError(f"{text!r} is no address.") from problem
    plain = f"http://{host}" if port in (None, 80) else f"http://{host}:{port}"
    secure = f"https://{host}" if port in (None, 80, 443) else f"https://{host}:{port}"
    is_inside = scheme.lower() != "https" and inside.may_be_inside(plain)
    is_host = _HOST.fullmatch(host) and ("." in host or is_inside or inside.may_be_inside(secure))
    if not is_host or scheme.lower() not in ("", "http", "https") or not _NAME.fullmatch(name):
        raise ValueError(f"{text!r} is no address.")
    return Typed(plain if is_inside else secure, name.lower())


def host_of(origin: str) -> str:
    """The part of an origin that people write behind the second @."""
    return origin.partition("://")[2]


def abilities_from(data: Mapping[str, Any], software: str) -> Abilities:
    """Limits as the instance states them; `software` is its name in NodeInfo, empty when it names none.

    Only real Mastodon is trusted to honour idempotency keys, and only it is known to count as a reader does, with a
    fixed weight for each link; others count code points at most, links as they stand. A fork of it that weighs a short
    link more, under another name, says so itself when it refuses the text.
    """
    configuration = _part(data, "configuration")
    texts, media = _part(configuration, "statuses"), _part(configuration, "media_attachments")
    is_mastodon = software == "mastodon"
    types = media.get("supported_mime_types")
    formats = tuple(kind for kind in _PICTURES if isinstance(types, list) and kind in types)
    # The area of a picture is limited, not its sides: whatever fits into the square of that area will do.
    side = isqrt(_limit(media, "image_matrix_limit", 16_777_216))
    return Abilities(
        text_limit=_limit(texts, "max_characters", _limit(data, "max_toot_chars", 500)),
        text_unit=TextUnit.GRAPHEMES if is_mastodon else TextUnit.CHARACTERS,
        link_length=_limit(texts, "characters_reserved_per_url", 23) if is_mastodon else None,
        counts_mention_hosts=not is_mastodon,
        mechanism=Mechanism.IDEMPOTENCY_KEY if is_mastodon else Mechanism.READ_BACK,
        key_valid_for=KEY_VALID_FOR if is_mastodon else None,
        parts_valid_for=PARTS_VALID_FOR,
        settle=SETTLE,
        max_pictures=_limit(texts, "max_media_attachments", 4),
        picture_formats=formats or _PICTURES[:2],
        picture_max_bytes=_limit(media, "image_size_limit", 8_000_000),
        picture_max_width=side,
        picture_max_height=side,
        picture_min_ratio=0.1,
        picture_max_ratio=10.0,
        alt_text_limit=_limit(media, "description_limit", 1500),
        can_edit=True,
        can_withdraw=software not in _NO_DELETE,
        can_measure=True,
        good_for=(Aim.AWARENESS, Aim.RELATION),
    )


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _limit(data: Mapping[str, Any], name: str, default: int) -> int:
    found = whole(data.get(name))
    return found if found and found > 0 else default
