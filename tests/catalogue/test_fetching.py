"""Pictures that a file names are fetched, cleaned and kept; one that cannot be says why and fails nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from etalage.catalogue import actions
from etalage.catalogue.actions.pictures import FetchOutcome, fetch_wanted
from etalage.catalogue.fetching import sentence
from etalage.catalogue.models import ProductPicture, WantedPicture
from etalage.jobs.models import Job
from etalage.kit.http_guarded import GuardedClient
from tests.catalogue.conftest import ReadIn, make_product, picture_bytes
from tests.conftest import World
from tests.kit.loopback import Server, answering, http, serving

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<html><body><script>alert(1)</script></body></html>"


@contextmanager
def site(answer: bytes) -> Iterator[tuple[Server, GuardedClient]]:
    """A site that says `answer`, and a client that may call it."""
    with serving(answering(answer)) as server:
        yield server, GuardedClient(allow=frozenset({("127.0.0.1", server.port)}), deadline=5)


def wanted(source: str, **fields: Any) -> WantedPicture:
    return WantedPicture.objects.create(product=make_product(), source=source, **fields)


def test_a_fetched_picture_takes_the_place_of_the_wanted_one(world: World, settings: Any) -> None:
    with site(http(200, picture_bytes(size=(3000, 2000)), "Content-Type: image/png")) as (server, client):
        row = wanted(server.url("/a.png"), alt={"en": "A cup"}, position=3)
        assert fetch_wanted(row.pk, client) == FetchOutcome()
    picture = ProductPicture.objects.get()
    assert (picture.width, picture.height, picture.position) == (2560, 1707, 3)
    assert (dict(picture.alt), picture.source) == ({"en": "A cup"}, row.source)
    with Image.open(Path(settings.MEDIA_ROOT) / picture.file.name) as large:
        assert (large.format, large.size) == ("WEBP", (2560, 1707))
    with Image.open(Path(settings.MEDIA_ROOT) / picture.small.name) as small:
        assert max(small.size) == 320
    assert not WantedPicture.objects.exists()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (http(200, SVG, "Content-Type: image/svg+xml"), "picture.not_a_picture"),
        (http(200, HTML, "Content-Type: image/jpeg"), "picture.not_a_picture"),
        (http(200, picture_bytes()[:300], "Content-Type: image/png"), "picture.broken"),
        (http(200, picture_bytes(size=(9000, 9000)), "Content-Type: image/png"), "picture.too_many_pixels"),
        (http(404, b"gone"), "status.404"),
        (http(302, b"", "Location: http://169.254.169.254/latest"), "address.inside"),
    ],
)
def test_what_is_no_picture_says_why_and_is_not_tried_again(world: World, answer: bytes, reason: str) -> None:
    with site(answer) as (server, client):
        row = wanted(server.url("/a"))
        assert fetch_wanted(row.pk, client) == FetchOutcome(reason)
    row.refresh_from_db()
    assert (row.reason, row.tries) == (reason, 1)
    assert sentence(reason).endswith(".")
    assert "%" not in sentence(reason)
    assert not ProductPicture.objects.exists()


@pytest.mark.parametrize(
    "source", ["12.jpg", "file:///etc/passwd", "http://127.0.0.1/a.png", "http://[::1]:80/a.png"]
)
def test_addresses_inside_the_shop_are_never_called(world: World, source: str) -> None:
    row = wanted(source)
    assert fetch_wanted(row.pk).reason.startswith("address.")


def test_a_site_that_is_down_is_tried_again_some_times_and_then_given_up(world: World) -> None:
    with site(http(503)) as (server, client):
        row = wanted(server.url("/a.png"))
        outcomes = [fetch_wanted(row.pk, client) for _time in range(4)]
    assert [bool(outcome.again_at) for outcome in outcomes] == [True, True, True, False]
    row.refresh_from_db()
    assert (row.reason, row.tries) == ("status.503", 4)


def test_a_picture_that_nobody_wants_any_more_leaves_no_file(world: World, settings: Any) -> None:
    row = wanted("https://x.example/a.png")
    row.delete()
    assert fetch_wanted(row.pk) == FetchOutcome()
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.webp"))


def test_each_new_address_of_a_file_gets_one_job(world: World, read_in: ReadIn) -> None:
    text = "sku,title,price,images\nA1,Cup,1.00,https://x.example/1.jpg https://x.example/2.jpg\n"
    read_in(text)
    read_in(text)
    assert Job.objects.filter(task__endswith="fetch_picture").count() == 2


def test_the_product_page_says_which_pictures_failed_and_tries_them_again(
    world: World, signed_in: dict[str, Client]
) -> None:
    row = wanted("https://x.example/a.png", reason="status.404", tries=4)
    page = signed_in["counter"].get(reverse("catalogue:product", args=[row.product_id])).content.decode()
    assert "https://x.example/a.png" in page
    assert "it answered 404" in page
    assert actions.fetch_again(world.member, row.product_id) == 1
    row.refresh_from_db()
    assert (row.reason, row.tries) == ("", 0)
    assert Job.objects.filter(task__endswith="fetch_picture").count() == 1
