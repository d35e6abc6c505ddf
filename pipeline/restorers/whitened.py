"""An observation in units of its own noise: there counts, janskys and display values look alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.fill import fill_masked
from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics import Operator

SMALLEST_NOISE = 1e-5
"""Noise below this share of the data's own standard deviation counts as this much: float32 resolves no less."""


@dataclass(frozen=True)
class Whitened:
    """What a classical restorer knows of an observation, or of a batch of them with shapes (B, C, H, W).

    Parameters
    ----------
    data : Tensor, shape (C, H, W)
        In units of ``level``; masked pixels are filled from their neighbours.
    weight : Tensor, shape (C, H, W)
        Inverse variance of the noise of ``data``: about 1, and 0 where a pixel is masked.
    level : Tensor, shape (C, 1, 1)
        Noise of each band in the unit of the image.
    operator : Operator
        The instrument; it is linear, so units do not matter to it.
    """

    data: Tensor
    weight: Tensor
    level: Tensor
    operator: Operator

    def image(self, estimate: Tensor, preview: Image) -> Image:
        """An estimate in units of ``level``, shape (C, H, W), as an image in the unit and on the grid of another."""
        return preview.with_pixels((estimate * self.level).to(torch.float32).numpy())

    def images(self, estimates: Tensor, previews: Sequence[Image]) -> list[Image]:
        """:meth:`image` for a batch, shape (B, C, H, W)."""
        pixels = (estimates * self.level).to(torch.float32).cpu().numpy()
        return [preview.with_pixels(plane) for preview, plane in zip(previews, pixels, strict=True)]


def whitened(observation: Observation) -> Whitened:
    """Bring an observation to units of its own noise."""
    preview = observation.preview
    if preview.sigma is None:
        raise ValueError(f"{preview.id}: the preview has no noise map; an Observation always carries one")
    # In float64: with a unit of 1e-20 W a variance is below what float32 can hold.
    data, sigma = torch.from_numpy(preview.pixels).double(), torch.from_numpy(preview.sigma).double()
    masked = torch.from_numpy(preview.mask)
    data = fill_masked(data, masked)
    spread = data.std((-2, -1), keepdim=True)
    sigma = sigma.maximum(SMALLEST_NOISE * torch.where(spread > 0, spread, 1))
    inverse_variance = torch.where(masked, 0, sigma**-2)
    trusted = (~masked).sum((-2, -1), keepdim=True)
    level = (inverse_variance.sum((-2, -1), keepdim=True) / trusted.clamp_min(1)).rsqrt()
    level = torch.where(trusted > 0, level, 1)
    return Whitened((data / level).float(), (inverse_variance * level**2).float(), level, observation.operator)


def point_response(operator: Operator, bands: int, count: int = 1) -> Tensor:
    """What an instrument that treats every place alike makes of a point: its kernels, shape (C, K, K), in float64.

    Of the instruments of ``count`` images, which differ, shape (count, C, K, K).
    """
    halo = operator.halo
    scene = torch.zeros(count, bands, 4 * halo + 1, 4 * halo + 1)
    scene[..., 2 * halo, 2 * halo] = 1
    kernels = operator.forward(scene)[..., halo : 3 * halo + 1, halo : 3 * halo + 1].double()
    return kernels[0] if count == 1 else kernels
