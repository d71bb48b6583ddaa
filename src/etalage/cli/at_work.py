"""A command that works on a shop is seen by a restore, and keeps off one that is at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from etalage.cli.say import NO_SHOP

UNFINISHED = (
    "A restore is at work on this shop, or was cut off half-way. Wait for its end, or do it once more: "
    "etalage restore FILE"
)


@contextmanager
def at_work(part: str) -> Iterator[str]:
    """Be seen for the length of a `with` block; yields why nothing may be done, in a sentence, empty when it may.

    First it is seen, and only then it looks for the mark of a restore, which leaves its mark first and only then looks
    for programs: so at least one of the two sees the other.
    """
    with ExitStack() as until_the_end:
        yield _begun(part, until_the_end)


def _begun(part: str, until_the_end: ExitStack) -> str:
    from django.conf import settings
    from django.db import DatabaseError

    from etalage.keeping.restore import is_unfinished, keep_off_unfinished
    from etalage.keeping.running import running

    if not settings.DATA.exists():
        return NO_SHOP
    try:
        until_the_end.enter_context(running(settings.DATA, part, settings.SECRET_KEYS))
    except OSError as error:
        return f"The folder {settings.DATA} cannot be written: {error.strerror}."
    try:
        if is_unfinished(settings.DATA):
            return UNFINISHED
    except (DatabaseError, OSError) as error:
        return f"The database cannot be opened: {str(error).strip()}\nCheck DATABASE_URL, or the data folder."
    keep_off_unfinished()
    return ""
