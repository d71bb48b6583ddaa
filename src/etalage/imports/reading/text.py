"""The text of a file, in pieces that never outgrow the memory."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from etalage.imports.reading.encodings import detect_encoding
from etalage.imports.reading.kinds import refuse_markup, unreasonable
from etalage.imports.reading.refusals import FileRefused

HEAD_BYTES = 256 * 1024
CHUNK_BYTES = 1024 * 1024
LONGEST_LINE = 1_000_000
"""Characters of one line, or of one row whose cells hold line breaks."""
BROKEN = (OSError, EOFError, zlib.error)
Stream = IO[bytes] | gzip.GzipFile


@contextmanager
def reading_faults() -> Iterator[None]:
    """Turn what a damaged file raises into the refusal that says so; a fault of the disk itself passes."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise FileRefused("encoding") from error
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FileRefused("broken") from error


def head_of(stream: Stream) -> bytes:
    """The first part of a text; raises FileRefused for an empty one, a web page, and what is no text."""
    with reading_faults():
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
    if not head.strip():
        raise FileRefused("empty")
    refuse_markup(head)
    return head


def known_codec(name: str) -> str:
    """The codec called `name`. Raises FileRefused when there is none for text."""
    try:
        if codecs.lookup(name)._is_text_encoding:
            return name
    except LookupError:
        pass
    raise FileRefused("unknown_encoding")


class Lines:
    """The lines of a text for `csv.reader`: bounded, without NUL characters, which no database keeps."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._lines = iter(partial(text.readline, LONGEST_LINE), "")
        self._length = 0
        self.row = 1

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._length += len(line)
            if self._length >= LONGEST_LINE:
                raise FileRefused("long_line", row=self.row)
            yield line.replace("\0", "") if "\0" in line else line

    def row_ended(self) -> None:
        """Count anew: what follows is another row."""
        self._length = 0
        self.row += 1


def survey(path: Path, *, packed: bool, told: str = "") -> str:
    """Read a whole text once, without keeping it, and return the encoding in which all of it can be read.

    Raises FileRefused when it is cut off, unpacks without end, or mixes encodings: before the first row is
    taken, so that nothing is half done.
    """
    with path.open("rb") as file:
        stream: Stream = gzip.GzipFile(fileobj=file) if packed else file
        head = head_of(stream)
        codec = known_codec(told) if told else detect_encoding(head)
        with reading_faults():
            return _decode_all(stream, codec, path.stat().st_size, may_change=not told)


def _decode_all(stream: Stream, codec: str, size: int, *, may_change: bool) -> str:
    decoder = codecs.getincrementaldecoder(codec)()
    plain, unpacked = True, 0
    while chunk := stream.read(CHUNK_BYTES):
        unpacked += len(chunk)
        if unreasonable(unpacked, size):
            raise FileRefused("bomb")
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            # The head was plain ASCII, which is UTF-8 too; only now an accent shows what it is.
            if codec != "utf-8" or not plain or not may_change:
                raise
            codec = detect_encoding(chunk)
            decoder = codecs.getincrementaldecoder(codec)()
            decoder.decode(chunk)
        plain = plain and chunk.isascii()
    decoder.decode(b"", final=True)
    return codec
