"""Which goods there are, and their pictures, drawn by a process of its own while the shop is laid out.

`python -m etalage.demo.pictures FOLDER SEED COUNT` draws them. Plain Python: Django is not needed, nor waited for.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

from etalage.demo.goods import Good, make_goods

FOLDER = "products"


def choose_goods(seed: int, count: int) -> list[Good]:
    """The goods of a seed, the same ones in every process."""
    return list(make_goods(Random(f"{seed}:goods"), count))  # noqa: S311 chance in a play, not a secret


def name_of(good: Good, seed: int) -> str:
    """The picture's place within the media folder."""
    return f"{FOLDER}/{good.handle}-{seed}.jpg"


def draw_all(media: Path, seed: int, count: int) -> None:
    """Draw every picture into the media folder."""
    from etalage.demo.drawing import draw  # noqa: PLC0415 only the drawing process needs Pillow

    (media / FOLDER).mkdir(parents=True, exist_ok=True)
    for good in choose_goods(seed, count):
        chance = Random(f"{seed}:{good.handle}")  # noqa: S311 chance in a play, not a secret
        (media / name_of(good, seed)).write_bytes(draw(good, chance))


class DrawingFailed(Exception):
    """The pictures could not be drawn; the text is what the drawing process said."""


class Drawer:
    """Draws all pictures in another process, from now on."""

    def __init__(self, media: Path, seed: int, count: int) -> None:
        command = [sys.executable, "-m", "etalage.demo.pictures", str(media), str(seed), str(count)]
        self._process = subprocess.Popen(  # noqa: S603 our own program
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def finish(self) -> None:
        """Wait for the last picture. Raises DrawingFailed."""
        _out, trouble = self._process.communicate()
        if self._process.returncode:
            raise DrawingFailed(trouble)

    def stop(self) -> None:
        """End it, done or not."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
