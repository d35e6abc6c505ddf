"""What every image read from a file must be: finite, masked where it is not to be trusted, on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.image import Mask, Pixels
from pipeline.windowed import WindowedImage

_BLOCK = 32
"""Width in px of the neighbourhood whose median stands in for a masked pixel."""

Paths = str | Path | Sequence[str | Path]


class FormatError(ClearfieldError):
    """A file that cannot be read as the image that was asked for, or an image that a format cannot hold."""


class ExtensionError(FormatError):
    """An extension that a file does not have, or that holds no image.

    Parameters
    ----------
    found : str
        The file and what is wrong with the extension.
    role : str
        Setting of a study's images by which it was asked for.
    """

    def __init__(self, found: str, role: str) -> None:
        self.found, self.role = found, role
        super().__init__(f"{found}: set images.{role}")


def listed(paths: Paths) -> list[Path]:
    """One path or several, as a list.

    Raises
    ------
    FormatError
        If there is none.
    """
    files = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    if not files:
        raise FormatError("no file to read; one path, or one per band, is needed")
    return files


def filled(values: NDArray[Any], bad: Mask) -> tuple[Pixels, Mask]:
    """Make a plane finite: what is not to be trusted is masked and holds the median of its surroundings.

    Parameters
    ----------
    values : array, shape (H, W), any real type and byte order
    bad : array, shape (H, W), bool
        True where a pixel is known to be bad; NaN, infinities and what float32 cannot hold are found here.

    Returns
    -------
    pixels : array, shape (H, W), float32
        A masked pixel holds the median of the trusted ones in its block of 32 x 32 px, or in the plane where the block
        has none: the local sky, before and after a background is taken off. A plane without a trusted pixel is 0.
        Of a window alone, another value may stand there; nothing may depend on it.
    mask : array, shape (H, W), bool
    """
    with np.errstate(over="ignore", invalid="ignore"):
        pixels = np.array(values, dtype=np.float32)
    mask = bad | ~np.isfinite(pixels)
    if not mask.any():
        return pixels, mask
    level = np.median(pixels[~mask]) if not mask.all() else np.float32(0)
    for y in range(0, pixels.shape[0], _BLOCK):
        for x in range(0, pixels.shape[1], _BLOCK):
            block = slice(y, y + _BLOCK), slice(x, x + _BLOCK)
            here = mask[block]
            if here.any():
                pixels[block][here] = level if here.all() else np.median(pixels[block][~here])
    return pixels, mask


def refuse_without_trust(source: str | Path, image: WindowedImage) -> None:
    """Refuse an image of which a band holds nothing.

    All of it is read once, so that damage is known before the work begins.

    Raises
    ------
    FormatError
        If every pixel of a band is masked.
    """
    held = [sum(int((~plane.mask).sum()) for plane in image.strips(n)) for n in range(len(image.bands))]
    empty = [band for band, count in zip(image.bands, held) if not count]
    if empty:
        what = "every pixel" if len(empty) == len(image.bands) else f"every pixel of band {empty[0]}"
        raise FormatError(
            f"{source}: {what} is NaN, infinite, blank, flagged or without weight; nothing is left to work on"
        )


def refuse_other_shape(source: str | Path, shape: tuple[int, ...], first: str | Path, wanted: tuple[int, ...]) -> None:
    """Refuse a plane, shape (..., H, W), that does not lie on the grid of the first one.

    Raises
    ------
    FormatError
        If height or width differ.
    """
    if shape[-2:] != wanted[-2:]:
        raise FormatError(
            f"{source}: {size_in_words(shape)}, but {first} is {size_in_words(wanted)}; "
            "the planes of one image must lie on one grid of pixels"
        )


def size_in_words(shape: tuple[int, ...]) -> str:
    """The last two axes of a shape, as a person writes them: ``100 x 80 px`` (height x width)."""
    return f"{shape[-2]} x {shape[-1]} px"
