"""Chequerboards: whether gradients know the phase of their pixel on a grid, of any period from 2 to 16 px.

Upsampling by a whole factor leaves a pattern that is fixed to the pixel grid. It may be far below the noise of a pixel,
but it is at the same phases everywhere, and the sky is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.finding import Finding
from pipeline.physics.noise import addressed_random

PART = "chequerboard"
PERIODS = tuple(range(2, 17))
PERMUTATIONS = 999
LARGEST = 3.0
"""Gradients beyond so many times the mean one of their block are cut: edges of sources are not what is looked for."""

Floats = NDArray[np.float64]


def chequerboard(
    real: Sequence[NDArray[np.floating]], corners: Sequence[tuple[int, int]],
    synthetic: Sequence[NDArray[np.floating]], synthetic_corners: Sequence[tuple[int, int]], *address: object,
) -> list[Finding]:  # fmt: skip
    """Ask whether the phases of the synthetic sky differ more than those of the real one.

    In blocks, the gradients down and to the right, and the sum of their sizes, are averaged over the pixels of each
    phase ``(y mod P, x mod P)``. What is coherent from block to block remains in the mean over blocks: the statistic is
    the mean square of that over phases, what is left of the blocks' own scatter taken off, of the synthetic sky less
    the real one's; so a pattern that the real sky has too, such as that of JPEG with its blocks of 8 px, is put up
    with. The null deals the blocks of both skies anew into two of their sizes.

    Parameters
    ----------
    real, synthetic : sequence of array, shape (C, H, W)
        Blocks in asinh of three sigmas of the sky; NaN where masked.
    corners, synthetic_corners : sequence of (int, int)
        Where each block's first pixel lies in its field.

    Returns
    -------
    list of Finding
        For each period the amplitude, the excess in the mean square's root with the sign of the excess, in units of the
        mean gradient; its p-value is for all periods together (Westfall and Young 1993), so below 0.01 it is one in a
        hundred skies that shows any.
    """
    ours, theirs = _phases(real, corners), _phases(synthetic, synthetic_corners)
    n, m = len(ours[PERIODS[0]]), len(theirs[PERIODS[0]])
    labels = _labels(n, m, address)
    found = {}
    for period in PERIODS:
        both = np.concatenate([theirs[period], ours[period]])
        weights = labels @ both
        total = both.sum(0)
        square = (both**2).sum(1)
        ones = labels @ square
        excess = _coherent(weights / m, ones / m, m, total) - _coherent(
            (total - weights) / n, (square.sum() - ones) / n, n, total
        )
        found[period] = excess
    observed = np.array([found[p][0] for p in PERIODS])
    null = np.stack([found[p][1:] for p in PERIODS])
    spread = np.maximum(null.std(1), 1e-30)
    largest = ((null - null.mean(1, keepdims=True)) / spread[:, None]).max(0)
    pull = (observed - null.mean(1)) / spread
    findings = []
    for i, period in enumerate(PERIODS):
        amplitudes = _amplitude(null[i])
        low, middle, high = np.percentile(amplitudes, [2.5, 50, 97.5])
        p_value = float((1 + (largest >= pull[i]).sum()) / (1 + len(largest)))
        findings.append(
            Finding(PART, f"period_{period}px", "", float(_amplitude(observed[i])), np.nan, np.nan, float(middle),
                    float(low), float(high), p_value, m)
        )  # fmt: skip
    return findings


def _phases(blocks: Sequence[NDArray[np.floating]], corners: Sequence[tuple[int, int]]) -> dict[int, Floats]:
    """By period, the mean over the pixels of each phase, shape (blocks, 3 P^2)."""
    found: dict[int, list[Floats]] = {period: [] for period in PERIODS}
    for block, (y0, x0) in zip(blocks, corners):
        planes = _gradients(block)
        height, width = planes.shape[-2:]
        for period in PERIODS:
            phase = ((y0 + np.arange(height)) % period)[:, None] * period + (x0 + np.arange(width)) % period
            counts = np.bincount(phase.ravel(), minlength=period**2)
            sums = [np.bincount(phase.ravel(), plane.ravel(), minlength=period**2) for plane in planes]
            means = np.array(sums) / np.maximum(counts, 1)
            found[period].append((means - means.mean(1, keepdims=True)).ravel())
    return {period: np.array(rows) for period, rows in found.items()}


def _gradients(block: NDArray[np.floating]) -> Floats:
    """Down, right, and how large: shape (3, H - 1, W - 1), in units of the mean gradient of the block."""
    mean = np.nan_to_num(np.nanmean(np.where(np.isfinite(block), block, 0), 0)).astype(float)
    down, right = np.diff(mean, axis=0)[:, :-1], np.diff(mean, axis=1)[:-1]
    size = max(float((np.abs(down) + np.abs(right)).mean()) / 2, 1e-12)
    down, right = (np.clip(plane / size, -LARGEST, LARGEST) for plane in (down, right))
    return np.stack([down, right, np.abs(down) + np.abs(right)])


def _labels(n: int, m: int, address: tuple[object, ...]) -> Floats:
    """Which of the m + n blocks, the synthetic ones first, count as synthetic: as it is, then in each permutation."""
    random = addressed_random(*address, PART)
    labels = np.zeros((1 + PERMUTATIONS, n + m))
    labels[0, :m] = 1
    for row in labels[1:]:
        row[random.permutation(n + m)[:m]] = 1
    return labels


def _coherent(mean: Floats, mean_square: Floats, blocks: int, like: Floats) -> Floats:
    """Mean square over phases of the mean over blocks, unbiased: what the scatter of the blocks leaves is taken off."""
    square = (mean**2).sum(-1)
    scatter = np.maximum(mean_square - square, 0) / max(blocks - 1, 1)
    return (square - scatter) / len(like)


def _amplitude(excess: Floats) -> Floats:
    return np.sign(excess) * np.sqrt(np.abs(excess))
