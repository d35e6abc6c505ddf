"""Make an estimate explain its data: where a datum contradicts it, the least change after which none does.

A network answers for scenes like those that it was trained on. Light far brighter than these, or an invented source,
shows in the data, and the data decide; what lies beyond the instrument's resolution stays the network's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label, maximum_filter
from torch import Tensor

from pipeline.image import Image, Pixels
from pipeline.measures.residual import residual
from pipeline.observation import Observation
from pipeline.physics.operator import Operator
from pipeline.restorers.restorer import Restorer
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage, trusted_window

CONTRADICTED = 5.0
"""Sigmas beyond which a datum contradicts an estimate: by chance, one in two million would."""
EXPLAINED = 3.0
"""Sigmas within which a contradicted datum and those around it are to be explained, as the truth explains them."""
SURROUNDINGS = 3
"""Pixels around a contradicted datum that count as around it."""
MOST_ITERATIONS, NEARLY = 100, 1.1
"""Iterations end when every datum is explained to within its bound and a tenth. More would magnify what rounding leaves
beyond the instrument's resolution."""
EXPLAINABLE = 0.15
"""Where the worst residual stays above this share of what it was, no scene explains the data: a cosmic ray or a hot
pixel that no mask names, or noise that is larger than was said. Nothing is changed there."""
LARGEST_BOX = 512
"""Width in px of what is worked on together, at most; larger zones are worked through box by box."""


class Correction(NamedTuple):
    """What is to be added to an estimate."""

    window: Window
    pixels: Pixels
    """Shape (C, window.height, window.width), in the unit of the image."""
    contradicted: int
    """Pixels whose data contradicted the estimate here."""


class Left(NamedTuple):
    """What of the data an estimate does not explain: arrays of shape (C, H, W)."""

    values: NDArray[np.float64]
    """In the unit of the image."""
    scale: NDArray[np.float64]
    """By how much a datum may be off."""
    trusted: NDArray[np.bool_]

    @property
    def ratio(self) -> NDArray[np.float64]:
        """In units of the scale; 0 where a datum is not trusted."""
        return np.divide(self.values, self.scale, out=np.zeros_like(self.values), where=self.trusted)

    @property
    def contradicts(self) -> NDArray[np.bool_]:
        """Data that contradict the estimate."""
        return np.abs(self.ratio) > CONTRADICTED


class DataConsistent(Restorer):
    """Another restorer's estimate, moved as little as possible until it explains the data.

    Parameters
    ----------
    restorer : Restorer
    known_to : float
        See :func:`corrections`.
    """

    def __init__(self, restorer: Restorer, known_to: float = 0.0) -> None:
        self._restorer, self._known_to = restorer, known_to

    def restore(self, observation: Observation) -> Image:
        """Restore, and correct what the data contradict."""
        restored, seen = self._restorer.restore(observation), WindowedImage.of(observation.preview)
        estimate = restored.with_pixels(restored.pixels.copy())
        for correction in corrections(WindowedImage.of(estimate), seen, observation.operator, self._known_to):
            estimate.pixels[(..., *correction.window.slices)] += correction.pixels
        return estimate


def corrections(
    estimate: WindowedImage, seen: WindowedImage, operator: Operator, known_to: float = 0.0, tile: int = 512
) -> Iterator[Correction]:
    """Project an estimate onto the scenes that explain the data, zone by zone.

    Of all scenes with ``|A x - y| <= 3 s`` at the data that contradict the estimate by more than ``5 s`` and at those
    around them, and no worse residuals elsewhere, nearly the one nearest to the estimate. ``s`` is the noise, with a
    share of the brightest light nearby in quadrature if the instrument is not known any better. Where no datum
    contradicts the estimate, nothing changes.

    Parameters
    ----------
    estimate : WindowedImage
        In the unit of the data. Each correction must be added to it before the next is asked for.
    seen : WindowedImage
        The data, with their noise. Masked data, and those without noise, contradict nothing; nor do those within the
        operator's halo of the border, which hold light that nobody saw.
    operator : Operator
        The instrument that saw it.
    known_to : float
        Share of the light by which blurred scenes may be off because the PSF is not known any better.
    tile : int
        Width in px of what is looked through at a time; the result does not depend on it.
    """
    known = (trusted_window(seen) or seen.area).grown(-operator.halo)
    # Data within two halos of a change feel it, and what is asked of them is felt as far again.
    cell = 6 * operator.halo + 2 * SURROUNDINGS

    def look(core: Window) -> Left:
        return _left(estimate, seen, operator, core, known_to)

    for zone, box in _zones(look, known, cell, tile):
        for part in tiles(box, LARGEST_BOX, cell):
            asked = _spread(zone, box, part)
            correction = _corrected(look, operator, known, part, asked)
            if correction is not None:
                yield correction


def _left(estimate: WindowedImage, seen: WindowedImage, operator: Operator, core: Window, known_to: float) -> Left:
    found = residual(estimate, seen, operator, core)
    if not known_to:
        return Left(found.values, found.sigma, found.trusted)
    # The wings of a mistaken PSF are off by more than a share of themselves: by one of the peak beside them.
    wide = core.grown(SURROUNDINGS).clipped(seen.area)
    data = seen.part(wide)
    nearby = maximum_filter(np.where(data.mask, 0, np.abs(data.pixels)), (1, *[2 * SURROUNDINGS + 1] * 2))
    nearby = nearby[(..., *core.relative_to(wide).slices)]
    return Left(found.values, np.hypot(found.sigma, known_to * nearby), found.trusted)


