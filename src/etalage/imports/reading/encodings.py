"""Which encoding a file's bytes are in, told from its first part."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In Windows-1256 Arabic words are runs of these bytes; in Windows-1252 they are accented letters, which stand alone
# between plain ones.
_ARABIC_RUN = re.compile(rb"[\xc0-\xdf\xe1\xe3-\xe6\xec\xed\xf0-\xf6\xf8\xfa]{3,}")
_ACCENTED_LETTER = re.compile(rb"[a-zA-Z][\xc0-\xff](?:[a-zA-Z]|\b)")


def detect_encoding(head: bytes) -> str:
    """The codec for a file that begins with `head` (its last character may be cut).

    A byte order mark decides; then UTF-16 without one, UTF-8, and at last Windows-1256 where Arabic words show, else
    Windows-1252, which is what tills and old exports write in Western Europe.
    """
    for mark, codec in _BOMS:
        if head.startswith(mark):
            return codec
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if head[0::2].count(0) > len(head) // 4:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        arabic = sum(len(run) for run in _ARABIC_RUN.findall(head))
        return "cp1256" if arabic > 3 * len(_ACCENTED_LETTER.findall(head)) and arabic else "cp1252"
    return "utf-8"
