"""Make an estimate explain its data: where a datum contradicts it, the least change after which none does.

A network answers for scenes like those that it was trained on. Light far brighter than these, or an invented source,
shows in the data, and the data decide; what lies beyond the instrument's resolution stays the network's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label, maximum_filter
from torch import Tensor

from pipeline.image import Image, Pixels
from pipeline.observation import Observation
from pipeline.physics.operator import Operator
from pipeline.restorers.contradiction import SURROUNDINGS, Comparison, Left, doubt_about
from pipeline.restorers.least_change import least_changed
from pipeline.restorers.nearest_explanation import nearest_explanation
from pipeline.restorers.restorer import Restorer
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage, trusted_window

EXPLAINED = 2.2
"""Sigmas within which a contradicted datum and those around it are to be explained. The truth explains 97 of 100 so; at
3 sigmas faint stars would get a third too much light."""
ENDS_BELOW, EXPLAINABLE = 3.5, 0.15
"""Where the worst residual of a place stays above so many sigmas and above this share of what it was, no scene explains
its data: a cosmic ray or a hot pixel that no mask names. Nothing is asked for there."""
PATIENCE = 4
"""Attempts to explain a place without the few of its data that no scene explains, before all of it is given up."""
LARGEST_BOX = 512
"""Width in px of what is worked on together, at most; larger zones are worked through box by box."""

_SIDE = (1, 2 * SURROUNDINGS + 1, 2 * SURROUNDINGS + 1)
_WITHIN_A_BAND = np.pad(np.ones((1, 3, 3), bool), ((1, 1), (0, 0), (0, 0)))


class Correction(NamedTuple):
    """What is to be added to an estimate."""

    window: Window
    pixels: Pixels
    """Shape (C, window.height, window.width), in the unit of the image."""
    contradicted: int
    """Pixels whose data contradicted the estimate here."""


class DataConsistent(Restorer):
    """Another restorer's estimate, moved as little as possible until it explains the data.

    Behind a blur, place by place (:func:`corrections`); of a scanner, whose data see the whole scene, all at once
    (:func:`~pipeline.restorers.least_change.least_changed`).

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
        restored = self._restorer.restore(observation)
        if observation.operator.whole:
            return least_changed(restored, observation)
        seen = WindowedImage.of(observation.preview)
        estimate = restored.with_pixels(restored.pixels.copy())
        for correction in corrections(WindowedImage.of(estimate), seen, observation.operator, self._known_to):
            estimate.pixels[(..., *correction.window.slices)] += correction.pixels
        return estimate


def corrections(
    estimate: WindowedImage, seen: WindowedImage, operator: Operator, known_to: float = 0.0, tile: int = 512
) -> Iterator[Correction]:
    """Project an estimate onto the scenes that explain the data, zone by zone.

    Of all scenes with ``|A x - y| <= 2.2 s`` at the data that contradict the estimate by more than ``5 s`` and at those
    around them, and no worse residuals elsewhere, nearly the one nearest to the estimate. ``s`` is the noise; if the
    instrument is not known any better, a share of the brightest light nearby and noise that grows with the light, as
    the image has it, are added in quadrature. Where no datum contradicts the estimate, nothing changes.

    A missed star of 5 to 15 ``s`` gets its light to about 15%, and on average as much too much: the nearest spreads.
    Left alone is what single pixels say, such as a hot one. A cosmic ray of two or three pixels is told from a star if
    it is bright, and under a PSF of 2 px often not even then.

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
        Share of the light by which blurred scenes may be off because the PSF is not known any better; 0 where both
        PSF and noise are known. Light is what exceeds the sky.
    tile : int
        Width in px of what is looked through at a time; the result does not depend on it.
    """
    known = (trusted_window(seen) or seen.area).grown(-operator.halo)
    doubt = doubt_about(estimate, seen, operator, known, known_to, tile) if known_to else None
    comparison = Comparison(estimate, seen, operator, doubt)
    # Data within two halos of a change feel it, and what is asked of them is felt as far again.
    cell = 6 * operator.halo + 2 * SURROUNDINGS
    for zone, box in _zones(comparison, known, cell, tile):
        for part in tiles(box, LARGEST_BOX, cell):
            # A place on the border of two boxes is worked on whole, and then the other box finds it explained.
            wide = part.grown(SURROUNDINGS + operator.halo).clipped(box)
            correction = _corrected(comparison, known, part, wide, _spread(zone, box, wide))
            if correction is not None:
                yield correction


