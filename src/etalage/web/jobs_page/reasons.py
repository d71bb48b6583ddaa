"""Why work failed, in a sentence, from the class of its error; the error's own words stand beside it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STOPPED = _("Etalage was stopped in the middle of this work each time it was tried.")
DATABASE = _("The database could not be reached, or was busy for too long.")
ELSEWHERE = _("Another computer could not be reached, or did not answer in time.")
MAIL = _("The mail server did not take the letter.")
GONE = _("What this work was about is no longer there.")
DISK = _("A file could not be read or written. Is the disk full?")
UNKNOWN = _("This version of Etalage does not know this work; another version asked for it.")
UNEXPECTED = _(
    "Something unexpected happened. If it fails again, show the words below to whoever looks after Etalage."
)

#: The end of the dotted name of an error's class, and what it means; the first that fits.
MEANINGS: tuple[tuple[tuple[str, ...], Promise], ...] = (
    (("jobs.errors.LeaseLost",), STOPPED),
    (
        ("jobs.errors.UnknownTaskError",),
        _("This version of Etalage does not know this work; another version asked for it."),
    ),
    (("jobs.errors.GiveUp",), _("No further try can help.")),
    (("jobs.errors.RetryAt",), _("It was put off too many times.")),
    (("kit.errors.Refusal",), _("It was refused.")),
    ((".DoesNotExist",), GONE),
    (("OperationalError", "InterfaceError"), DATABASE),
    (("IntegrityError",), _("The data changed meanwhile in a way that this work does not fit.")),
    (("smtplib.",), MAIL),
    (("httpx.", "httpcore.", "TimeoutError", "ConnectionError", "ConnectionRefusedError"), ELSEWHERE),
    (("ConnectionResetError", "socket.gaierror", "ssl."), ELSEWHERE),
    (("OSError", "FileNotFoundError", "PermissionError"), DISK),
)


def reason_of(error_class: str) -> str:
    """What the class of an error, by its dotted name, means for a shop."""
    for parts, meaning in MEANINGS:
        if any(part in error_class if part.endswith(".") else error_class.endswith(part) for part in parts):
            return str(meaning)
    return str(UNEXPECTED)
