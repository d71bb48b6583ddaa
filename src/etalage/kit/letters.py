"""Letters kept as files: what a shop without a mail server has instead, one file for each letter.

A letter gets its name once it is whole, so that a kill or a full disk leaves no half of one under it. Whoever writes
and whoever erases keep out of each other's way by a lock that a kill gives back: an erasure waits for letters that are
being written, and what is not whole then is nobody's any more.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.kit.secrets import keyed_digest

log = logging.getLogger(__name__)
SUFFIX = ".eml"
PART = ".part"
TURN = ".turn"
WAIT_S = 10.0
_LOOK_S = 0.02


class KeptLetters(BaseEmailBackend):
    """The mail back end that keeps each letter in a file of its own under `EMAIL_FILE_PATH`.

    Django's own names a file by the second and by a place in memory, so that two letters may share one: whoever
    erases one then erases, or overlooks, the other.
    """

    def __init__(self, *args: Any, file_path: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = file_path or settings.EMAIL_FILE_PATH
        if not folder:
            raise ImproperlyConfigured("EMAIL_FILE_PATH must name the folder in which letters are kept.")
        self.folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the letters; how many there were. OSError when one cannot be written."""
        kept = [message for message in email_messages if message.recipients()]
        with _turn(self.folder, fcntl.LOCK_SH):
            for message in kept:
                _write(self.folder / f"{uuid7()}{SUFFIX}", message.message().as_bytes())
        return len(kept)


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write(path: Path, letter: bytes) -> None:
    """Write a letter, whole or not at all."""
    part = path.with_suffix(PART)
    try:
        with open(part, "wb", opener=_for_us_alone) as file:
            file.write(letter)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def writing_letters() -> AbstractContextManager[None]:
    """Let no kept letter be erased in a `with` block: who is looked up in it is written to before, or not at all.

    Raises BlockingIOError when letters are being erased for longer than `WAIT_S`. Where letters go out by mail there
    is nothing to wait for.
    """
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    return _turn(Path(folder), fcntl.LOCK_SH) if folder else nullcontext()


def address_digests(addresses: Iterable[str]) -> list[str]:
    """What a job may carry of addresses (lower case) whose letters are to be erased: it tells nobody which they are."""
    return sorted(keyed_digest(settings.SECRET_KEYS[0], address) for address in addresses)


def erase_kept_letters(digests: Collection[str]) -> int:
    """Delete the letters to these addresses that were kept as files, and what is no whole letter; how many.

    Repeating it does no harm. Raises BlockingIOError when a letter is being written for longer than `WAIT_S`.
    """
    folder, meant = Path(getattr(settings, "EMAIL_FILE_PATH", None) or ""), set(digests)
    if not folder.name or not folder.exists():
        return 0
    erased = 0
    with _turn(folder, fcntl.LOCK_EX):
        for part in folder.glob(f"*{PART}"):  # of one that was killed: all others have ended
            part.unlink(missing_ok=True)
        for path in folder.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):  # somebody tidies up here as well
                if _is_to(path.read_bytes(), meant):
                    path.unlink()
                    erased += 1
    return erased


def _is_to(letter: bytes, digests: set[str]) -> bool:
    """Whether a letter is to one of these addresses; what was torn before it says to whom it is counts as such."""
    headers = BytesHeaderParser(policy=default).parsebytes(letter)
    if not headers["to"] or not any(end in letter for end in (b"\n\n", b"\r\n\r\n")):
        log.warning("a kept letter that does not say to whom it is was deleted")
        return True
    named = [mailbox.addr_spec.lower() for name in ("to", "cc") for mailbox in _mailboxes(headers[name])]
    return any(keyed_digest(key, address) in digests for key in settings.SECRET_KEYS for address in named)


def _mailboxes(header: Any) -> Sequence[Any]:
    return header.addresses if header else ()


@contextmanager
def _turn(folder: Path, way: int) -> Iterator[None]:
    """Hold the folder's lock, shared or alone. Raises BlockingIOError after `WAIT_S`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(folder / TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = clock.elapsed() + WAIT_S
        while True:
            try:
                fcntl.flock(file, way | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if clock.elapsed() >= deadline:
                    raise
                time.sleep(_LOOK_S)
        yield
    finally:
        os.close(file)
