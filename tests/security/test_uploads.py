"""What is uploaded as a picture is one, and leaves as one: nothing that a browser would run is kept or served."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django.fixtures import Settings

from etalage.catalogue.models import Product, ProductPicture
from tests.conftest import World

SCRIPT = b"<script>alert(document.cookie)</script>"


def picture(kind: str = "PNG") -> bytes:
    """A small real picture."""
    kept = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(kept, kind)
    return kept.getvalue()


DISGUISED = {
    "a page called picture": ("photo.png", b"<!doctype html><html>" + SCRIPT, "image/png"),
    "a drawing with a script": (
        "logo.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT,
        "image/svg+xml",
    ),
    "a drawing called picture": ("logo.png", b"<?xml version='1.0'?><svg onload='alert(1)'/>", "image/png"),
    "a packed drawing": ("logo.jpg", gzip.compress(b"<svg onload='alert(1)'/>"), "image/jpeg"),
    "only the first bytes of a picture": ("photo.png", picture()[:8] + SCRIPT, "image/png"),
    "a paper": ("paper.jpg", b"%PDF-1.7\n" + SCRIPT, "image/jpeg"),
    "a program": ("run.webp", b"MZ" + bytes(200), "image/webp"),
    "a printer's page": ("page.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "image/png"),
    "nothing": ("empty.png", b"", "image/png"),
}


@pytest.fixture
def boots(world: World, settings: Settings, tmp_path: Path) -> Product:
    settings.MEDIA_ROOT = tmp_path
    return Product.objects.create(handle="boots", slug="boots", title={"en": "Boots"})


@pytest.mark.parametrize("kind", DISGUISED)
def test_what_is_no_picture_is_refused_and_not_kept(
    signed_in: dict[str, Client], boots: Product, tmp_path: Path, kind: str
) -> None:
    name, body, said = DISGUISED[kind]
    file = SimpleUploadedFile(name, body, said)
    answer = signed_in["member"].post(f"/catalogue/{boots.pk}/pictures/", {"pictures": [file]})
    assert answer.status_code == 422
    assert not ProductPicture.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_hides_behind_a_picture_does_not_come_through(
    signed_in: dict[str, Client], boots: Product, tmp_path: Path
) -> None:
    both = SimpleUploadedFile("../../evil.html", picture() + SCRIPT, "text/html")
    answer = signed_in["member"].post(f"/catalogue/{boots.pk}/pictures/", {"pictures": [both]})
    assert answer.status_code == 302
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and all(SCRIPT not in path.read_bytes() for path in files)
    assert {path.suffix for path in files} <= {".webp", ".jpg", ".png", ".avif"}
    for kept in files:
        answer = Client().get(f"/media/{kept.relative_to(tmp_path)}")
        assert answer["Content-Type"].startswith("image/") and "evil" not in str(kept)
        assert "sandbox" in answer["Content-Security-Policy"]
