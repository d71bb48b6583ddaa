"""Tracked links: short addresses that lead to our own public shop and tell where a visit came from."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Store
from etalage.catalogue.models import Product
from etalage.kit.errors import Refusal
from etalage.kit.ids import short_code, steady_code
from etalage.publishing.delivery.states import UNSENT
from etalage.publishing.models import DeliveryState, LinkKind, Post, Publication, TrackedLink

SHOP = "/shop/"
CODE_LENGTH = 8
SAMPLE_CODE = "X" * CODE_LENGTH
LONGEST_TARGET = 500
DRAWS = 5  # 28 ** 8 codes: a second draw is a rarity, a fifth a broken random source


def new_code() -> str:
    """A link code of unambiguous capital letters and digits."""
    return short_code(CODE_LENGTH)


def code_for(publication: Publication, draw: int = 0) -> str:
    """The code of a publication's link, by the publication's id alone.

    A backup that is put back may have been made before the link was. Under a code drawn anew, nobody would find what
    went out under the old one.
    """
    return steady_code(f"{publication.pk}:{draw}", CODE_LENGTH)


def address_of(link: TrackedLink) -> str:
    """The absolute address of a link, as it stands in a post or a QR code."""
    return f"{settings.PUBLIC_ADDRESS}/l/{link.code}"


def sample_address() -> str:
    """An address as long as a real one, for previews of what has no link yet."""
    return f"{settings.PUBLIC_ADDRESS}/l/{SAMPLE_CODE}"


def product_target(slug: str) -> str:
    """The path of a product's public page."""
    return f"{SHOP}p/{slug}/"


def clean_target(text: str) -> str:
    """The path in our public shop that `text` names: a path, or a full address below our own.

    Empty means the shop's own front page. Raises Refusal `target_invalid` for whatever leads elsewhere.
    """
    text = text.strip()
    if not text:
        return SHOP
    if text.startswith(settings.PUBLIC_ADDRESS + "/"):
        text = text.removeprefix(settings.PUBLIC_ADDRESS)
    if len(text) > LONGEST_TARGET or not _stays_at_home(text):
        raise Refusal(
            _("Choose a page of your own shop: its address begins with %(start)s."),
            code="target_invalid",
            status=422,
            start=settings.PUBLIC_ADDRESS + SHOP,
        )
    return text


def _stays_at_home(path: str) -> bool:
    """True for a path below /shop/ that no browser reads as another host, also once or twice decoded."""
    for reading in (path, unquote(path), unquote(unquote(path))):
        if not reading.startswith(SHOP) or "\\" in reading:
            return False
        if any(ord(sign) < 33 or ord(sign) == 127 for sign in path) or any(
            ord(sign) < 32 for sign in reading
        ):
            return False
        parts = urlsplit(reading)
        if parts.scheme or parts.netloc or not parts.path.startswith(SHOP):
            return False
        if ".." in parts.path.split("/") or "//" in parts.path:
            return False
    return True


def target_of(post: Post) -> str:
    """Where a post's links lead: its own target, its only product, or the shop's front page."""
    if post.target:
        return clean_target(post.target)
    slugs = list(post.shown.values_list("product__slug", flat=True)[:2])
    return product_target(slugs[0]) if len(slugs) == 1 else SHOP


#: Where nothing of a publication that is not in doubt can stand on its network.
_STILL_OURS = UNSENT | {DeliveryState.CLAIMED, DeliveryState.PREPARED}


def link_for_publication(publication: Publication) -> TrackedLink:
    """The publication's own link, made when it has none; its target follows the post until it may stand there."""
    target = target_of(publication.post)
    link = TrackedLink.objects.filter(publication=publication).first()
    if link is None:
        return _draw(
            publication=publication,
            post=publication.post,
            campaign_id=publication.post.campaign_id,
            channel_id=publication.channel_id,
            target=target,
        )
    is_new = (link.target, link.campaign_id) != (target, publication.post.campaign_id)
    if is_new and not publication.in_doubt and publication.state in _STILL_OURS:
        link.target, link.campaign_id = target, publication.post.campaign_id
        link.save(update_fields=["target", "campaign"])
    return link


def qr_link_for_product(product: Product, store: Store | None = None) -> TrackedLink:
    """The link for a code on the shelf: one per product and store, or per product alone."""
    found = TrackedLink.objects.filter(kind=LinkKind.QR, product=product, store=store).first()
    return found or _draw(kind=LinkKind.QR, product=product, store=store, target=product_target(product.slug))


def find_link(code: str) -> TrackedLink | None:
    """The link of a code, however it was typed; None when there is none."""
    return TrackedLink.objects.filter(code=code.strip().upper()).first()


def _draw(**fields: object) -> TrackedLink:
    """Make a link with a code that nobody has, or take the one that somebody made for the same thing meanwhile."""
    same = {name: fields[name] for name in ("publication", "kind", "product", "store") if name in fields}
    publication = fields.get("publication")
    for draw in range(DRAWS):
        code = code_for(publication, draw) if isinstance(publication, Publication) else new_code()
        try:
            with transaction.atomic():
                return TrackedLink.objects.create(code=code, **fields)
        except IntegrityError:
            if found := TrackedLink.objects.filter(**same).first():
                return found
    raise RuntimeError("no free link code was drawn")
