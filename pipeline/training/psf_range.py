"""PSFs that are a formula, of every width between two: drawn anew for every crop, on the training device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from pipeline.on_device import sent
from pipeline.physics.analytic_psf import analytic_psfs
from pipeline.physics.psf import draw_psf, padded_psfs
from pipeline.training.psf_bank import LARGEST_ERROR, described, normal_up_to

STEPS = 33
"""Widths at which numbers that describe a PSF are measured; between them they are interpolated."""


class PsfRange:
    """Gaussian or Moffat PSFs of all widths between two; a PSF's number is its FWHM in px.

    Parameters
    ----------
    profile : {"gaussian", "moffat"}
    beta : float
        Moffat's slope.
    ends : tuple of float
        The narrowest and the widest FWHM in px.
    bands : int
    error : float
        Standard deviation of a told width from the true one, as a share of it.
    device : torch.device

    Raises
    ------
    PSFError
        If a stamp cannot hold a width.
    """

    def __init__(
        self,
        profile: Literal["gaussian", "moffat"],
        beta: float,
        ends: tuple[float, float],
        bands: int,
        error: float,
        device: torch.device,
    ) -> None:
        self._profile, self._beta, self.ends = profile, beta, ends
        self._bands, self._error, self._device = bands, error, device
        reach = LARGEST_ERROR * error
        # A told width may lie beyond the ends, and a stamp of what is told may be wider than any of the true ones.
        self._widths = np.unique([ends[0] * (1 - reach), *np.linspace(*ends, STEPS), ends[1] * (1 + reach)])
        drawn = [draw_psf(profile, width, beta) for width in self._widths]
        self._radii = np.array([kernel.shape[-1] // 2 for kernel in drawn], float)
        self.names, self._numbers = described(padded_psfs(drawn)[:, None])
        self.range = dict(zip(self.names, self.descriptors(ends).T.tolist()))

    def draw(self, random: np.random.Generator) -> float:
        """Draw a width, evenly."""
        return float(random.uniform(*self.ends))

    def mistaken(self, random: np.random.Generator, width: float) -> float:
        """Draw the width that is told in place of the true one."""
        return width * (1 + self._error * normal_up_to(LARGEST_ERROR, random))

    def true(self, widths: Sequence[float]) -> Tensor:
        """PSFs of some widths, shape (N, C, K, K)."""
        return self._kernels(widths, self.ends[1], self._device)

    def on_host(self, width: float) -> Tensor:
        """The PSF of one width on the CPU, shape (C, K, K)."""
        return self._kernels([width], self.ends[1], torch.device("cpu"))[0]

    def told(self, widths: Sequence[float]) -> Tensor:
        """PSFs of some told widths, shape (N, C, K, K)."""
        return self._kernels(widths, self._widths[-1], self._device)

    def descriptors(self, widths: Sequence[float]) -> Tensor:
        """Numbers that describe PSFs of some told widths, shape (N, D)."""
        columns = [np.interp(widths, self._widths, column) for column in self._numbers.T.numpy()]
        return torch.from_numpy(np.stack(columns, -1)).float()

    def _kernels(self, widths: Sequence[float], widest: float, device: torch.device) -> Tensor:
        radii = np.round(np.interp([*widths, widest], self._widths, self._radii))
        fwhm, radius = sent(torch.tensor([widths, radii[:-1].tolist()]), device)
        kernels = analytic_psfs(self._profile, fwhm, radius, 2 * int(radii[-1]) + 1, self._beta)
        return kernels[:, None].expand(-1, self._bands, -1, -1)
