"""What people do with products: each deed is checked, done whole, and stands in the trail."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from etalage.accounts.models import AuditEntry
from etalage.catalogue import actions, queries
from etalage.catalogue.actions.products import ProductTexts
from etalage.catalogue.models import Product, ProductPicture, ProductStatus, Variant
from etalage.catalogue.storage import FILES_STAY
from etalage.jobs.idle import run_until_idle
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.kit.money import Money
from tests.catalogue.conftest import make_product, picture_bytes
from tests.conftest import World

TEXTS = ProductTexts(
    {"en": "Teapot", "fr": "Théière"}, {"en": "Holds a litre."}, "Lune", "Kitchen", ["tea", " tea", ""]
)
NEW = {
    "title_en": "Teapot",
    "title_fr": "Théière",
    "sku": "T1",
    "price": "39,95",
    "barcode": "541",
    "category": "Kitchen",
    "tags": "tea, pot",
}


def trail() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def refusal_of(act: Any, *args: Any, **values: Any) -> str:
    with pytest.raises(Refusal) as refused:
        act(*args, **values)
    return refused.value.code


def test_a_product_made_by_hand_can_be_found_and_bought(world: World) -> None:
    made = actions.create_product(world.member, TEXTS, sku="T1", price=Money(3995, "EUR"))
    assert (made.slug, made.handle, made.tags) == ("teapot", "T1", ["tea"])
    for words in ("teapot", "THÉIÈRE", "theiere", "t1", "lune kitchen"):
        assert [card.product.pk for card in queries.search_products(words)] == [made.pk], words
    assert queries.search_products("coffee") == []
    assert trail() == ["product.created"]


def test_an_article_number_is_given_once(world: World) -> None:
    actions.create_product(world.member, TEXTS, sku="T1", price=Money(1, "EUR"))
    assert (
        refusal_of(actions.create_product, world.member, TEXTS, sku="T1", price=Money(1, "EUR"))
        == "sku_taken"
    )
    other = make_product()
    assert (
        refusal_of(actions.add_variant, world.member, other.pk, sku="T1", price=Money(1, "EUR"))
        == "sku_taken"
    )


def test_texts_prices_and_status_change_while_the_address_stays(world: World) -> None:
    product = make_product()
    actions.edit_product(world.member, product.pk, TEXTS)
    variant = actions.add_variant(
        world.member, product.pk, sku="CUP-M", price=Money(900, "EUR"), option="M / Blue"
    )
    assert (variant.option_text, variant.position) == ("M / Blue", 1)
    actions.edit_variant(world.member, variant.pk, price=Money(800, "EUR"), compare_at=Money(900, "EUR"))
    low = refusal_of(
        actions.edit_variant, world.member, variant.pk, price=Money(800, "EUR"), compare_at=Money(800, "EUR")
    )
    assert low == "compare_at_too_low"
    actions.set_status(world.manager, product.pk, ProductStatus.ARCHIVED)
    product.refresh_from_db()
    assert (product.slug, str(product.title), product.status) == ("cup", "Teapot", "archived")
    assert queries.search_products("teapot") == []
    assert trail() == [
        "product.changed", "product.article_added", "product.article_changed", "product.status_changed"
    ]  # fmt: skip


def test_pictures_are_cleaned_described_and_removed_with_their_files(world: World, settings: Any) -> None:
    product = make_product()
    picture = actions.add_picture(world.member, product.pk, picture_bytes(), {"en": " A  cup "})
    assert dict(picture.alt) == {"en": "A cup"}
    actions.describe_picture(world.member, picture.pk, {"en": "A blue cup", "ar": "كوب أزرق"})
    files = list(Path(settings.MEDIA_ROOT).rglob("*.webp"))
    assert len(files) == 2
    actions.remove_picture(world.member, picture.pk)
    assert list(Path(settings.MEDIA_ROOT).rglob("*.webp")) == files, "a backup may name them still"
    with time_machine.travel(clock.now() + FILES_STAY + timedelta(minutes=1)):
        run_until_idle()
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.webp"))
    assert trail() == ["product.picture_added", "product.picture_described", "product.picture_removed"]


def test_a_picture_for_a_product_that_is_gone_leaves_no_file(world: World, settings: Any) -> None:
    product = make_product()
    gone = product.pk
    product.delete()
    assert refusal_of(actions.add_picture, world.member, gone, picture_bytes()) == "product_gone"
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.webp"))


def test_the_form_of_a_new_product_takes_a_decimal_comma(world: World, signed_in: dict[str, Client]) -> None:
    answer = signed_in["member"].post(reverse("catalogue:new"), NEW)
    product = Product.objects.get()
    assert answer.headers["Location"] == reverse("catalogue:product", args=[product.pk])
    assert product.variants.get().price == Money(3995, "EUR")
    page = signed_in["member"].post(reverse("catalogue:new"), {**NEW, "price": "dear"}).content.decode()
    assert "Write an amount such as" in page


def test_a_bad_picture_is_told_and_the_good_one_kept(world: World, signed_in: dict[str, Client]) -> None:
    product = make_product()
    files = [
        SimpleUploadedFile("cup.png", picture_bytes()),
        SimpleUploadedFile("cup.jpg", b"<svg onload='alert(1)'></svg>", "image/jpeg"),
    ]
    address = reverse("catalogue:add_pictures", args=[product.pk])
    answer = signed_in["member"].post(address, {"pictures": files, "alt_en": "A cup"})
    assert answer.status_code == 422
    assert "cup.jpg: This is not a picture we can use." in answer.content.decode()
    assert ProductPicture.objects.count() == 1


ROLES = {
    "products": "counter",
    "product": "counter",
    "new": "member",
    "edit": "member",
    "add_article": "member",
    "article": "member",
    "add_pictures": "member",
    "stock": "manager",
}
ORDER = ["stranger", "counter", "member", "manager", "owner"]


@pytest.mark.parametrize("name", ROLES)
def test_each_page_opens_from_its_role_upwards(world: World, signed_in: dict[str, Client], name: str) -> None:
    product = make_product()
    variant = Variant.objects.get()
    args = {"products": [], "new": [], "article": [variant.pk]}.get(name, [product.pk])
    address = reverse(f"catalogue:{name}", args=args)
    for role in ORDER:
        status = signed_in[role].get(address).status_code
        may = ORDER.index(role) >= ORDER.index(ROLES[name])
        assert status == (200 if may else 302 if role == "stranger" else 403), role


@pytest.mark.parametrize(
    ("name", "role"), [("status", "member"), ("retire", "member"), ("pictures_again", "counter")]
)
def test_a_deed_above_the_role_is_refused_and_not_done(
    world: World, signed_in: dict[str, Client], name: str, role: str
) -> None:
    product = make_product()
    variant = Variant.objects.get()
    target = variant.pk if name == "retire" else product.pk
    answer = signed_in[role].post(reverse(f"catalogue:{name}", args=[target]), {"status": "archived"})
    assert answer.status_code == 403
    product.refresh_from_db()
    variant.refresh_from_db()
    assert (product.status, variant.retired_at, trail()) == ("active", None, [])


def test_retired_articles_come_back(world: World, signed_in: dict[str, Client]) -> None:
    make_product()
    variant = Variant.objects.get()
    address = reverse("catalogue:retire", args=[variant.pk])
    signed_in["manager"].post(address)
    variant.refresh_from_db()
    assert variant.retired_at
    signed_in["manager"].post(address, {"back": "1"})
    variant.refresh_from_db()
    assert variant.retired_at is None
