"""Which lines of k-space a scan in magnetic resonance takes: fewer lines are less time in the scanner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.physics.noise import addressed_random

Lines = NDArray[np.int64]
"""Numbers of lines along the phase-encoding direction, ascending: periods per image height, 0 being the middle."""

DENSITY = 3
"""Power of the falling density of random lines; Lustig et al. 2007 find 1 to 6 of use."""


class SamplingError(ClearfieldError):
    """Lines that an image does not have."""


def all_lines(height: int) -> Lines:
    """Every line of an image of some height, ``-height / 2`` to ``height / 2 - 1`` if it is even."""
    return np.arange(height) - height // 2


def central_lines(height: int, count: int) -> Lines:
    """The lines about the middle of k-space: a coarser image.

    Raises
    ------
    SamplingError
        If there are not so many.
    """
    if not 1 <= count <= height:
        raise SamplingError(f"{count} lines of k-space are asked for and the image has {height}; take 1 to {height}")
    return all_lines(count)


def uniform_lines(height: int, acceleration: int, calibration: int) -> Lines:
    """Every ``acceleration``-th line, the middle one among them, and all of some lines about the middle.

    Parameters
    ----------
    height : int
        Of the image in px.
    acceleration : int
        Spacing of lines; the calibration lines make the scan slower than that.
    calibration : int
        Lines about the middle that are all taken, 0 for none (Griswold et al. 2002, MRM 47, 1202).

    Raises
    ------
    SamplingError
        If the spacing or the number of calibration lines is none of the image.
    """
    _check(height, acceleration, calibration)
    every = all_lines(height)
    return every[(every % int(acceleration) == 0) | np.isin(every, all_lines(calibration))]


def random_lines(height: int, acceleration: float, calibration: int, *address: object) -> Lines:
    """One of ``acceleration`` lines, all about the middle, and at random beyond, ever fewer farther out.

    The density falls as ``(1 - |k| / k_max)^3`` (Lustig, Donoho and Pauly 2007, MRM 58, 1182, "variable density").
    ``height / acceleration`` lines are taken, so that all masks of an acceleration have as many.

    Parameters
    ----------
    height : int
        Of the image in px.
    acceleration : float
        Of the whole scan, calibration included.
    calibration : int
        Lines about the middle that are all taken.
    *address
        Such as a seed, an image and a condition: the same address gives the same lines, whatever else was drawn.

    Raises
    ------
    SamplingError
        If the acceleration is none, or leaves fewer lines than the calibration needs.
    """
    _check(height, acceleration, calibration)
    count, every, middle = round(height / acceleration), all_lines(height), all_lines(calibration)
    if count < max(calibration, 1):
        raise SamplingError(
            f"an acceleration of {acceleration:g} leaves {count} of {height} lines and {calibration} are for "
            "calibration; take fewer for it, or accelerate less"
        )
    outer = every[~np.isin(every, middle)]
    density = (1 - np.abs(outer) / (height // 2 + 1)) ** DENSITY
    drawn = addressed_random("lines of k-space", *address).choice(
        outer, count - calibration, replace=False, p=density / density.sum()
    )
    return np.sort(np.concatenate([middle, drawn]))


def _check(height: int, acceleration: float, calibration: int) -> None:
    if not 1 <= acceleration <= height:
        raise SamplingError(f"the acceleration is {acceleration:g}; 1 to the image's height, {height}, is possible")
    if not 0 <= calibration <= height:
        raise SamplingError(
            f"{calibration} calibration lines are asked for; 0 to the image's height, {height}, there are"
        )
