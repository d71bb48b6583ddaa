"""The text of a file, in pieces that never outgrow the memory."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO

from etalage.imports.reading.encodings import detect_encoding
from etalage.imports.reading.kinds import refuse_markup, unreasonable
from etalage.imports.reading.refusals import FileRefused

HEAD_BYTES = 256 * 1024
CHUNK_BYTES = 1024 * 1024
BLOCK = 64 * 1024
"""Characters that are cut into lines at once."""
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
    """The lines of a text for `csv.reader`: bounded, without NUL characters, which no database keeps.

    They are read many at a time, and handed on without a step of Python for each. Whoever reads says in `row` how
    many rows have ended.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.row = 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[Iterable[str]]:
        """The text in parts that end where a line ends. Raises FileRefused within a row that is too long."""
        ended, length = 0, 0
        while begun := self._text.read(BLOCK):
            rest = self._text.readline(LONGEST_LINE)
            length = length + len(begun) + len(rest) if self.row == ended else 0
            ended = self.row
            if max(length, len(rest)) >= LONGEST_LINE:
                yield io.StringIO(begun[: _end_of_lines(begun)], newline="")
                raise FileRefused("long_line", row=self.row + 1)
            yield io.StringIO((begun + rest).replace("\0", ""), newline="")


def _end_of_lines(text: str) -> int:
    """Where the last whole line of a text ends."""
    return max(text.rfind("\n"), text.rfind("\r")) + 1


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
