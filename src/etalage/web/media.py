"""Pictures of the shop, served so that nothing that lies among them can ever run in a browser."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

TYPES = {
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".avif": "image/avif",
}


@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponse:
    """Serve one picture of the media folder; 404 for whatever is not a picture or lies outside it.

    Names are never used twice, so browsers may keep pictures for good.
    """
    content_type = TYPES.get(Path(path).suffix.lower())
    place = _inside(path)
    if content_type is None or place is None:
        raise Http404
    return HttpResponse(
        # Read whole: pictures are re-encoded to bounded sizes, and an open file would block the event loop.
        place.read_bytes(),
        content_type=content_type,
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": "inline",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


def _inside(path: str) -> Path | None:
    """The file that `path` names, when it is a file within the media folder."""
    if "\0" in path:
        return None
    root = Path(settings.MEDIA_ROOT).resolve()
    place = (root / path).resolve()
    return place if place.is_relative_to(root) and place.is_file() else None
