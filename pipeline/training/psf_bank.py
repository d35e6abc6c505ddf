"""PSFs that are no formula, of widths drawn in advance: one of them is drawn for every crop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.on_device import sent
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import padded_psfs

WIDTHS = 17
"""PSFs between the narrowest and the widest: neighbours differ by less than what a network is told."""
LARGEST_ERROR = 2.0
"""A told PSF is wrong by up to this many standard deviations ..."""
ERRORS = 17
"""... in as many steps, so that each true PSF has this many that may be told in its place."""


class PsfBank:
    """PSFs of several widths; each has a number, and what may be told in its place has numbers of its own.

    Parameters
    ----------
    drawn : callable
        Draws the PSF of a width, shape (C, K, K), wider by a factor: ``drawn(width, factor)``.
    widths : sequence
        At least one, in whatever sense ``drawn`` understands.
    error : float
        Standard deviation of a told width from the true one, as a share of it.
    device : torch.device

    Raises
    ------
    PSFError
        If a PSF cannot be drawn.
    """

    def __init__(
        self, drawn: Callable[[float, float], Tensor], widths: Sequence[float], error: float, device: torch.device
    ) -> None:
        factors = 1 + error * np.linspace(-LARGEST_ERROR, LARGEST_ERROR, ERRORS) if error else [1.0]
        true = padded_psfs([drawn(width, 1.0) for width in widths])
        told = padded_psfs([drawn(width, float(by)) for width in widths for by in factors]) if error else true
        self.names, self._numbers = described(told)
        _, exact = described(true)
        self.range = dict(zip(self.names, zip(exact.amin(0).tolist(), exact.amax(0).tolist())))
        self._on_host, self._errors, self._device = true, len(factors), device
        self._true, self._told = true.to(device), told.to(device)
        self.ends = 0.0, float(len(true) - 1)

    def draw(self, random: np.random.Generator) -> float:
        """Draw the number of a PSF."""
        return float(random.integers(len(self._true)))

    def mistaken(self, random: np.random.Generator, number: float) -> float:
        """Draw the number of what is told in place of the true PSF."""
        middle = (self._errors - 1) / 2
        return number * self._errors + round((normal_up_to(LARGEST_ERROR, random) / LARGEST_ERROR + 1) * middle)

    def true(self, numbers: Sequence[float]) -> Tensor:
        """PSFs of some numbers, shape (N, C, K, K)."""
        return self._true[self._sent(numbers)]

    def on_host(self, number: float) -> Tensor:
        """One PSF on the CPU, shape (C, K, K)."""
        return self._on_host[int(number)]

    def told(self, numbers: Sequence[float]) -> Tensor:
        """PSFs of some told numbers, shape (N, C, K, K)."""
        return self._told[self._sent(numbers)]

    def descriptors(self, numbers: Sequence[float]) -> Tensor:
        """Numbers that describe PSFs of some told numbers, shape (N, D), on the host."""
        return self._numbers[list(map(int, numbers))]

    def _sent(self, numbers: Sequence[float]) -> Tensor:
        return sent(list(map(int, numbers)), self._device)


def described(kernels: Tensor) -> tuple[tuple[str, ...], Tensor]:
    """Names of the numbers that describe PSFs, shape (N, C, K, K), and these, shape (N, D)."""
    every = [Blur(kernel, GaussianNoise((0.0,) * len(kernel))).descriptor() for kernel in kernels]
    return tuple(every[0]), torch.tensor([list(one.values()) for one in every])


def normal_up_to(limit: float, random: np.random.Generator) -> float:
    """Draw from a standard normal distribution, cut at a limit on both sides."""
    drawn = float(random.standard_normal())
    while abs(drawn) > limit:
        drawn = float(random.standard_normal())
    return drawn
