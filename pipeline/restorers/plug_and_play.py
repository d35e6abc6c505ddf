"""Plug and play: deconvolution by turns with a denoiser that was trained on scenes and knows no PSF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics import Operator
from pipeline.physics.transfer_function import transfer_function
from pipeline.physics.unblurred import unblurred
from pipeline.restorers.network import NetworkRestorer
from pipeline.restorers.restorer import Restorer, Settings, TunedRestorer
from pipeline.restorers.whitened import Whitened, point_response, whitened

FIRST, FALL = 5.0, 0.7
"""Noise that the denoiser is told to take off, in sigmas of the data's, and the factor by which it falls in a turn."""
MOST_ITERATIONS = 12
STEPS = 4
"""Of conjugate gradients in a turn: each turn goes on from the last, and comes as near as is needed."""


class PlugAndPlay(TunedRestorer):
    """``x <- argmin |A x - y|^2 / 2 sigma^2 + strength |x - z|^2 / 2 s^2``, ``z <- D(x, s)`` with falling ``s``.

    Half-quadratic splitting as DPIR has it (Zhang et al. 2021, arXiv 2008.13751, equations 6a and 6b and section 4.2),
    after Venkatakrishnan, Bouman and Wohlberg 2013. ``D`` takes white noise of a level ``s`` off. Masked pixels have no
    weight. ``strength`` and how many ``iterations``, with which ``s`` falls, are tuned, both pure numbers.

    Parameters
    ----------
    settings : dict
        With ``denoiser``, the path of the model of the fold, unless one is given.
    denoiser : Restorer, optional
        Restores behind :func:`pipeline.physics.unblurred.unblurred`.
    """

    searched: ClassVar[dict[str, float]] = {"strength": 0.5}
    denoises: ClassVar[bool] = True

    def __init__(self, settings: Settings, denoiser: Restorer | None = None) -> None:
        super().__init__(settings)
        self._denoiser = denoiser or NetworkRestorer(settings["denoiser"])

    def restore(self, observation: Observation) -> Image:
        """Take ``iterations`` turns."""
        last = self.settings["iterations"] - 1
        return next(islice(self._turns(observation), last, None))

    def path(self, observation: Observation) -> Iterator[tuple[Settings, Image]]:
        """Every turn with its number."""
        for number, image in enumerate(islice(self._turns(observation), MOST_ITERATIONS), 1):
            yield {**self.settings, "iterations": number}, image

    def _turns(self, observation: Observation) -> Iterator[Image]:
        seen, told = whitened(observation), FIRST
        fit, scene = Fit(seen), seen.data
        while True:
            sharp = fit.scene(scene, self.settings["strength"] / told**2, STEPS)
            image = self._denoised(seen.image(sharp, observation.preview), told * seen.level)
            yield image
            scene, told = (torch.from_numpy(image.pixels).double() / seen.level).float(), told * FALL

    def _denoised(self, image: Image, sigma: Tensor) -> Image:
        """A scene without its noise, of which ``sigma`` has the level per band, shape (C, 1, 1)."""
        noise = sigma.to(torch.float32).expand(image.shape).numpy()
        whole = replace(image, sigma=noise, mask=np.zeros_like(image.mask))
        restored = self._denoiser.restore(Observation(whole, unblurred(len(image.bands))))
        return image.with_pixels(restored.pixels)


class Fit:
    """The scene that explains data and is near a given one, by preconditioned conjugate gradients.

    Parameters
    ----------
    seen : Whitened, shape (C, H, W)
    """

    def __init__(self, seen: Whitened) -> None:
        self._weight, self._data = seen.weight[None], seen.data[None]
        self._operator: Operator = seen.operator.repeated(self._data)
        self._size = (seen.data.shape[-2], seen.data.shape[-1])
        response = transfer_function(point_response(seen.operator, len(seen.data)), self._size)
        self._power = response.abs().square().float()

    def scene(self, near: Tensor, tie: float, steps: int) -> Tensor:
        """Minimise ``|A x - y|^2 + tie |x - near|^2``, each datum by its weight, shape (C, H, W)."""
        scene = near[None]
        residual = self._operator.adjoint(self._weight * (self._data - self._operator.forward(scene)))
        change, better = torch.zeros_like(scene), self._preconditioned(residual, tie)
        direction, slope = better, (residual * better).sum()
        for _ in range(steps):
            if slope <= 0:
                break  # nothing is left to explain
            turned = self._operator.adjoint(self._weight * self._operator.forward(direction)) + tie * direction
            length = slope / (direction * turned).sum()
            change, residual = change + length * direction, residual - length * turned
            better = self._preconditioned(residual, tie)
            before, slope = slope, (residual * better).sum()
            direction = better + slope / before * direction
        return (scene + change)[0]

    def _preconditioned(self, residual: Tensor, tie: float) -> Tensor:
        """The exact inverse, but for borders and uneven weights."""
        return torch.fft.irfft2(torch.fft.rfft2(residual) / (self._power + tie), s=self._size)
