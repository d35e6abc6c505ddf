"""Deconvolution by the scene that fits the data and is sparse in some sense, found by alternating directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.transfer_function import transfer_function
from pipeline.restorers.batches import batches, whitened_together
from pipeline.restorers.restorer import Settings, TunedRestorer
from pipeline.restorers.whitened import Whitened, point_response
from pipeline.sparsity.analysis import Analysis
from pipeline.sparsity.standing import standing

# How firmly ADMM ties its copy of A x to the scene, and by how much it over-relaxes: they set the speed alone.
_DATA_PENALTY, _RELAXATION = 0.3, 1.7


class Variational(TunedRestorer):
    """Minimises ``1/2 |A x - y|^2 / sigma^2 + weight sum |L x / sigma|``; masked pixels have no weight.

    The sum is over the lengths of groups of coefficients of the ``analysis``. The tuned ``weight`` is a pure number.
    """

    analysis: ClassVar[Analysis]

    def restore(self, observation: Observation) -> Image:
        """Iterate until the estimate stands still."""
        return self.restore_all([observation])[0]

    def restore_all(self, observations: Sequence[Observation]) -> list[Image]:
        """Iterate until each estimate stands still, in batches."""
        restored: dict[int, Image] = {}
        for numbers in batches(observations):
            seen = whitened_together([observations[k] for k in numbers])
            problem = Problem(seen, self.settings["weight"], self.analysis)
            height, width = seen.data.shape[-2:]
            scenes = standing(problem.data, problem.iterates())[..., :height, :width]
            restored |= zip(numbers, seen.images(scenes, [observations[k].preview for k in numbers]))
        return [restored[number] for number in range(len(observations))]

    def paths(self, observations: Sequence[Observation]) -> Iterator[tuple[Settings, list[Image]]]:
        """The one estimate of each, in batches."""
        yield self.settings, self.restore_all(observations)


class Problem:
    """What is minimised, on a periodic grid that leaves room for a PSF beyond the data.

    What lies beyond the data, or is masked, has no weight: there the scene is free (Almeida and Figueiredo 2013, IEEE
    TIP 22, 3074, "Deconvolving images with unknown boundaries").

    Parameters
    ----------
    seen : Whitened, shape (C, H, W) or (B, C, H, W)
    weight : float
        Of the prior, above 0.
    analysis : Analysis
    """

    def __init__(self, seen: Whitened, weight: float, analysis: Analysis) -> None:
        *images, bands, height, width = seen.data.shape
        margin = 2 * seen.operator.halo
        self._size = (next_fast_len(height + margin, real=True), next_fast_len(width + margin, real=True))
        self.data, self._trust = seen.data.new_zeros(2, *images, bands, *self._size)
        self.data += seen.data.mean((-2, -1), keepdim=True)
        self.data[..., :height, :width], self._trust[..., :height, :width] = seen.data, seen.weight
        response = point_response(seen.operator, bands, *images)
        self._transfer = transfer_function(response, self._size).to(seen.data.device, torch.complex64)
        self.weight, self._analysis = weight, analysis

    def objective(self, scene: Tensor) -> float:
        """What is minimised, at a scene on the extended grid, shape (..., C, H', W')."""
        residual = self._blurred(torch.fft.rfft2(scene)) - self.data
        prior = self._analysis.length(self._analysis.of(scene)).sum()
        return float((self._trust * residual.square()).sum() / 2 + self.weight * prior)

    def iterates(self) -> Iterator[Tensor]:
        """Scenes on the extended grid, shape (..., C, H', W'), ever nearer to the minimum, without end.

        By the alternating direction method of multipliers: the blurred scene and its coefficients are split off, so
        that each step is one division in Fourier or in pixel space (Afonso, Bioucas-Dias and Figueiredo 2011).
        """
        analysis, tie = self._analysis, self._analysis.tie * self.weight
        inverse = 1 / (
            _DATA_PENALTY * self._transfer.abs().square() + tie * analysis.power(self._size).to(self.data.device)
        )
        # Without coefficients at first: so the first scene is Tikhonov's.
        blurred, blurred_dual = self.data, torch.zeros_like(self.data)
        sparse = sparse_dual = torch.zeros_like(analysis.of(self.data))
        while True:
            wanted = _DATA_PENALTY * self._transfer.conj() * torch.fft.rfft2(blurred - blurred_dual)
            wanted += tie * torch.fft.rfft2(analysis.transpose(sparse - sparse_dual))
            spectrum = wanted * inverse
            scene = torch.fft.irfft2(spectrum, s=self._size)
            relaxed = torch.lerp(blurred, self._blurred(spectrum), _RELAXATION) + blurred_dual
            blurred = (self._trust * self.data + _DATA_PENALTY * relaxed) / (self._trust + _DATA_PENALTY)
            blurred_dual = relaxed - blurred
            relaxed_sparse = torch.lerp(sparse, analysis.of(scene), _RELAXATION) + sparse_dual
            length, threshold = analysis.length(relaxed_sparse), self.weight / tie
            sparse = relaxed_sparse * (1 - threshold / length.clamp_min(threshold))
            sparse_dual = relaxed_sparse - sparse
            yield scene

    def _blurred(self, spectrum: Tensor) -> Tensor:
        return torch.fft.irfft2(self._transfer * spectrum, s=self._size)
