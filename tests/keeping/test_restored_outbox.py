"""Yesterday's backup on a live network: nothing goes out twice, nothing early, and nothing is lost."""

from __future__ import annotations

import shutil
import tarfile
from collections import Counter

import pytest

from etalage.networks.base import Mechanism
from tests.keeping.conftest import SERVER, Kept
from tests.practice_network import PracticeNetwork

KNOWING = [Mechanism.IDEMPOTENCY_KEY, Mechanism.CLIENT_KEY, Mechanism.TWO_PHASE, Mechanism.READ_BACK]


def seeded(kept: Kept, practice: PracticeNetwork, faces: list[Mechanism]) -> dict[str, str]:
    accounts = [f"{face.value}:{practice.open_account(face=face, settle=0.2).token}" for face in faces]
    made: dict[str, str] = kept.deed("seed", practice.base_url, *accounts)
    return made


def out(practice: PracticeNetwork, shop: Kept, made: dict[str, str]) -> Counter[str]:
    """How often each publication stands on the network, by its own ledger."""
    known, ledger = shop.deed("state"), practice.ledger()
    return Counter({name: ledger.count(known[key]["marker"]) for name, key in made.items()})


def test_what_went_out_since_the_backup_is_found_and_not_sent_again(
    kept: Kept, practice: PracticeNetwork
) -> None:
    made = seeded(kept, practice, KNOWING)
    backup = kept.backup()
    gone = [key for name, key in made.items() if name.endswith(("/went_out", "/brought_forward"))]
    kept.deed("send", *gone)
    before = out(practice, kept, made)
    assert sorted(before.values()) == [0] * 8 + [1] * 8

    done = kept.run("restore", str(backup), "--yes")
    assert done.returncode == 0, done.stderr
    assert "16 posts may have gone out since" in done.stdout
    states = kept.deed("work")

    after = out(practice, kept, made)
    for name, key in made.items():
        kind = name.partition("/")[2]
        assert after[name] == (0 if kind == "later" else 1), (name, after)
        assert states[key]["state"] == ("scheduled" if kind == "later" else "published"), name


def test_what_was_approved_then_and_went_out_since_is_found_once_it_is_scheduled_again(
    kept: Kept, practice: PracticeNetwork
) -> None:
    accounts = [f"{face.value}:{practice.open_account(face=face, settle=0.2).token}" for face in KNOWING]
    made: dict[str, str] = kept.deed("approve", practice.base_url, *accounts)
    backup = kept.backup()
    kept.deed("publish", *made.values())
    kept.deed("work")
    assert set(out(practice, kept, made).values()) == {1}

    done = kept.run("restore", str(backup), "--yes")
    assert "4 drafts and approved posts may have been scheduled" in done.stdout, done.stdout + done.stderr
    kept.deed("publish", *made.values())
    states = kept.deed("work")
    assert {states[key]["state"] for key in made.values()} == {"published"}
    assert set(out(practice, kept, made).values()) == {1}


def test_where_the_network_cannot_tell_a_person_is_asked(kept: Kept, practice: PracticeNetwork) -> None:
    made = seeded(kept, practice, [Mechanism.NONE])
    backup = kept.backup()
    kept.deed("send", made["none/went_out"])
    assert kept.run("restore", str(backup), "--yes").returncode == 0
    states = kept.deed("work")
    assert {states[key]["state"] for key in made.values()} == {"needs_person"}
    assert out(practice, kept, made)["none/went_out"] == 1


def test_under_another_address_no_look_proves_anything_so_a_person_is_asked(
    kept: Kept, practice: PracticeNetwork
) -> None:
    made = seeded(kept, practice, [Mechanism.READ_BACK])
    backup = kept.backup()
    kept.deed("send", made["read_back/went_out"])
    kept.more["ETALAGE_PUBLIC_ADDRESS"] = "https://new.example.com"
    done = kept.run("restore", str(backup), "--yes")
    assert "asks you about 4 posts" in done.stdout, done.stdout + done.stderr
    states = kept.deed("work")
    assert {states[key]["state"] for key in made.values()} == {"needs_person"}


def test_a_copy_to_try_out_never_posts(kept: Kept, elsewhere: Kept, practice: PracticeNetwork) -> None:
    made = seeded(kept, practice, [Mechanism.READ_BACK])
    backup = kept.backup("--with-keys")
    done = elsewhere.run("restore", str(backup), "--data", str(elsewhere.folder), "--copy")
    assert "1 channels must be connected again" in done.stdout, done.stderr
    elsewhere.deed("send_nothing")
    assert set(out(practice, kept, made).values()) == {0}
    kept.deed("send", made["read_back/went_out"])
    assert out(practice, kept, made)["read_back/went_out"] == 1


@pytest.mark.skipif(bool(SERVER), reason="the naive way is shown once, on a file")
def test_the_control_a_database_that_is_merely_copied_back_posts_twice(
    kept: Kept, practice: PracticeNetwork
) -> None:
    made = seeded(kept, practice, KNOWING)
    backup = kept.backup()
    kept.deed("send", *[key for name, key in made.items() if name.endswith("/went_out")])
    with tarfile.open(backup) as tar, tar.extractfile("database.sqlite3") as copy:  # type: ignore[union-attr]
        for beside in kept.folder.glob("etalage.sqlite3*"):
            beside.unlink()
        with (kept.folder / "etalage.sqlite3").open("wb") as database:
            shutil.copyfileobj(copy, database)
    kept.deed("work")
    after = out(practice, kept, made)
    # A network that knows our key takes the second attempt for the first; the others show the post twice.
    assert after["read_back/went_out"] == 2 and after["two_phase/went_out"] == 2, after
