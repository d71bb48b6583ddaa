"""Extended grapheme clusters (UAX #29), as a reader counts characters.

Small on purpose: `unicodedata` gives the categories, one table the pictographs. Rule GB9c (Indic conjuncts)
is left out: no language of the interface uses it.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

_ZWJ = "\u200d"

# Extended_Pictographic of emoji-data.txt (Unicode 15): first and last of each range.
_PICTOGRAPHS = (
    (0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x203C), (0x2049, 0x2049), (0x2122, 0x2122),
    (0x2139, 0x2139), (0x2194, 0x2199), (0x21A9, 0x21AA), (0x231A, 0x231B), (0x2328, 0x2328),
    (0x2388, 0x2388), (0x23CF, 0x23CF), (0x23E9, 0x23F3), (0x23F8, 0x23FA), (0x24C2, 0x24C2),
    (0x25AA, 0x25AB), (0x25B6, 0x25B6), (0x25C0, 0x25C0), (0x25FB, 0x25FE), (0x2600, 0x2605),
    (0x2607, 0x2612), (0x2614, 0x2685), (0x2690, 0x2705), (0x2708, 0x2712), (0x2714, 0x2714),
    (0x2716, 0x2716), (0x271D, 0x271D), (0x2721, 0x2721), (0x2728, 0x2728), (0x2733, 0x2734),
    (0x2744, 0x2744), (0x2747, 0x2747), (0x274C, 0x274C), (0x274E, 0x274E), (0x2753, 0x2755),
    (0x2757, 0x2757), (0x2763, 0x2767), (0x2795, 0x2797), (0x27A1, 0x27A1), (0x27B0, 0x27B0),
    (0x27BF, 0x27BF), (0x2934, 0x2935), (0x2B05, 0x2B07), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50),
    (0x2B55, 0x2B55), (0x3030, 0x3030), (0x303D, 0x303D), (0x3297, 0x3297), (0x3299, 0x3299),
    (0x1F000, 0x1F0FF), (0x1F10D, 0x1F10F), (0x1F12F, 0x1F12F), (0x1F16C, 0x1F171), (0x1F17E, 0x1F17F),
    (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A), (0x1F1AD, 0x1F1E5), (0x1F201, 0x1F20F), (0x1F21A, 0x1F21A),
    (0x1F22F, 0x1F22F), (0x1F232, 0x1F23A), (0x1F23C, 0x1F23F), (0x1F249, 0x1F3FA), (0x1F400, 0x1F53D),
    (0x1F546, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F774, 0x1F77F), (0x1F7D5, 0x1F7FF), (0x1F80C, 0x1F80F),
    (0x1F848, 0x1F84F), (0x1F85A, 0x1F85F), (0x1F888, 0x1F88F), (0x1F8AE, 0x1F8FF), (0x1F90C, 0x1F93A),
    (0x1F93C, 0x1F945), (0x1F947, 0x1FAFF), (0x1FC00, 0x1FFFD),
)  # fmt: skip
_STARTS = [first for first, _ in _PICTOGRAPHS]
_JOINING = frozenset("\u200c\u0e33\u0eb3\uff9e\uff9f")  # ZWNJ, Thai and Lao AM, half-width sound marks
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")


def clusters(text: str) -> Iterator[str]:
    """Yield the grapheme clusters of `text`; together they are `text`."""
    start = 0
    for place in range(1, len(text)):
        if _breaks(text, start, place):
            yield text[start:place]
            start = place
    if text:
        yield text[start:]


def _breaks(text: str, start: int, place: int) -> bool:
    """Whether a cluster that began at `start` ends before `place`."""
    before, after = text[place - 1], text[place]
    left, right = _kind(before), _kind(after)
    if before == "\r" and after == "\n":
        return False
    if "control" in (left, right):
        return True
    if right in ("extend", "zwj") or left == "prepend":
        return False
    if left == "zwj" and right == "pictograph":
        return not _joined_pictograph(text, start, place - 1)
    if left == right == "flag":
        return _flags_before(text, start, place) % 2 == 0
    return (left, right) not in _HANGUL


def _joined_pictograph(text: str, start: int, zwj: int) -> bool:
    """Whether the joiner at `zwj` follows a pictograph, with nothing but extensions between."""
    place = zwj - 1
    while place >= start and _kind(text[place]) == "extend":
        place -= 1
    return place >= start and _kind(text[place]) == "pictograph"


def _flags_before(text: str, start: int, place: int) -> int:
    count = 0
    while place - count > start and _kind(text[place - 1 - count]) == "flag":
        count += 1
    return count


_HANGUL = frozenset(
    {("L", "L"), ("L", "V"), ("L", "LV"), ("L", "LVT")}
    | {("LV", "V"), ("LV", "T"), ("V", "V"), ("V", "T"), ("LVT", "T"), ("T", "T")}
)


@lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    code = ord(character)
    if character == _ZWJ:
        return "zwj"
    if 0x1F1E6 <= code <= 0x1F1FF:
        return "flag"
    if character in _JOINING or 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:
        return "extend"
    if character in _PREPENDED:
        return "prepend"
    category = unicodedata.category(character)
    if category[0] == "M":
        return "extend"
    if category in ("Cc", "Cf", "Zl", "Zp"):
        return "control"
    place = bisect_right(_STARTS, code) - 1
    if place >= 0 and code <= _PICTOGRAPHS[place][1]:
        return "pictograph"
    return _hangul_kind(code)


def _hangul_kind(code: int) -> str:
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    return "other"
