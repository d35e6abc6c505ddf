"""Whether a scene explains data that are no image: chi-square of all that it leaves, beside that of noise alone."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.observation import Observation
from pipeline.physics.noise import addressed_generator

DRAWS = 4
"""How often noise is drawn to tell what noise alone leaves."""


class Discrepancy(NamedTuple):
    """What a scene leaves of its data."""

    left: Tensor
    """Data minus what is seen of the scene, shape (1, C, M, N)."""
    trust: Tensor
    """One over the variance of the noise, shape (1, C, M, N): 0 for a datum that is not trusted or has no noise."""
    chi2: float
    """Mean square of what is left, in sigmas, over trusted data."""
    expected: float
    """The same of data that are the scene's and noise."""
    spread: float
    """Standard deviation by which it differs from that by chance."""

    @property
    def trusted(self) -> int:
        """Trusted data."""
        return int((self.trust > 0).sum())

    def level(self, sigmas: float) -> float:
        """Chi-square, as a mean, that lies so many standard deviations above the expected one."""
        return self.expected + sigmas * self.spread

    @property
    def excess(self) -> float:
        """Standard deviations by which chi-square is too large; NaN where no datum is trusted."""
        return (self.chi2 - self.expected) / self.spread if self.trusted else float("nan")


@torch.no_grad()
def discrepancy(scene: Tensor, seen: Observation) -> Discrepancy:
    """What a scene leaves of its data, and what noise alone would.

    Sigma is read off the data, and is therefore smaller where noise made the signal larger, or the other way round:
    chi-square of the truth is not quite 1. What it would be is found by drawing data of the scene, with noise that is a
    function of the observation's name.

    Parameters
    ----------
    scene : Tensor, shape (1, C, H, W)
    seen : Observation
        All its noise counts, that of the scene's own source too: a scene may well be without that.
    """
    data, _, mask = seen.measured
    operator, noise = seen.operator, seen.operator.noise.total
    clean = operator.forward(scene.to(data))
    left, trust = data - clean, _trust(noise.told_sigma(data), mask)
    drawn = []
    for number in range(DRAWS):
        generators = [addressed_generator("discrepancy", seen.id, number, band) for band in range(data.shape[1])]
        noisy = noise.draw(clean, generators)
        drawn.append(_mean_square(noisy - clean, _trust(noise.told_sigma(noisy), mask)))
    count = max(int((trust > 0).sum()), 1)
    expected = sum(drawn) / DRAWS
    spread = expected * (2 / count * (1 + 1 / DRAWS)) ** 0.5
    return Discrepancy(left, trust, _mean_square(left, trust), expected, spread)


def _trust(sigma: Tensor, mask: Tensor) -> Tensor:
    return torch.where(sigma > 0, sigma, torch.inf).square().reciprocal().masked_fill(mask, 0)


def _mean_square(left: Tensor, trust: Tensor) -> float:
    return float((trust * left.square()).double().sum() / (trust > 0).sum().clamp_min(1))
