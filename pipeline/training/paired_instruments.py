"""The instrument of real pairs: the PSFs and the noise that their blurred images have."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.physics.blur import Blur
from pipeline.physics.conditions import psf_from_stamp
from pipeline.physics.noise import GaussianNoise
from pipeline.training.pair_file import RegionPsfs
from pipeline.training.psf_bank import PsfBank
from pipeline.training.white_noise_range import WhiteNoiseRange


class PairedInstruments(WhiteNoiseRange):
    """Instruments to draw from as the pairs have them: a PSF is one of theirs, noise lies between their levels.

    Parameters
    ----------
    psfs : RegionPsfs
        Of the regions that are learned from.
    error : float
        Standard deviation of the width of the PSF that networks are told beside the true one, as a share of it.
    device : torch.device
    """

    def __init__(self, psfs: RegionPsfs, error: float, device: torch.device) -> None:
        kernels, bands = psfs.kernels, psfs.kernels.shape[1]

        def drawn(number: float, factor: float) -> Tensor:
            kernel = kernels[int(number)]
            return kernel if factor == 1 else psf_from_stamp((kernel.double().numpy(), None), bands, None, factor)

        self._silent, self._device, self.mistaken = GaussianNoise((0.0,) * bands), device, error > 0
        self.single = kernels[0] if len(kernels) == 1 else None
        self._psfs = PsfBank(drawn, range(len(kernels)), error, device)
        self.names, self._widest = self._psfs.names, Blur(kernels[0], self._silent)
        self._low, self._high = psfs.noise.min(0), psfs.noise.max(0)
