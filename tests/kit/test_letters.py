"""Letters kept as files: whole or not there, and erased however the folder looks."""

from __future__ import annotations

import os
import resource
import signal
import threading
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from etalage.kit.letters import KeptLetters, address_digests, erase_kept_letters


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.EMAIL_FILE_PATH = str(tmp_path)
    return tmp_path


def keep(*addresses: str) -> None:
    letters = [EmailMessage("Your code", "Hello " + "x" * 9000, to=[address]) for address in addresses]
    KeptLetters().send_messages(letters)


def kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_only_the_letters_to_these_addresses_go(folder: Path) -> None:
    keep("noor@example.com", "liam@example.com", "Noor <NOOR@example.com>")
    KeptLetters().send_messages([EmailMessage("Hello", "", to=["shop@example.com"], cc=["noor@example.com"])])
    assert erase_kept_letters(address_digests(["noor@example.com"])) == 3
    assert b"liam@" in kept(folder) and b"oor@" not in kept(folder).lower()
    assert erase_kept_letters(address_digests(["noor@example.com"])) == 0
    assert "noor" not in "".join(address_digests(["noor@example.com"]))


def test_nobody_else_on_the_machine_reads_them(folder: Path, settings: Settings) -> None:
    settings.EMAIL_FILE_PATH = str(folder / "mail")
    before = os.umask(0o022)
    try:
        keep("noor@example.com")
    finally:
        os.umask(before)
    modes = [path.stat().st_mode & 0o077 for path in (folder / "mail", *(folder / "mail").iterdir())]
    assert len(modes) == 3 and not any(modes)


def test_a_torn_letter_one_that_vanishes_and_half_of_one_keep_nobody_from_being_erased(folder: Path) -> None:
    (folder / "0.eml").touch()  # a disk that was full
    (folder / "1.eml").write_bytes(b"Subject: Your code\nTo: noor@exam")
    (folder / "2.eml").symlink_to(folder / "nothing")
    (folder / "3.part").write_bytes(b"To: noor@example.com")
    keep("noor@example.com", "liam@example.com")
    assert erase_kept_letters(address_digests(["noor@example.com"])) == 3
    (folder / "2.eml").unlink()
    assert b"liam@" in kept(folder) and b"noor" not in kept(folder)


def test_a_key_that_was_changed_since_finds_them_as_well(folder: Path, settings: Settings) -> None:
    keep("noor@example.com")
    digests = address_digests(["noor@example.com"])
    settings.SECRET_KEYS = ["a fresh key " + "z" * 40, *settings.SECRET_KEYS]
    assert erase_kept_letters(digests) == 1


def test_a_full_disk_leaves_no_half_letter(folder: Path) -> None:
    """In a process of its own, which may write files of 4,096 bytes at most."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            keep("noor@example.com")
        except OSError:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert kept(folder) == b""


def test_two_who_erase_at_once_take_turns(folder: Path) -> None:
    keep(*["noor@example.com", "liam@example.com"] * 50)
    erased = [0, 0]

    def erase(number: int) -> None:
        erased[number] = erase_kept_letters(address_digests(["noor@example.com"]))

    threads = [threading.Thread(target=erase, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(erased) == [0, 50]
    assert b"noor" not in kept(folder)
