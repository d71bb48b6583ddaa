"""Tracked links lead to our own shop and nowhere else."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.catalogue.models import Product
from etalage.kit.errors import Refusal
from etalage.publishing import links
from etalage.publishing.models import TrackedLink
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost

ELSEWHERE = [
    "https://evil.example/",
    "http://localhost:8000.evil.example/shop/",
    "http://localhost:8000@evil.example/shop/",
    "//evil.example/shop/",
    "///evil.example/shop/",
    "/\\evil.example/shop/",
    "\\\\evil.example/shop/",
    "/shop//evil.example",
    "/shop/..//evil.example",
    "/shop/../../settings/",
    "/shop/%2e%2e/settings/",
    "/shop/%252e%252e/settings/",
    "/shop/\\evil.example",
    "/shop/%5cevil.example",
    "/shop/\tp/x/",
    "/shop/p/x y/",
    "/shop/\nLocation: https://evil.example",
    "/shop/%0d%0aLocation:%20https://evil.example",
    "/shop/%00",
    "javascript:alert(1)",
    "data:text/html,<script>",
    " /settings/",
    "shop/p/boot/",
    "/shopping/",
    "/l/ABCDEFGH",
    "/",
    "/channels/",
    "/shop/" + "x" * 600,
    "HTTPS://evil.example/shop/",
    "/%73hop/",
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_a_target_outside_the_shop_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        links.clean_target(text)
    assert refused.value.code == "target_invalid"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "/shop/"),
        ("  ", "/shop/"),
        ("/shop/", "/shop/"),
        (" /shop/p/brown-boot/ ", "/shop/p/brown-boot/"),
        ("/shop/?q=boots&size=40#reviews", "/shop/?q=boots&size=40#reviews"),
        ("http://localhost:8000/shop/p/brown-boot/", "/shop/p/brown-boot/"),
        ("/shop/p/حذاء-بني/", "/shop/p/حذاء-بني/"),
    ],
)
def test_a_page_of_the_shop_is_taken_as_its_path(text: str, path: str) -> None:
    assert links.clean_target(text) == path


@settings(deadline=None)
@given(st.text(max_size=60).map(lambda text: "/shop/" + text) | st.text(max_size=60))
def test_whatever_is_typed_a_taken_target_begins_below_the_shop(text: str) -> None:
    try:
        path = links.clean_target(text)
    except Refusal:
        return
    assert path.startswith("/shop/")
    assert not set(path) & set("\\\r\n\t\0 ")
    assert "//" not in path.split("?")[0].split("#")[0]


@pytest.mark.django_db
def test_the_database_itself_refuses_a_link_to_elsewhere() -> None:
    for target in ("//evil.example", "https://evil.example", "/\\evil.example"):
        with pytest.raises(IntegrityError), transaction.atomic():
            TrackedLink.objects.create(code=links.new_code(), target=target)


def test_codes_are_long_and_readable() -> None:
    codes = {links.new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(len(code) == 8 and not set(code) & set("01OIL") and code == code.upper() for code in codes)


@pytest.mark.django_db
def test_each_publication_has_one_link_that_leads_to_the_only_product(
    world: World, scripted_channel: NewChannel, new_post: NewPost
) -> None:
    boot = Product.objects.create(handle="boot", slug="brown-boot", title={"en": "Brown boot"})
    post = new_post(scripted_channel(handle="one"), scripted_channel(handle="two"))
    post.shown.create(product=boot)
    first, second = post.publications.select_related("post")
    link = links.link_for_publication(first)
    assert links.link_for_publication(first).pk == link.pk
    assert links.link_for_publication(second).code != link.code
    assert link.target == "/shop/p/brown-boot/"
    assert (link.post, link.channel) == (post, first.channel)
    with override_settings(PUBLIC_ADDRESS="https://lune.example"):
        assert links.address_of(link) == f"https://lune.example/l/{link.code}"
    assert links.find_link(f" {link.code.lower()} ") == link
    assert links.find_link("UNKNOWN") is None


@pytest.mark.django_db
def test_a_code_on_the_shelf_is_one_per_product_and_store(world: World) -> None:
    boot = Product.objects.create(handle="boot", slug="brown-boot", title={"en": "Brown boot"})
    ghent = links.qr_link_for_product(boot, world.ghent)
    assert links.qr_link_for_product(boot, world.ghent) == ghent
    assert links.qr_link_for_product(boot) == links.qr_link_for_product(boot) != ghent
    assert links.qr_link_for_product(boot, world.brussels).store == world.brussels