def _corrected(
    look: Callable[[Window], Left], operator: Operator, known: Window, part: Window, asked: NDArray[np.bool_]
) -> Correction | None:
    """What explains the data of a part of the image, if they contradict the estimate and some scene explains them."""
    core = part.grown(SURROUNDINGS + 2 * operator.halo).clipped(known)
    left = look(core)
    inside = np.zeros(left.values.shape[-2:], bool)
    overlap = part.clipped(core)
    inside[overlap.relative_to(core).slices] = asked[overlap.relative_to(part).slices]
    contradicted = left.contradicts & inside
    if not contradicted.any():
        return None
    near = maximum_filter(contradicted, (1, *[2 * SURROUNDINGS + 1] * 2))
    bound = np.where(near, EXPLAINED, np.maximum(EXPLAINED, np.abs(left.ratio)))
    bound[~left.trusted] = np.inf
    change = nearest_explanation(*_padded(left, bound, operator.halo), operator)
    rows, columns = (slice(operator.halo, operator.halo + length) for length in left.values.shape[-2:])
    remaining = left.values - operator.forward(change)[0, :, rows, columns].numpy()
    after = np.abs(remaining[contradicted] / left.scale[contradicted]).max()
    if after > max(CONTRADICTED, EXPLAINABLE * np.abs(left.ratio[contradicted]).max()):
        return None
    return Correction(core.grown(operator.halo), change[0].numpy(), int(contradicted.any(0).sum()))


def nearest_explanation(left: Tensor, bound: Tensor, scale: Tensor, operator: Operator) -> Tensor:
    """The smallest change of a scene after which no residual exceeds its bound.

    ``min_d 1/2 |d / s|^2`` subject to ``|left - A d| <= bound s``: where data may be off by more, a scene is changed
    more readily. Its dual, with ``d = s B^T u`` and ``B = A s`` in units of ``s``, is ``min_u 1/2 |B^T u|^2
    - <u, left / s> + <bound, |u|>``, which the fast iterative shrinkage and thresholding algorithm solves (Beck and
    Teboulle 2009, SIAM Journal on Imaging Sciences 2, 183, eqs. 4.1 to 4.3).

    Parameters
    ----------
    left : Tensor, shape (B, C, H, W)
        Data minus the blurred estimate, in the unit of the image.
    bound : Tensor, shape (B, C, H, W)
        How much of it may remain, in units of ``scale``: infinite where that does not matter.
    scale : Tensor, shape (B, C, H, W)
        ``s``, above 0.
    operator : Operator

    Returns
    -------
    Tensor, shape (B, C, H, W)
        In the unit of the image.
    """

    def seen(change: Tensor) -> Tensor:
        return operator.forward(scale * change) / scale

    def adjoint(dual: Tensor) -> Tensor:
        return scale * operator.adjoint(dual / scale)

    ratio = left / scale
    steepness = _steepness(lambda dual: seen(adjoint(dual)), ratio)
    dual = ahead = torch.zeros_like(ratio)
    inertia = 1.0
    for _ in range(MOST_ITERATIONS):
        unexplained = ratio - seen(adjoint(ahead))
        if (unexplained.abs() <= NEARLY * bound).all():
            break
        moved = ahead + unexplained / steepness
        before, dual = dual, moved.sign() * (moved.abs() - bound / steepness).clamp_min(0)
        following = (1 + (1 + 4 * inertia**2) ** 0.5) / 2
        ahead = dual + (inertia - 1) / following * (dual - before)
        inertia = following
    return scale * adjoint(ahead)


def _steepness(square: Callable[[Tensor], Tensor], like: Tensor) -> float:
    """Largest eigenvalue of ``B B^T`` and a tenth, by the power method: a smooth scene keeps its light best."""
    vector = torch.ones_like(like)
    for _ in range(10):
        image = square(vector)
        vector = image / image.norm()
    return 1.1 * float(square(vector).norm())


def _zones(
    look: Callable[[Window], Left], known: Window, cell: int, tile: int
) -> Iterator[tuple[NDArray[np.bool_], Window]]:
    """Squares of ``cell`` px that hold contradicted data, neighbours joined: which ones of a box, and the box in px."""
    if known.height <= 0 or known.width <= 0:
        return
    squares = np.zeros((-(-known.y1 // cell), -(-known.x1 // cell)), bool)
    for core in tiles(known, tile, cell):
        rows, columns = np.nonzero(look(core).contradicts.any(0))
        squares[(rows + core.y0) // cell, (columns + core.x0) // cell] = True
    labels, _ = label(squares, np.ones((3, 3)))
    for number, (rows, columns) in enumerate(find_objects(labels), 1):
        zone = labels[rows, columns] == number
        yield zone, Window(rows.start * cell, columns.start * cell, zone.shape[0] * cell, zone.shape[1] * cell)


def _spread(zone: NDArray[np.bool_], box: Window, part: Window) -> NDArray[np.bool_]:
    """Which pixels of a part of a box lie in the squares of a zone, shape (H, W)."""
    cell = box.height // len(zone)
    return zone.repeat(cell, 0).repeat(cell, 1)[part.relative_to(box).slices]


def _padded(left: Left, bound: NDArray[np.float64], margin: int) -> tuple[Tensor, Tensor, Tensor]:
    """Residuals, bounds and scales of a window with a margin about which nothing is asked, shape (1, C, H, W)."""
    around = ((0, 0), (margin, margin), (margin, margin))
    # Where nothing is known of the noise, a change costs what it costs elsewhere.
    usual = [np.median(plane[trusted]) for plane, trusted in zip(left.scale, left.trusted)]
    scale = np.where(left.trusted, left.scale, np.array(usual)[:, None, None])
    planes = (
        np.pad(left.values, around),
        np.pad(bound, around, constant_values=np.inf),
        np.pad(scale, around, mode="edge"),
    )
    values, bounds, scales = (torch.from_numpy(plane)[None] for plane in planes)
    return values, bounds, scales
