"""Builds the icon sprites from Lucide's files: `python -m etalage.web.sprite FOLDER` after a change of `icons.txt`.

FOLDER is `icons/` of the package lucide-static in the version that `vendor/VENDOR.toml` names.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

ROOM = Path(__file__).resolve().parent
STATIC = ROOM / "static" / "web"
SPRITE = STATIC / "icons.svg"
# The few that the public shop shows, in a file of their own: a phone on a slow line fetches 3 KB, not 40.
SHOP_SPRITE = STATIC / "shop-icons.svg"
_FEW = """
arrow-left check chevron-left chevron-right circle-alert circle-check clock image-off info map-pin phone search
shopping-bag store ticket triangle-alert truck x
"""
SHOP_ICONS = frozenset(_FEW.split())
VENDOR = STATIC / "vendor" / "VENDOR.toml"


def names() -> list[str]:
    """The icons that pages use, as `icons.txt` lists them."""
    return (ROOM / "icons.txt").read_text(encoding="utf-8").split()


def build(folder: Path, wanted: list[str]) -> str:
    """A sprite: a symbol per name. FileNotFoundError for a name that Lucide does not know."""
    symbols = [_symbol(name, (folder / f"{name}.svg").read_text(encoding="utf-8")) for name in wanted]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _symbol(name: str, picture: str) -> str:
    inner = picture[picture.index(">", picture.index("<svg")) + 1 : picture.rindex("</svg>")]
    inner = re.sub(r"\s*\n\s*", "", inner).replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>'


def main(folder: Path) -> None:
    """Write both sprites and their hashes."""
    _write(SPRITE, build(folder, names()))
    _write(SHOP_SPRITE, build(folder, sorted(SHOP_ICONS)))


def _write(sprite: Path, content: str) -> None:
    before = hashlib.sha256(sprite.read_bytes()).hexdigest()
    sprite.write_text(content, encoding="utf-8")
    after = hashlib.sha256(sprite.read_bytes()).hexdigest()
    VENDOR.write_text(VENDOR.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
