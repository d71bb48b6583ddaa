"""Letters kept as files: what a shop without a mail server has instead, one file for each letter."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from etalage.kit.ids import uuid7

SUFFIX = ".eml"


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
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = [message for message in email_messages if message.recipients()]
        for message in kept:
            (self.folder / f"{uuid7()}{SUFFIX}").write_bytes(message.message().as_bytes())
        return len(kept)


def erase_kept_letters(addresses: Collection[str]) -> None:
    """Delete the letters to these addresses (lower case) that were kept as files."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    if not folder or not addresses:
        return
    for path in Path(folder).glob(f"*{SUFFIX}"):
        letter = BytesHeaderParser(policy=default).parsebytes(path.read_bytes())
        if {mailbox.addr_spec.lower() for mailbox in letter["to"].addresses} & set(addresses):
            path.unlink(missing_ok=True)
