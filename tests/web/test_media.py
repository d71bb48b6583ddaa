"""Pictures are served as pictures, and nothing else is served at all."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media/products").mkdir(parents=True)
    (tmp_path / "media/products/a.webp").write_bytes(b"RIFF")
    (tmp_path / "media/products/page.html").write_text("<script>alert(1)</script>")
    (tmp_path / "media/products/drawing.svg").write_text("<svg onload='alert(1)'/>")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "media/out.png").symlink_to(tmp_path / "secret.png")
    return Path(settings.MEDIA_ROOT)


def test_a_picture_comes_with_headers_that_keep_it_a_picture(folder, client, db):
    answer = client.get("/media/products/a.webp")
    assert answer.content == b"RIFF" and answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "immutable" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "products/page.html",
        "products/drawing.svg",
        "products/none.webp",
        "products",
        "../secret.png",
        "products/../../secret.png",
        "%2e%2e/secret.png",
        "/etc/passwd.png",
        "out.png",
    ],
)
def test_nothing_but_pictures_of_the_folder_is_served(folder, client, db, path):
    assert client.get(f"/media/{path}").status_code == 404


def test_a_picture_can_only_be_read(folder, client, db):
    assert client.post("/media/products/a.webp").status_code == 405
