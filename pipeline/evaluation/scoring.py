"""Judging one restored item: every metric against the truth and against what was observed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.errors import ClearfieldError
from pipeline.evaluation.spaces import LINEAR, Space
from pipeline.image import Image, Mask
from pipeline.measures.fidelity import mae, psnr, ssim
from pipeline.measures.photometry import aperture_metric_names, bias_and_scatter, find_sources, relative_errors
from pipeline.measures.spectrum import cutoff_frequency, log_spectrum_error
from pipeline.observation import Observation
from pipeline.physics import Blur, Operator
from pipeline.splits import Item
from pipeline.tiling import Window, whole

COLUMNS = ("image", "item", "group", "fold", "condition", "method", "space", "metric", "value")
LARGEST_DOUBT = 0.01
"""A datum to which untrusted pixels of the scene contribute more than this share is left out of chi-square."""

Array = NDArray[np.floating]
Score = tuple[str, str, float]
"""Space, metric, value."""


class ScoringError(ClearfieldError):
    """A restored item that cannot be judged."""


def score(
    restored: Array,
    truth: Image,
    observation: Observation,
    item: Item,
    size: tuple[int, int],
    spaces: Sequence[Space],
    apertures: Sequence[float],
    detection: float,
    defects: bool = False,
) -> list[Score]:
    """Judge one restored item.

    Pixels that are masked in the truth are left out, and so are those within the operator's halo of the image's true
    border: what the instrument saw beyond it nobody knows. What does not live in a space is listed under ``linear``.

    Parameters
    ----------
    restored : array, shape (C, H, W)
        The item's window, in the unit of the image.
    truth : Image, shape (C, H, W)
        The item's window of the truth.
    observation : Observation
        The same window of what was observed.
    item : Item
    size : (int, int)
        Height and width of the whole image.
    spaces : sequence of Space
    apertures : sequence of float
        Radii in px.
    detection : float
        Sources of the truth lie above this many sigmas of its sky.
    defects : bool
        Score the pixels apart that are masked in the observation and not in the truth.

    Returns
    -------
    list of (space, metric, value)
        NaN where nothing is left to judge by.

    Raises
    ------
    ScoringError
        If the shape is not the truth's, or a value is not finite.
    """
    if restored.shape != truth.shape:
        raise ScoringError(
            f"item {item.item}: restored as {restored.shape}, the truth is {truth.shape}; restore it anew"
        )
    if not np.isfinite(restored).all():
        raise ScoringError(f"item {item.item}: the restored image holds NaN or infinite values; it cannot be judged")
    rows, columns = inner_window(item.window, size, observation.operator.halo).slices
    inner = (slice(None), rows, columns)
    found, right, mask = restored[inner], truth.pixels[inner], truth.mask[inner]
    scores = [s for space in spaces for s in _fidelity(found, right, mask, space)]
    if defects:
        lost = observation.preview.mask[inner] & ~mask
        scores += [s for space in spaces for s in _repair(found, right, mask, lost, space)]
    scores.append((LINEAR, "chi2_dof", residual_chi2(restored, truth.mask, observation)))
    if isinstance(observation.operator, Blur):
        # Other instruments have no cut-off.
        scores.append((LINEAR, "log_spectrum_error", _spectrum_error(found, right, mask, observation.operator)))
    return scores + list(_apertures(found, right, mask, truth.unit, apertures, detection))


def inner_window(window: Window, size: tuple[int, int], halo: int) -> Window:
    """The part of an item that is ``halo`` px or more from the border of its image, counted from the item's corner."""
    return window.clipped(whole(*size).grown(-halo)).relative_to(window)


def residual_chi2(restored: Array, untrusted: Mask, observation: Observation) -> float:
    """Mean squared residual of the re-blurred item over the variance of the noise (:meth:`Operator.residual_chi2`).

    A datum counts where the scene that it sees lies within the item and is trusted.

    Parameters
    ----------
    restored : array, shape (C, H, W)
    untrusted : array, shape (C, H, W), bool
        True where the truth is not to be trusted.
    observation : Observation
        Of the same window.

    Returns
    -------
    float
        NaN where no datum counts, as where the item is narrower than the PSF or the observation has no noise.
    """
    preview, operator = observation.preview, observation.operator
    if operator.whole:
        with torch.no_grad():
            return float(operator.residual_chi2(_batch(restored), *observation.measured)[0])
    sigma = np.ones(restored.shape, np.float32) if preview.sigma is None else preview.sigma
    left_out = preview.mask | (sigma <= 0) | _doubtful(untrusted, operator)
    left_out[:, _rim(restored.shape[-2:], operator.halo)] = True
    if left_out.all():
        return math.nan
    safe = np.where(sigma > 0, sigma, 1)
    with torch.no_grad():
        scene, data, noise = (_batch(a).double() for a in (restored, preview.pixels, safe))
        return float(operator.residual_chi2(scene, data, noise, _batch(left_out))[0])


def _fidelity(restored: Array, truth: Array, mask: Mask, space: Space) -> Iterator[Score]:
    found, right = space.apply(restored), space.apply(truth)
    yield space.name, "psnr", psnr(found, right, space.data_range, mask)
    yield space.name, "ssim", ssim(found, right, space.data_range, mask)
    yield space.name, "mae", mae(found, right, mask)


def _repair(restored: Array, truth: Array, mask: Mask, lost: Mask, space: Space) -> Iterator[Score]:
    found, right = space.apply(restored), space.apply(truth)
    yield space.name, "psnr_damaged", psnr(found, right, space.data_range, ~lost)
    yield space.name, "psnr_intact", psnr(found, right, space.data_range, mask | lost)
    yield space.name, "mae_damaged", mae(found, right, ~lost)


def _spectrum_error(restored: Array, truth: Array, mask: Mask, operator: Blur) -> float:
    # A spectrum of masked pixels alone says nothing.
    if mask.all() or not truth.size:
        return math.nan
    # A spectrum needs every pixel: where the truth is masked both get its placeholder, which adds the same to both.
    return log_spectrum_error(np.where(mask, truth, restored), truth, cutoff_frequency(operator.psf))


def _apertures(
    restored: Array, truth: Array, mask: Mask, unit: str, apertures: Sequence[float], detection: float
) -> Iterator[Score]:
    sources = find_sources(truth, detection, mask)
    for radius in apertures:
        statistics = bias_and_scatter(relative_errors(restored, truth, sources, radius, mask))
        for name, value in zip(aperture_metric_names(unit, radius), statistics):
            yield LINEAR, name, value


def _doubtful(untrusted: Mask, operator: Operator) -> Mask:
    if not untrusted.any():
        return np.zeros_like(untrusted)
    with torch.no_grad():
        share = operator.forward(_batch(untrusted).double())[0]
    return share.numpy() > LARGEST_DOUBT


def _rim(size: tuple[int, ...], width: int) -> Mask:
    rim = np.ones(size, bool)
    rim[width : max(size[0] - width, 0), width : max(size[1] - width, 0)] = False
    return rim


def _batch(array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))[None]
