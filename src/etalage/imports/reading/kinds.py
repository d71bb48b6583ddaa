"""What a file is, told from its first bytes and never from its name."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from etalage.imports.reading.refusals import FileRefused

_REFUSED = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"RIFF", "picture"),
    (b"II*\0", "picture"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"),
)
_MARKUP = re.compile(rb"^\s*(?:<!doctype|<html|<\?xml|<svg|<script|<head|<body)", re.IGNORECASE)
_MOST_UNPACKED = 4 * 1024**3
_HIGHEST_RATIO = 200
_MOST_SHARED_TEXT = 256 * 1024**2  # a workbook's table of texts is the one part that has to be held in memory


def kind_of(path: Path) -> str:
    """ "gzip", "xlsx" or "text". Raises FileRefused for anything else, saying what it is."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        raise FileRefused("empty")
    for magic, code in _REFUSED:
        if head.startswith(magic):
            raise FileRefused(code)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"PK"):
        return _workbook(path)
    refuse_markup(head)
    return "text"


def refuse_markup(head: bytes) -> None:
    """Raise FileRefused when a text is a web page or XML, in whatever encoding."""
    if _MARKUP.match(head.lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"")):
        raise FileRefused("web_page")


def _workbook(path: Path) -> str:
    """Check that a zip is an .xlsx of a reasonable size, before anything in it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise FileRefused("broken") from error
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise FileRefused("archive")
    shared = sum(entry.file_size for entry in entries if entry.filename == "xl/sharedStrings.xml")
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if shared > _MOST_SHARED_TEXT or unreasonable(unpacked, packed):
        raise FileRefused("bomb")
    return "xlsx"


def unreasonable(unpacked: int, packed: int) -> bool:
    """Whether so many bytes out of so few are a trap and not a table."""
    return unpacked > _MOST_UNPACKED or (
        unpacked > 64 * 1024**2 and unpacked / max(1, packed) > _HIGHEST_RATIO
    )
