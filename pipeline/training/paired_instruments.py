"""The instrument of real pairs: the PSFs and the noise that their blurred images have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.physics.blur import Blur
from pipeline.physics.conditions import psf_from_stamp
from pipeline.physics.noise import GaussianNoise
from pipeline.training.instruments import Instruments
from pipeline.training.pair_file import RegionPsfs
from pipeline.training.psf_bank import PsfBank


class PairedInstruments(Instruments):
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

    @property
    def relative_to_sky(self) -> bool:
        """Levels were measured."""
        return False

    @property
    def counts_photons(self) -> bool:
        """The noise is white."""
        return False

    def noise(
        self,
        random: np.random.Generator,
        number: float,  # noqa: ARG002
        sky_sigma: Sequence[float],  # noqa: ARG002
        background: Sequence[float] = (),  # noqa: ARG002
    ) -> GaussianNoise:
        """Draw a level, the same share of the way from least to greatest in every band."""
        return GaussianNoise(tuple((self._low * (self._high / self._low) ** random.random()).tolist()))

    def noise_range(self, *_: object) -> tuple[list[float], list[float]]:
        """Least and greatest noise of the pairs, per band."""
        return self._low.tolist(), self._high.tolist()
