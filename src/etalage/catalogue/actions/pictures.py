"""Pictures of products: taken in, described, fetched from the addresses that files name, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from etalage.accounts import audit
from etalage.accounts.models import Member
from etalage.catalogue.actions.products import locked
from etalage.catalogue.fetching import Unfetched, fetch
from etalage.catalogue.models import ProductPicture, WantedPicture
from etalage.catalogue.storage import delete_files, forget_files, store_picture
from etalage.jobs import enqueue_many
from etalage.kit import clock, images
from etalage.kit.errors import Refusal
from etalage.kit.http_guarded import GuardedClient
from etalage.kit.text import TranslatedText

MOST_PICTURES = 20
MOST_TRIES = 4
LONGEST_ALT = 1500
FETCH = "etalage.catalogue.tasks.fetch_picture"


@dataclass(frozen=True)
class FetchOutcome:
    """`reason` is empty when the picture is there; `again_at` is set when it is worth another try."""

    reason: str = ""
    again_at: datetime | None = None


def add_picture(
    actor: Member, product_id: UUID, file: BinaryIO | bytes, alt: Mapping[str, str] | None = None
) -> ProductPicture:
    """Take a picture in, cleaned and bounded. Raises `images.PictureRefused` for what is none, or Refusal."""
    taken = images.take_in(file)  # before the transaction: decoding takes long
    picture = ProductPicture(alt=checked_alt(alt or {}))
    store_picture(picture, taken)
    try:
        with transaction.atomic():
            product = locked(product_id)
            if product.pictures.count() >= MOST_PICTURES:
                raise Refusal(
                    _("A product has at most %(number)d pictures. Remove one first."),
                    code="too_many_pictures",
                    status=422,
                    number=MOST_PICTURES,
                )
            last = product.pictures.aggregate(last=Max("position"))["last"]
            picture.product, picture.position = product, 0 if last is None else last + 1
            picture.save(force_insert=True)
            audit.record(actor, "product.picture_added", product)
    except BaseException:
        forget_files([picture.file.name or "", picture.small.name or ""])
        raise
    return picture


@transaction.atomic
def describe_picture(actor: Member, picture_id: UUID, alt: Mapping[str, str]) -> ProductPicture:
    """Set the words for those who cannot see the picture, per language."""
    picture = _picture(picture_id)
    picture.alt = checked_alt(alt)
    picture.save(update_fields=["alt"])
    audit.record(actor, "product.picture_described", picture.product)
    return picture


@transaction.atomic
def remove_picture(actor: Member, picture_id: UUID) -> None:
    """Take a picture out of the product, with its files. Posts that show it keep their own copy."""
    picture = _picture(picture_id)
    product = picture.product
    delete_files([picture])
    picture.delete()
    audit.record(actor, "product.picture_removed", product)


def fetch_wanted(wanted_id: UUID, client: GuardedClient | None = None) -> FetchOutcome:
    """Fetch a picture that a file names; where that fails, keep the reason with it for people to see."""
    wanted = WantedPicture.objects.filter(pk=wanted_id).first()
    if wanted is None:
        return FetchOutcome()
    try:
        taken = fetch(wanted.source, client or GuardedClient(max_bytes=images.MAX_BYTES))
    except Unfetched as failure:
        return _note_failure(wanted, failure)
    picture = ProductPicture(source=wanted.source)
    store_picture(picture, taken)
    if not _replace(wanted, picture):
        forget_files([picture.file.name or "", picture.small.name or ""])
    return FetchOutcome()


@transaction.atomic
def _replace(wanted: WantedPicture, picture: ProductPicture) -> bool:
    """Put the fetched picture in the place of the wanted one; False when nobody wants it any more."""
    still = WantedPicture.objects.select_for_update().filter(pk=wanted.pk).first()
    if still is None:
        return False
    picture.product_id, picture.alt, picture.position = still.product_id, still.alt, still.position
    picture.save(force_insert=True)
    still.delete()
    return True


def _note_failure(wanted: WantedPicture, failure: Unfetched) -> FetchOutcome:
    tries = wanted.tries + 1
    WantedPicture.objects.filter(pk=wanted.pk).update(
        reason=failure.reason, tries=tries, tried_at=clock.now()
    )
    again = failure.may_pass and tries < MOST_TRIES
    return FetchOutcome(failure.reason, clock.now() + timedelta(minutes=4**tries) if again else None)


@transaction.atomic
def fetch_again(actor: Member, product_id: UUID) -> int:
    """Try the pictures of a product that could not be fetched once more; return how many."""
    product = locked(product_id)
    failed = list(product.wanted_pictures.exclude(reason="").values_list("pk", flat=True))
    WantedPicture.objects.filter(pk__in=failed).update(reason="", tries=0)
    enqueue_many(FETCH, [(wanted,) for wanted in failed])
    audit.record(actor, "product.pictures_fetched_again", product, pictures=len(failed))
    return len(failed)


@transaction.atomic
def forget_wanted(actor: Member, product_id: UUID) -> int:
    """Do without the pictures that could not be fetched; return how many."""
    product = locked(product_id)
    count, _rows = product.wanted_pictures.exclude(reason="").delete()
    audit.record(actor, "product.pictures_forgotten", product, pictures=count)
    return count


def checked_alt(alt: Mapping[str, str]) -> TranslatedText:
    """A description per language, without blanks around. Raises Refusal for too long ones."""
    if any(len(words) > LONGEST_ALT for words in alt.values()):
        raise Refusal(
            _("A description has at most %(number)d characters."),
            code="alt_too_long",
            status=422,
            number=LONGEST_ALT,
        )
    return TranslatedText({language: " ".join(words.split()) for language, words in alt.items()})


def _picture(picture_id: UUID) -> ProductPicture:
    picture = ProductPicture.objects.select_related("product").filter(pk=picture_id).first()
    if picture is None:
        raise Refusal(_("This picture is no longer there. Reload the page."), code="picture_gone", status=404)
    return picture
