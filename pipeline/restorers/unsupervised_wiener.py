"""Wiener-Hunt deconvolution that finds its own regularisation, as scikit-image has it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.restoration import unsupervised_wiener

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.restorers.restorer import TunedRestorer
from pipeline.restorers.whitened import point_response, whitened

SEED = 0


class UnsupervisedWiener(TunedRestorer):
    """Posterior mean by Gibbs sampling, band by band (Orieux, Giovannelli and Rodet 2010, J. Opt. Soc. Am. A 27, 1593).

    Noise and smoothness are sampled, not tuned. Data come in units of their noise, near which the chains start, and
    less their mean; the chain of every band starts from one seed, so the result is a function of the data.
    """

    def restore(self, observation: Observation) -> Image:
        """Sample the scene; masked pixels are filled from their neighbours first."""
        seen = whitened(observation)
        kernels = point_response(seen.operator, len(seen.data)).numpy()
        estimates = [_posterior_mean(band, kernel) for band, kernel in zip(seen.data.double().numpy(), kernels)]
        return seen.image(torch.from_numpy(np.stack(estimates)), observation.preview)


def _posterior_mean(band: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = band.mean()
    if np.ptp(band) == 0:
        return band
    estimate, _ = unsupervised_wiener(band - mean, kernel, clip=False, rng=SEED)
    return estimate + mean
