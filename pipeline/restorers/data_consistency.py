"""Make an estimate explain its data: where a datum contradicts it, the least change after which none does.

A network answers for scenes like those that it was trained on. Light far brighter than these, or an invented source,
shows in the data, and the data decide; what lies beyond the instrument's resolution stays the network's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label, maximum_filter
from torch import Tensor

from pipeline.image import Image, Pixels
from pipeline.measures.residual import Residual, residual
from pipeline.observation import Observation
from pipeline.physics.operator import Operator
from pipeline.restorers.restorer import Restorer
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage

CONTRADICTED = 5.0
"""Sigmas beyond which a datum contradicts an estimate: by chance, one in two million would."""
EXPLAINED = 3.0
"""Sigmas within which a contradicted datum and those around it are explained afterwards, as the truth explains them."""
SURROUNDINGS = 3
"""Pixels around a contradicted datum that count as around it."""
MOST_ITERATIONS, NEARLY = 100, 1.1
"""Iterations end when every datum is explained to within its bound and a tenth. More would magnify what rounding leaves
beyond the instrument's resolution."""
LARGEST_ZONE = 2**19
"""Pixels of a zone that are worked on together, at most. Where data contradict all of a larger one, the instrument is
not the one that was named, and nothing is done: no change of the scene should hide that."""


class Correction(NamedTuple):
    """What is to be added to an estimate."""

    window: Window
    pixels: Pixels
    """Shape (C, window.height, window.width), in the unit of the image."""
    contradicted: int
    """Data that contradicted the estimate here."""


class DataConsistent(Restorer):
    """Another restorer's estimate, moved as little as possible until it explains the data.

    Parameters
    ----------
    restorer : Restorer
    """

    def __init__(self, restorer: Restorer) -> None:
        self._restorer = restorer

    def restore(self, observation: Observation) -> Image:
        """Restore, and correct what the data contradict."""
        estimate, seen = self._restorer.restore(observation), WindowedImage.of(observation.preview)
        pixels = estimate.pixels.copy()
        for correction in corrections(WindowedImage.of(estimate), seen, observation.operator):
            pixels[(..., *correction.window.slices)] += correction.pixels
        return estimate.with_pixels(pixels)


def corrections(
    estimate: WindowedImage, seen: WindowedImage, operator: Operator, tile: int = 512
) -> Iterator[Correction]:
    """Project an estimate onto the scenes that explain the data, zone by zone.

    Of all scenes with ``|A x - y| <= 3 sigma`` at the data that contradict the estimate by more than 5 sigma and at
    those around them, the one nearest to the estimate. Other data ask for nothing: where none contradicts, nothing
    changes. Zones lie so far apart that none feels another, so corrections may be added while others are asked for.

    Parameters
    ----------
    estimate : WindowedImage
        In the unit of the data.
    seen : WindowedImage
        The data, with their noise. Masked data, and those without noise, contradict nothing.
    operator : Operator
        The instrument that saw it.
    tile : int
        Width in px of what is looked through at a time; the result does not depend on it.
    """
    # Beyond the border of an image lies light that nobody saw and that its outermost data hold.
    known = seen.area.grown(-operator.halo)
    cell = 2 * operator.halo + 2 * SURROUNDINGS
    for zone, box in _zones(estimate, seen, operator, tiles(known, tile, cell), cell):
        core = box.grown(SURROUNDINGS).clipped(known)
        if core.height * core.width > LARGEST_ZONE:
            continue
        left = residual(estimate, seen, operator, core)
        contradicted = _contradicts(left) & _spread(zone, box, core)
        near = maximum_filter(contradicted, (1, *[2 * SURROUNDINGS + 1] * 2)) & left.trusted
        bound = np.where(near, EXPLAINED * left.sigma, np.inf)
        change = nearest_explanation(*_padded(left.values, bound, operator.halo), operator)
        yield Correction(core.grown(operator.halo), change[0].numpy(), int(contradicted.sum()))


