"""Repeats: whether a field shows the same sky twice, by its autocorrelation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.special import ndtri
from scipy.stats import rankdata

from pipeline.evaluation.field.finding import Finding, perfect_range, share_as_far
from pipeline.physics.noise import addressed_random
from pipeline.tiling import Window, tiles

PART = "repeats"
WIDEST = 2048
"""Px of a field's side that are looked at at once: a longer period than this is not seen."""
NEAREST = 24
"""Px of lag below which a source resembles itself."""
LEAST_OVERLAP = 0.25
"""Share of the area that must overlap at a lag."""
SHUFFLES = 60
SHUFFLED = 48
"""Width in px of the pieces of real sky that are turned and moved to make skies that repeat nothing: of a JPEG the
blocks of 16 px, which do repeat, stay where they are."""

Floats = NDArray[np.float64]


def strongest_repeat(image: NDArray[np.floating]) -> tuple[float, tuple[int, int]]:
    """The highest autocorrelation beyond 24 px, times the root of the pixels that overlap, and its lag.

    Values are first replaced by normal ones of the same rank, so that two bright stars make no repeat, and divided by
    their amplitude at every frequency, averaged over rings, so that pixels are independent but for what is repeated.
    Where nothing is, the result is about 5, the highest of many normal numbers; a field that is tiled has the root of
    its number of pixels.

    Parameters
    ----------
    image : array, shape (H, W)
        One band, or the mean of some; NaN where masked.

    Returns
    -------
    float
    (int, int)
        Lag in px, down and right.
    """
    return _strongest(_white(image))


def _strongest(values: Floats) -> tuple[float, tuple[int, int]]:
    height, width = values.shape
    size = next_fast_len(2 * height, real=True), next_fast_len(2 * width, real=True)
    correlation = np.fft.irfft2(np.abs(np.fft.rfft2(values, size)) ** 2, size)
    overlap = np.round(np.fft.irfft2(np.abs(np.fft.rfft2(np.ones_like(values), size)) ** 2, size))
    down, right = (np.rint(np.fft.fftfreq(n) * n).astype(int) for n in size)
    far = np.hypot(down[:, None], right) >= NEAREST
    usable = far & (overlap >= LEAST_OVERLAP * values.size)
    # Of every pair of opposite lags one is enough.
    usable &= (down[:, None] > 0) | ((down[:, None] == 0) & (right > 0))
    if not usable.any():
        return float("nan"), (0, 0)
    score = np.where(usable, correlation / np.sqrt(np.maximum(overlap, 1)), -np.inf)
    y, x = np.unravel_index(int(score.argmax()), score.shape)
    return float(score[y, x]), (int(down[y]), int(right[x]))


def repeats(real: NDArray[np.floating], synthetic: NDArray[np.floating], *address: object) -> list[Finding]:
    """Compare a synthetic sky's strongest repeat with those of real sky whose pieces were turned and moved.

    Of the synthetic sky as much is looked at as the real one gives pieces for: among more lags a higher one is found.
    Nothing is known (NaN) where the real sky has no piece of 48 px.

    Parameters
    ----------
    real, synthetic : array, shape (H, W)
        A piece of each, of one band or the mean of some, in asinh of three sigmas of the sky.
    *address : object
        Where the pieces are dealt.
    """
    down, across = (length // SHUFFLED for length in real.shape)
    if not down * across:
        return [Finding(PART, "autocorrelation", "", *(np.nan,) * 7, 0)]
    rows = max(min(synthetic.shape[0] // SHUFFLED, int((down * across) ** 0.5)), 1)
    columns = max(min(synthetic.shape[1] // SHUFFLED, down * across // rows), 1)
    # What is white has no seams where pieces meet, so it is made so before they are moved.
    white = _white(real)
    null = np.array([
        _strongest(shuffled(white, (rows, columns), addressed_random(*address, PART, i)))[0] for i in range(SHUFFLES)
    ])  # fmt: skip
    synthetic = synthetic[: rows * SHUFFLED, : columns * SHUFFLED]
    value, lag = strongest_repeat(synthetic)
    strength = value / np.sqrt(synthetic.size)
    return [
        Finding(PART, "autocorrelation", "", value, np.nan, np.nan, *perfect_range(null), share_as_far(value, null),
                synthetic.size),
        Finding(PART, "lag_down", "", float(lag[0]), *(np.nan,) * 6, synthetic.size),
        Finding(PART, "lag_right", "", float(lag[1]), *(np.nan,) * 6, synthetic.size),
        Finding(PART, "share_repeated", "", float(np.clip(strength, 0, 1)), *(np.nan,) * 6, synthetic.size),
    ]  # fmt: skip


def shuffled(real: Floats, count: tuple[int, int], random: np.random.Generator) -> Floats:
    """A sky of rows and columns of pieces of the real one, each used once, turned and mirrored at random."""
    pieces = [
        real[w.slices] for w in tiles(Window(0, 0, *real.shape), SHUFFLED) if (w.height, w.width) == (SHUFFLED,) * 2
    ]
    order = random.permutation(len(pieces))
    made = np.empty((count[0] * SHUFFLED, count[1] * SHUFFLED), real.dtype)
    for number, window in enumerate(tiles(Window(0, 0, *made.shape), SHUFFLED)):
        piece = np.rot90(pieces[order[number]], int(random.integers(4)))
        made[window.slices] = piece[:, ::-1] if random.random() < 0.5 else piece
    return made


def _white(image: NDArray[np.floating]) -> Floats:
    values = np.where(np.isfinite(image), image, np.nanmedian(image)).astype(float)
    normal = ndtri((rankdata(values) - 0.5) / values.size).reshape(values.shape)
    frequency = np.hypot(np.fft.fftfreq(values.shape[0])[:, None], np.fft.rfftfreq(values.shape[1]))
    ring = np.rint(frequency * min(values.shape)).astype(int)
    spectrum = np.fft.rfft2(normal)
    power = np.bincount(ring.ravel(), (np.abs(spectrum) ** 2).ravel()) / np.maximum(np.bincount(ring.ravel()), 1)
    white = spectrum / np.sqrt(np.maximum(power[ring], max(1e-12 * power.max(), 1e-300)))
    white[ring == 0] = 0
    sharp = np.fft.irfft2(white, values.shape)
    return sharp / max(sharp.std(), 1e-12)
