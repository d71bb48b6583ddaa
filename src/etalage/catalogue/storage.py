"""The files of pictures: written before their row, deleted a day after it.

A backup copies the rows first and the files last; what it names must be there until it is through.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from etalage.catalogue.models import ProductPicture
from etalage.jobs import enqueue_once
from etalage.kit import images
from etalage.kit.ids import uuid7

FOLDER = "products"
SMALL_SIDE = 320
FILES_STAY = timedelta(days=1)
FORGET = "etalage.catalogue.tasks.forget_files"
AT_ONCE = 500


def store_picture(picture: ProductPicture, taken: images.Picture) -> None:
    """Write the files of a picture that was taken in, the large and the small one, and set them on the row."""
    name = f"{FOLDER}/{uuid7()}"
    small = images.fit(taken.data, width=SMALL_SIDE, height=SMALL_SIDE, mode="contain", format="webp")
    picture.width, picture.height = taken.width, taken.height
    picture.file.save(f"{name}{taken.name_suffix}", ContentFile(taken.data), save=False)
    try:
        picture.small.save(f"{name}-small{small.name_suffix}", ContentFile(small.data), save=False)
    except OSError:
        forget_files([picture.file.name or ""])
        raise


def delete_files(pictures: Iterable[ProductPicture]) -> None:
    """Delete the files of these pictures, whose rows go with this transaction, a day later."""
    names = [name for picture in pictures for name in (picture.file.name, picture.small.name) if name]
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        enqueue_once(FORGET, some[0], some, run_after=FILES_STAY)


def forget_files(names: Iterable[str]) -> None:
    """Delete files; one that is gone already, or that the disk will not let go of, is left."""
    for name in names:
        with suppress(OSError):
            default_storage.delete(name)