def _corrected(
    comparison: Comparison, known: Window, part: Window, wide: Window, asked: NDArray[np.bool_]
) -> Correction | None:
    """What explains the data of a part of the image, as far as they contradict the estimate and a scene explains them.

    Contradicted data in each other's surroundings are one place, and ``asked`` says which pixels of ``wide`` may be
    worked on for the sake of places that reach into the part.
    """
    operator = comparison.operator
    core = wide.grown(SURROUNDINGS + 2 * operator.halo).clipped(known)
    left = comparison.left(core)
    inside, here = np.zeros(left.values.shape[-2:], bool), np.zeros(left.values.shape[-2:], bool)
    overlap = wide.clipped(core)
    inside[overlap.relative_to(core).slices] = asked[overlap.relative_to(wide).slices]
    here[part.clipped(core).relative_to(core).slices] = True
    narrow = left.contradicts & _narrower_than_a_point(left, operator)
    contradicted = left.contradicts & inside & ~narrow
    change, pursued = _explanation(left, contradicted & _places(contradicted, here), narrow, operator)
    if not pursued.any():
        return None
    return Correction(core.grown(operator.halo), change[0].numpy(), int(pursued.any(0).sum()))


def _explanation(
    left: Left, pursued: NDArray[np.bool_], given_up: NDArray[np.bool_], operator: Operator
) -> tuple[Tensor, NDArray[np.bool_]]:
    """A change that explains the data that are pursued, as far as one does, and which ones it explains.

    Where it explains a datum too little, this and what is contradicted around it is given up, and the rest is explained
    without it; in the end, all of its place.
    """
    change = torch.zeros(0)
    for attempt in itertools.count(1):
        if not pursued.any():
            break
        bound = np.where(_around(pursued), EXPLAINED, np.maximum(EXPLAINED, np.abs(left.ratio)))
        bound[~left.trusted | given_up] = np.inf
        change = nearest_explanation(*_padded(left, bound, operator.halo), operator)
        worst = maximum_filter(np.where(pursued, np.abs(left.ratio), 0), _SIDE)
        explained = _unexplained(left, change, operator) <= np.maximum(ENDS_BELOW, EXPLAINABLE * worst)
        failing = pursued & ~explained
        if not failing.any():
            break
        spoilt = _around(failing) if attempt < PATIENCE else _places(pursued, failing)
        pursued, given_up = pursued & ~spoilt, given_up | pursued & spoilt
    return change, pursued


def _narrower_than_a_point(left: Left, operator: Operator) -> NDArray[np.bool_]:
    """Where one pixel stands out more than any point source nearby would by the same data: a matched filter."""
    ratio = torch.from_numpy(left.ratio)[None]
    point = torch.zeros_like(ratio)
    point[..., ratio.shape[-2] // 2, ratio.shape[-1] // 2] = 1
    blurred = operator.forward(point)
    matched = operator.adjoint(ratio) / blurred.square().sum((-2, -1), keepdim=True).sqrt()
    return np.abs(left.ratio) > maximum_filter(matched.abs()[0].numpy(), _SIDE)


def _around(data: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return maximum_filter(data, _SIDE)


def _places(data: NDArray[np.bool_], touched: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The places of some data, as far as one of these is touched."""
    places, _ = label(_around(data), _WITHIN_A_BAND)
    return np.isin(places, places[data & touched])


def _unexplained(left: Left, change: Tensor, operator: Operator) -> NDArray[np.float64]:
    """What is left when an estimate has been changed, in units of the scale; NaN if it cannot be told."""
    rows, columns = (slice(operator.halo, operator.halo + length) for length in left.values.shape[-2:])
    blurred = operator.forward(change)[0, :, rows, columns].numpy()
    return np.abs(left._replace(values=left.values - blurred).ratio)


def _zones(comparison: Comparison, known: Window, cell: int, tile: int) -> Iterator[tuple[NDArray[np.bool_], Window]]:
    """Squares of ``cell`` px that hold contradicted data, neighbours joined: which ones of a box, and the box in px."""
    if known.height <= 0 or known.width <= 0:
        return
    squares = np.zeros((-(-known.y1 // cell), -(-known.x1 // cell)), bool)
    for core in tiles(known, tile, cell):
        rows, columns = np.nonzero(comparison.left(core).contradicts.any(0))
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
    everywhere = np.median(left.scale[left.trusted])
    usual = [np.median(s[known]) if known.any() else everywhere for s, known in zip(left.scale, left.trusted)]
    scale = np.where(left.trusted, left.scale, np.array(usual)[:, None, None])
    planes = (
        np.pad(left.values, around),
        np.pad(bound, around, constant_values=np.inf),
        np.pad(scale, around, mode="edge"),
    )
    values, bounds, scales = (torch.from_numpy(plane)[None] for plane in planes)
    return values, bounds, scales
