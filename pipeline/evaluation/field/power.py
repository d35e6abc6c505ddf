"""Power spectra of blocks of sky, and how their rings scatter together from block to block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.block_means import mean_finding
from pipeline.evaluation.field.finding import Compared, Curve, curve_of_blocks
from pipeline.measures.spectrum import power_spectrum

PART, COVARIANCE = "power_spectrum", "power_covariance"
BINS = 8
"""Of frequency, of one width in its logarithm where rings are dense enough."""

Floats = NDArray[np.float64]


def power_spectra(
    real: Sequence[NDArray[np.floating]], synthetic: Sequence[NDArray[np.floating]], bands: tuple[str, ...],
    *address: object,
) -> Compared:  # fmt: skip
    """Compare mean log10 power over rings, band by band, by its covariance over blocks.

    Parameters
    ----------
    real, synthetic : sequence of array, shape (C, H, W)
        Blocks of one size, NaN where masked, which is taken for sky.
    bands : tuple of str

    Returns
    -------
    Compared
        Curves of the power in dex against cycles/px; and, as the part ``power_covariance``, the correlation of two
        rings' scatter: quantity and ``x`` are their frequencies.
    """
    frequency, one = _log_power(real)
    _, other = _log_power(synthetic)
    findings, curves = [], []
    for c, band in enumerate(bands):
        findings.append(mean_finding(PART, "power", band, one[:, c], other[:, c], *address))
        curves += curve_of_blocks(PART, "power", band, frequency.tolist(), one[:, c], other[:, c])
        matrices = [_correlation(power[:, c]) for power in (one, other)]
        curves += [
            Curve(COVARIANCE, f"{frequency[i]:.4f}", band, float(frequency[j]), matrices[0][i, j], np.nan, np.nan,
                  matrices[1][i, j], np.nan, np.nan)
            for i in range(len(frequency)) for j in range(len(frequency))
        ]  # fmt: skip
    return Compared(findings, curves)


def _log_power(blocks: Sequence[NDArray[np.floating]]) -> tuple[Floats, Floats]:
    """Frequencies, shape (K,), and log10 power, shape (N, C, K)."""
    found = []
    for block in blocks:
        spectrum = power_spectrum(np.nan_to_num(block))
        groups = _groups(len(spectrum.frequency))
        found.append(np.log10(np.maximum(_mean_in(groups, spectrum.power), 1e-12)))
    return _mean_in(groups, spectrum.frequency[None])[0], np.array(found)


def _groups(rings: int) -> NDArray[np.intp]:
    """The bin of each ring."""
    edges = np.unique(np.rint(np.geomspace(1, rings + 1, BINS + 1)).astype(int))
    return np.searchsorted(edges, np.arange(1, rings + 1), "right") - 1


def _mean_in(groups: NDArray[np.intp], values: Floats) -> Floats:
    return np.stack([np.bincount(groups, row) / np.bincount(groups) for row in values])


def _correlation(vectors: Floats) -> Floats:
    spread = vectors.std(0)
    centred = (vectors - vectors.mean(0)) / np.where(spread > 0, spread, 1)
    return centred.T @ centred / len(vectors)
