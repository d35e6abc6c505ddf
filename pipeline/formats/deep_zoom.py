"""Deep Zoom pictures (DZI): an index ``NAME.dzi`` and, beside it, ``NAME_files/LEVEL/COLUMN_ROW.png``.

Level 0 is one pixel, and each next one twice as large, up to the image itself. PNG, because the squares of 8 px that a
JPEG leaves would be taken for a fault of the image.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import PIL.Image
from PIL.PngImagePlugin import PngInfo

from pipeline.display import Picture
from pipeline.image import Pixels
from pipeline.progress import progress
from pipeline.pyramid import level_of, pyramid
from pipeline.store import written_aside
from pipeline.store.aside_folder import folder_aside
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

TILE = 512
"""Width in px of a picture; none overlaps another."""


def tiles_beside(index: Path) -> Path:
    """The folder of the pictures, by the name of the index."""
    return index.with_name(f"{index.stem}_files")


def last_level(area: Window) -> int:
    """Number of the level that is the image itself."""
    return (max(area.height, area.width) - 1).bit_length()


def write_deep_zoom(image: WindowedImage, picture: Callable[[Pixels], Picture], words: str, index: Path) -> None:
    """Write an image that may be larger than memory as pictures that a page opens one by one.

    Parameters
    ----------
    image : WindowedImage
    picture : callable
        Makes an RGB picture of values of shape (C, H, W). Levels are means of values, of which pictures are made then.
    words : str
        What every picture says of itself, as the PNG text ``Description``.
    index : path
        ``.dzi``; what is there is written over.
    """
    said = PngInfo()
    said.add_text("Description", words)
    last = last_level(image.area)
    with folder_aside(tiles_beside(index)) as folder:
        for level in range(last + 1):
            (folder / str(level)).mkdir()
        for part in progress(pyramid(image, TILE, last), "deep zoom", _count(image.area, last), "tile"):
            name = f"{part.window.x0 // TILE}_{part.window.y0 // TILE}.png"
            made = PIL.Image.fromarray(picture(part.pixels))
            made.save(folder / str(last - part.halvings) / name, pnginfo=said)
    with written_aside(index) as aside:
        aside.write_text(_index(image.area), encoding="utf-8")


def _count(area: Window, last: int) -> int:
    levels = (level_of(area, halvings) for halvings in range(last + 1))
    return sum(-(-level.height // TILE) * -(-level.width // TILE) for level in levels)


def _index(area: Window) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="png" Overlap="0" TileSize="{TILE}">'
        f'<Size Width="{area.width}" Height="{area.height}"/></Image>\n'
    )
