"""Reconstruction from data that are no image: the scene that fits line integrals or k-space and is sparse somehow."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from pipeline.physics import Operator
from pipeline.sparsity.analysis import Analysis
from pipeline.sparsity.standing import standing

STEPS = 4
"""Of conjugate gradients in each iteration, which begins where the last one ended."""

SOLVED = 0.01
"""Their steps end where so much is left of the squared residual: k-space of one coil, which sees all places alike,
needs one or two, and comes out the same."""

LOOSER = 0.3
"""The tie to the coefficients, over that of a blur: few conjugate gradients serve a looser one better."""


def level_of(operator: Operator, sigma: Tensor) -> Tensor:
    """The noise of previews as one number per band, its median, from that of the data; shape (B, C, 1, 1)."""
    return operator.preview_sigma(sigma).flatten(2).contiguous().median(-1).values[..., None, None]


class Reconstruction:
    """What is minimised: ``1/2 |A x - y|^2 / sigma^2 + weight sum |L x / level|``, for any instrument.

    As :class:`~pipeline.restorers.variational.Problem`, which is quicker where every place is seen alike. Here the
    instrument is asked for nothing but ``A`` and its transpose.

    Parameters
    ----------
    operator : Operator
    data, sigma : Tensor, shape (B, C, M, N)
    mask : Tensor, shape (B, C, M, N), bool
        True where a datum is not to be trusted.
    level : Tensor, shape (B, C, 1, 1)
        Unit in which scenes are measured, such as the noise of the preview, above 0. It makes the weight a pure number.
    weight : float
        Of the prior, above 0.
    analysis : Analysis
        In what scenes are sparse; on a periodic grid, as which the scene is taken.
    """

    def __init__(
        self,
        operator: Operator,
        data: Tensor,
        sigma: Tensor,
        mask: Tensor,
        level: Tensor,
        weight: float,
        analysis: Analysis,
    ) -> None:
        self._operator, self._analysis, self._level, self.weight = operator, analysis, level, weight
        self._data, self._trust = data.masked_fill(mask, 0), sigma.square().reciprocal().masked_fill(mask, 0)
        self._start = operator.preview(self._data) / level
        self._tie = LOOSER * analysis.tie * weight
        size = (self._start.shape[-2], self._start.shape[-1])
        self._inverse = 1 / (self._response() + self._tie * analysis.power(size).to(data))

    def scene(self) -> Tensor:
        """The scene where iterations stand still, shape (B, C, H, W), in its own unit."""
        return standing(self._start, self.iterates()) * self._level

    def objective(self, scene: Tensor) -> float:
        """What is minimised, at a scene in units of the level."""
        residual = self._operator.forward(scene * self._level) - self._data
        prior = self._analysis.length(self._analysis.of(scene)).sum()
        return float((self._trust * residual.square()).sum() / 2 + self.weight * prior)

    def iterates(self) -> Iterator[Tensor]:
        """Scenes in units of the level, shape (B, C, H, W), ever nearer to the minimum, without end.

        By the alternating direction method of multipliers, in which the coefficients are split off. What is left is a
        linear problem, and conjugate gradients come nearer to its solution. They are preconditioned by the inverse of
        what ``A' A`` does to a point in the middle, as if it did so everywhere (Ramani and Fessler 2012, IEEE TMI 31,
        677, section III).
        """
        analysis, tie, scene = self._analysis, self._tie, self._start
        wanted = self._level * self._operator.adjoint(self._trust * self._data)
        sparse = dual = torch.zeros_like(analysis.of(scene))
        while True:
            scene = self._solved(wanted + tie * analysis.transpose(sparse - dual), scene)
            coefficients = analysis.of(scene) + dual
            length, threshold = analysis.length(coefficients), self.weight / tie
            sparse = coefficients * (1 - threshold / length.clamp_min(threshold))
            dual = coefficients - sparse
            yield scene

    def _solved(self, wanted: Tensor, scene: Tensor) -> Tensor:
        """Nearer to the solution of ``(A' W A + tie L' L) x = wanted``, image by image."""
        left = wanted - self._turned(scene)
        eased = self._eased(left)
        direction, power = eased, _inner(left, eased)
        enough = SOLVED * power
        for _ in range(STEPS):
            # Image by image too: none goes on because of those beside it.
            going = power > enough
            if not going.any():
                break
            turned = self._turned(direction)
            step = going * power / _inner(direction, turned).clamp_min(torch.finfo(scene.dtype).tiny)
            scene, left = scene + step * direction, left - step * turned
            eased = self._eased(left)
            before, power = power, _inner(left, eased)
            direction = eased + power / before.clamp_min(torch.finfo(scene.dtype).tiny) * direction
        return scene

    def _turned(self, scene: Tensor) -> Tensor:
        return self._seen_back(scene, self._trust) + self._tie * self._analysis.transpose(self._analysis.of(scene))

    def _seen_back(self, scene: Tensor, trust: Tensor) -> Tensor:
        return self._level * self._operator.adjoint(trust * self._operator.forward(self._level * scene))

    def _eased(self, scene: Tensor) -> Tensor:
        return torch.fft.irfft2(torch.fft.rfft2(scene) * self._inverse, s=scene.shape[-2:])

    def _response(self) -> Tensor:
        """Fourier transform of what becomes of a point in the middle, shape (B, C, H, W // 2 + 1)."""
        height, width = self._start.shape[-2:]
        point = torch.zeros_like(self._start)
        point[..., height // 2, width // 2] = 1
        # With one trust for all data: those that see the middle of a body have less than most.
        back = self._seen_back(point, self._trust.mean((-2, -1), keepdim=True))
        back = back.roll((-(height // 2), -(width // 2)), (-2, -1))
        response = torch.fft.rfft2(back).real
        return response.maximum(1e-3 * response.amax((-2, -1), keepdim=True))


def _inner(one: Tensor, other: Tensor) -> Tensor:
    return (one * other).sum((-3, -2, -1), keepdim=True)
