"""The files of pictures: written before their row, deleted after it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from etalage.catalogue.models import ProductPicture
from etalage.kit import images
from etalage.kit.ids import uuid7

FOLDER = "products"
SMALL_SIDE = 320


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
    """Delete the files of these pictures once the transaction that deletes the rows is through."""
    names = [name for picture in pictures for name in (picture.file.name, picture.small.name) if name]
    transaction.on_commit(partial(forget_files, names))


def forget_files(names: Iterable[str]) -> None:
    """Delete files; one that is gone already, or that the disk will not let go of, is left."""
    for name in names:
        with suppress(OSError):
            default_storage.delete(name)
