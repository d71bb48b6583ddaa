"""Builds the icon sprite from Lucide's files: `python -m etalage.web.sprite FOLDER` after a change of `icons.txt`.

FOLDER is `icons/` of the package lucide-static in the version that `vendor/VENDOR.toml` names.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

ROOM = Path(__file__).resolve().parent
SPRITE = ROOM / "static" / "web" / "icons.svg"
VENDOR = ROOM / "static" / "web" / "vendor" / "VENDOR.toml"


def names() -> list[str]:
    """The icons that pages use, as `icons.txt` lists them."""
    return (ROOM / "icons.txt").read_text(encoding="utf-8").split()


def build(folder: Path) -> str:
    """The sprite: a symbol per name. FileNotFoundError for a name that Lucide does not know."""
    symbols = [_symbol(name, (folder / f"{name}.svg").read_text(encoding="utf-8")) for name in names()]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _symbol(name: str, picture: str) -> str:
    inner = picture[picture.index(">", picture.index("<svg")) + 1 : picture.rindex("</svg>")]
    inner = re.sub(r"\s*\n\s*", "", inner).replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>'


def main(folder: str) -> None:
    """Write the sprite and its hash."""
    before = hashlib.sha256(SPRITE.read_bytes()).hexdigest()
    SPRITE.write_text(build(Path(folder)), encoding="utf-8")
    after = hashlib.sha256(SPRITE.read_bytes()).hexdigest()
    VENDOR.write_text(VENDOR.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
