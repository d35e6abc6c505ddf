"""Where the pixels of a sharp image lie in a blurred image of the same scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.wcs import WCS
from astropy.wcs.utils import pixel_to_pixel
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError

Places = NDArray[np.float64]
"""Rows and columns, shape (2, ...), in px, counted from the centre of the first pixel."""

LARGEST_SHRINKAGE = 0.7
"""Width of the blurred image's pixels over the sharp one's at least: finer ones would be skipped, not averaged."""
DIGITS = 4
"""Of a Jacobian: a stamp of 100 px is right to a hundredth of a pixel."""
COLUMNS = ("id", "yy", "yx", "y0", "xy", "xx", "x0")


class PairError(ClearfieldError):
    """A sharp and a blurred image that make no pair."""


@dataclass(frozen=True)
class Grids:
    """The way from the pixels of a sharp image to those of a blurred one.

    Parameters
    ----------
    to_blurred : callable
        Places in the blurred image of places in the sharp one.
    one : bool
        Whether both images have the same pixels, so that nothing is interpolated.
    """

    to_blurred: Callable[[Places], Places]
    one: bool = False

    def jacobian(self, height: int, width: int) -> NDArray[np.float64]:
        """Pixels of the blurred image for a pixel of the sharp one, shape (2, 2), in the middle of the sharp one."""
        middle = np.array([(height - 1) / 2, (width - 1) / 2])
        steps = np.array([[0.5, 0.0], [0.0, 0.5]])
        found = np.stack([self.to_blurred(middle + step) - self.to_blurred(middle - step) for step in steps], axis=1)
        # Rounded, so that images of one camera share one PSF to the last digit.
        return found.round(DIGITS)


SAME = Grids(lambda places: places, one=True)
"""Of images that were brought onto one grid already."""


def by_wcs(sharp: WCS, blurred: WCS) -> Grids:
    """Through the sky, whatever its frames; distortions included."""

    def to_blurred(places: Places) -> Places:
        columns, rows = pixel_to_pixel(sharp, blurred, places[1], places[0])
        return np.stack([rows, columns])

    return Grids(to_blurred)


def by_affine(matrix: NDArray[np.float64], offset: NDArray[np.float64]) -> Grids:
    """By ``blurred = matrix @ sharp + offset``, of rows and columns, shapes (2, 2) and (2,)."""
    return Grids(
        lambda places: np.einsum("ij,j...->i...", matrix, places) + offset.reshape(2, *[1] * (places.ndim - 1))
    )


def read_affine(path: str | Path) -> dict[str, Grids]:
    """Read transforms, a line for each image: ``row = yy row + yx column + y0``, ``column = xy row + xx column + x0``.

    Raises
    ------
    PairError
        If there is no such table, it lacks a column, or a value is no number.
    """
    try:
        table = pd.read_csv(path, dtype={"id": str}, keep_default_na=False, skipinitialspace=True)
    except FileNotFoundError:
        raise PairError(f"{path}: no such file; pairs.affine must name a CSV with {', '.join(COLUMNS)}") from None
    except (ValueError, OSError) as error:
        raise PairError(f"{path}: not a CSV with {', '.join(COLUMNS)} ({' '.join(str(error).split())})") from None
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise PairError(f"{path}: no column {missing[0]!r}; {', '.join(COLUMNS)} are needed")
    try:
        values = table[list(COLUMNS[1:])].to_numpy(dtype=np.float64)
    except ValueError as error:
        raise PairError(f"{path}: {error}; numbers are needed in {', '.join(COLUMNS[1:])}") from None
    twice = table["id"][table["id"].duplicated()]
    if len(twice):
        raise PairError(f"{path}: {twice.iloc[0]} has several lines; one transform per image is needed")
    return {str(id): by_affine(row[[0, 1, 3, 4]].reshape(2, 2), row[[2, 5]]) for id, row in zip(table["id"], values)}


def per_pixel(jacobian: NDArray[np.float64]) -> float:
    """Width of a pixel of the sharp image in those of the blurred one."""
    return float(np.sqrt(abs(np.linalg.det(jacobian))))


def refuse_finer(jacobian: NDArray[np.float64], source: str) -> float:
    """Refuse a blurred image whose pixels are finer than the sharp one's; otherwise, :func:`per_pixel`.

    Raises
    ------
    PairError
    """
    width = per_pixel(jacobian) if np.isfinite(jacobian).all() else np.nan
    if not 0 < width * LARGEST_SHRINKAGE <= 1:
        raise PairError(
            f"{source}: a pixel of the sharp image is {width:.3g} px wide in the blurred one; at most "
            f"{1 / LARGEST_SHRINKAGE:.2g} is allowed: exchange pairs.sharp and pairs.blurred, or bin the blurred image"
        )
    return width
