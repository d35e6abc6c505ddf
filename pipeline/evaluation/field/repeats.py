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
    values = _ranked(image)
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

    Parameters
    ----------
    real, synthetic : array, shape (H, W)
        A piece of each, of one band or the mean of some, in asinh of three sigmas of the sky.
    *address : object
        Where the pieces are dealt.
    """
    value, lag = strongest_repeat(synthetic)
    size = synthetic.shape
    null = np.array([
        strongest_repeat(shuffled(real, size, addressed_random(*address, PART, i)))[0] for i in range(SHUFFLES)
    ])  # fmt: skip
    strength = value / np.sqrt(synthetic.size)
    return [
        Finding(PART, "autocorrelation", "", value, np.nan, np.nan, *perfect_range(null), share_as_far(value, null),
                synthetic.size),
        Finding(PART, "lag_down", "", float(lag[0]), *(np.nan,) * 6, synthetic.size),
        Finding(PART, "lag_right", "", float(lag[1]), *(np.nan,) * 6, synthetic.size),
        Finding(PART, "share_repeated", "", float(np.clip(strength, 0, 1)), *(np.nan,) * 6, synthetic.size),
    ]  # fmt: skip


def shuffled(real: NDArray[np.floating], size: tuple[int, int], random: np.random.Generator) -> NDArray[np.floating]:
    """A sky of some size, or as large as the real one has pieces, each used once, turned and mirrored at random."""
    pieces = [
        real[w.slices] for w in tiles(Window(0, 0, *real.shape), SHUFFLED) if (w.height, w.width) == (SHUFFLED,) * 2
    ]
    rows = max(min(size[0] // SHUFFLED, int(len(pieces) ** 0.5)), 1)
    columns = max(min(size[1] // SHUFFLED, len(pieces) // rows), 1)
    order = random.permutation(len(pieces))
    made = np.empty((rows * SHUFFLED, columns * SHUFFLED), real.dtype)
    for number, window in enumerate(tiles(Window(0, 0, *made.shape), SHUFFLED)):
        piece = np.rot90(pieces[order[number]], int(random.integers(4)))
        made[window.slices] = piece[:, ::-1] if random.random() < 0.5 else piece
    return made


def _ranked(image: NDArray[np.floating]) -> Floats:
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