def nearest_explanation(left: Tensor, bound: Tensor, operator: Operator) -> Tensor:
    """The smallest change of a scene after which no residual exceeds its bound.

    ``min_d 1/2 |d|^2`` subject to ``|left - A d| <= bound``. Its dual, with ``d = A^T u``, is ``min_u 1/2 |A^T u|^2
    - <u, left> + <bound, |u|>``, which the fast iterative shrinkage and thresholding algorithm solves (Beck and
    Teboulle 2009, SIAM Journal on Imaging Sciences 2, 183, eqs. 4.1 to 4.3).

    Parameters
    ----------
    left, bound : Tensor, shape (B, C, H, W)
        Data minus the blurred estimate, and how much of it may remain: infinite where that does not matter.
    operator : Operator

    Returns
    -------
    Tensor, shape (B, C, H, W)
    """
    steepness = _steepness(operator, left)
    dual = ahead = torch.zeros_like(left)
    inertia = 1.0
    for _ in range(MOST_ITERATIONS):
        unexplained = left - operator.forward(operator.adjoint(ahead))
        if (unexplained.abs() <= NEARLY * bound).all():
            break
        moved = ahead + unexplained / steepness
        before, dual = dual, moved.sign() * (moved.abs() - bound / steepness).clamp_min(0)
        following = (1 + (1 + 4 * inertia**2) ** 0.5) / 2
        ahead = dual + (inertia - 1) / following * (dual - before)
        inertia = following
    return operator.adjoint(ahead)


def _steepness(operator: Operator, like: Tensor) -> float:
    """Largest eigenvalue of ``A A^T`` and a tenth, by the power method: a smooth scene keeps its light best."""
    vector = torch.ones_like(like)
    for _ in range(10):
        image = operator.forward(operator.adjoint(vector))
        vector = image / image.norm()
    return 1.1 * float(operator.forward(operator.adjoint(vector)).norm())


def _zones(
    estimate: WindowedImage, seen: WindowedImage, operator: Operator, cores: Iterable[Window], cell: int
) -> Iterator[tuple[NDArray[np.bool_], Window]]:
    """Squares of ``cell`` px that hold contradicted data, neighbours joined: which ones of a box, and the box in px."""
    height, width = seen.shape[-2:]
    squares = np.zeros((-(-height // cell), -(-width // cell)), bool)
    for core in cores:
        rows, columns = np.nonzero(_contradicts(residual(estimate, seen, operator, core)).any(0))
        squares[(rows + core.y0) // cell, (columns + core.x0) // cell] = True
    labels, _ = label(squares, np.ones((3, 3)))
    for number, (rows, columns) in enumerate(find_objects(labels), 1):
        zone = labels[rows, columns] == number
        yield zone, Window(rows.start * cell, columns.start * cell, zone.shape[0] * cell, zone.shape[1] * cell)


def _contradicts(left: Residual) -> NDArray[np.bool_]:
    return (np.abs(left.values) > CONTRADICTED * left.sigma) & left.trusted


def _spread(zone: NDArray[np.bool_], box: Window, core: Window) -> NDArray[np.bool_]:
    """Which pixels of ``core`` lie in the squares of a zone, shape (H, W)."""
    cell = box.height // len(zone)
    pixels = np.pad(zone.repeat(cell, 0).repeat(cell, 1), SURROUNDINGS)
    return pixels[core.relative_to(box.grown(SURROUNDINGS)).slices]


def _padded(values: NDArray[np.float64], bound: NDArray[np.float64], margin: int) -> tuple[Tensor, Tensor]:
    """Residuals and bounds of a window with a margin about which nothing is asked, shape (1, C, H, W)."""
    values, bound = (
        np.pad(array, ((0, 0), (margin, margin), (margin, margin)), constant_values=beyond)
        for array, beyond in ((values, 0.0), (bound, np.inf))
    )
    # By the thousand, a convolution in single precision takes half the time.
    return torch.from_numpy(values)[None].float(), torch.from_numpy(bound)[None].float()
