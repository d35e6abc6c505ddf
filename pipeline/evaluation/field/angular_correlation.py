"""The angular correlation of sources, and how far a field of independent latents can have any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import treecorr
from numpy.typing import NDArray
from scipy.stats import chi2 as chi2_distribution

from pipeline.evaluation.field.finding import TAILS, Compared, Curve, Finding
from pipeline.evaluation.field.sky_blocks import Block, BlockedCatalogue
from pipeline.physics.noise import addressed_random

PART = "angular_correlation"
BINS = 8
CLOSEST = 5.0
"""Px: nearer sources are one, or are seen as one."""
REACH_OF_PAIRS = 4
"""Pairs are counted up to so many widths of a block."""
RANDOMS = 10
"""Random places per source, at least 4,000."""
MOST_SOURCES = 30_000
FEWEST = 50
"""Sources without which nothing is said of their pairs."""
APART = 1e7
"""Px between fields, so that sources of two fields make no pair."""

Floats = NDArray[np.float64]


class Correlation(NamedTuple):
    """``w`` at separations in px, shape (K,), and its covariance, shape (K, K), by jackknife over patches."""

    separation: Floats
    w: Floats
    covariance: Floats

    @property
    def error(self) -> Floats:
        """Standard deviation of each, shape (K,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0))


def angular_correlation(sources: BlockedCatalogue, blocks: Sequence[Block], *address: object) -> Correlation | None:
    """The excess of pairs over random places (Landy and Szalay 1993, ApJ 412, 64; treecorr: Jarvis et al. 2004).

    Parameters
    ----------
    sources : BlockedCatalogue
    blocks : sequence of Block
        Where sources could be; random places are strewn over these.
    *address : object
        Where the random places are drawn.

    Returns
    -------
    Correlation or None
        None with fewer than 50 sources.
    """
    table = sources.table
    if len(table) < FEWEST:
        return None
    random = addressed_random(*address, PART)
    if len(table) > MOST_SOURCES:
        table = table.iloc[np.sort(random.choice(len(table), MOST_SOURCES, replace=False))]
    side = blocks[0].window.height
    corners = np.array([(b.window.y0, b.window.x0 + APART * b.field) for b in blocks], float)
    count = max(RANDOMS * len(table), 4000)
    strewn = random.integers(0, len(blocks), count)
    y, x = corners[strewn].T + random.uniform(-0.5, side - 0.5, (2, count))
    # Patches of several blocks in a row where there are many, so that each has pairs of all separations within it.
    patch = np.arange(len(blocks)) * min(len(blocks), 25) // len(blocks)
    # A patch without a source is one with its neighbour: the jackknife needs sources in each.
    filled, of_sources = np.unique(patch[table["block"]], return_inverse=True)
    of_randoms = np.searchsorted(filled, patch[strewn]).clip(max=len(filled) - 1)
    places = treecorr.Catalog(x=table["x"] + APART * table["field"], y=table["y"], patch=of_sources)
    randoms = treecorr.Catalog(x=x, y=y, patch=of_randoms)
    settings = {"min_sep": CLOSEST, "max_sep": REACH_OF_PAIRS * float(side), "nbins": BINS, "var_method": "jackknife",
                "cross_patch_weight": "match", "num_threads": 1}  # fmt: skip
    pairs, mixed, none = (treecorr.NNCorrelation(settings) for _ in range(3))
    pairs.process(places)
    mixed.process(places, randoms)
    none.process(randoms)
    w, _ = pairs.calculateXi(rr=none, dr=mixed)
    return Correlation(np.exp(pairs.logr), w, pairs.cov)


def compare_correlations(real: Correlation | None, synthetic: Correlation | None, reach: float | None, n: int
                         ) -> Compared:  # fmt: skip
    """Compare two correlations; and say what the real sky has beyond the reach of a latent.

    Parameters
    ----------
    real, synthetic : Correlation or None
    reach : float or None
        Px beyond which no two pixels of the synthetic field share a latent. There they are independent: whatever the
        generator has learned, its sources have no correlation, but by that of density from one draw of the latents to
        another. None where it is not known.
    n : int
        Number of synthetic sources.

    Returns
    -------
    Compared
        ``difference``: chi-square per degree of freedom of both, by the diagonals of their covariances, whose
        ``perfect`` is that of its formula, since jackknifing simulated skies would take hours; ``beyond_reach``: the
        real sky's mean w there, that of a field of independent latents (0) being its ``perfect``.
    """
    if real is None or synthetic is None:
        return Compared([], [])
    variance = real.error**2 + synthetic.error**2
    told = variance > 0
    count = int(told.sum())
    pull = (real.w - synthetic.w)[told] / np.sqrt(variance[told])
    value = float((pull**2).mean()) if count else np.nan
    low, high = (chi2_distribution.ppf(tail / 100, count) / count for tail in TAILS)
    p_value = float(chi2_distribution.sf(value * count, count))
    findings = [
        Finding(PART, "difference", "", value, np.nan, np.nan, 1.0, float(low), float(high), p_value, n)
    ]  # fmt: skip
    beyond = real.separation > (np.inf if reach is None else reach)
    if beyond.any():
        weights = np.ones(beyond.sum()) / beyond.sum()
        mean = float(weights @ real.w[beyond])
        error = float(np.sqrt(weights @ real.covariance[np.ix_(beyond, beyond)] @ weights))
        findings.append(Finding(PART, "real_beyond_reach", "", mean, mean - 1.96 * error, mean + 1.96 * error, 0.0, 0.0,
                                0.0, np.nan, n))  # fmt: skip
    curves = [
        Curve(PART, "w", "", float(at), *_bounds(real, i), *_bounds(synthetic, i))
        for i, at in enumerate(real.separation)
    ]
    return Compared(findings, curves)


def _bounds(found: Correlation, i: int) -> tuple[float, float, float]:
    return float(found.w[i]), float(found.w[i] - 1.96 * found.error[i]), float(found.w[i] + 1.96 * found.error[i])
