"""A discriminator that judges overlapping patches, not the whole image (Isola et al. 2017, section 3.2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchDiscriminator(nn.Module):
    """The 70 x 70 patch discriminator of pix2pix: one logit per patch, for a candidate beside its observation.

    Parameters
    ----------
    bands : int
        Planes of the candidate, and of the observation.
    base_channels : int
        Channels of the first layer; they double up to eightfold.
    spectral : bool
        Spectral normalisation of every layer (Miyato et al. 2018) in place of pix2pix's normalisation of activations.
    """

    def __init__(self, bands: int, base_channels: int = 64, spectral: bool = True) -> None:
        super().__init__()
        widths = [base_channels * factor for factor in (1, 2, 4, 8)]
        layers: list[nn.Module] = []
        before = 2 * bands
        for index, width in enumerate(widths):
            layers.append(_convolution(before, width, stride=2 if index < 3 else 1, spectral=spectral))
            if index > 0 and not spectral:
                layers.append(nn.InstanceNorm2d(width))
            layers.append(nn.LeakyReLU(0.2))
            before = width
        layers.append(_convolution(before, 1, stride=1, spectral=spectral))
        self.layers = nn.Sequential(*layers)

    def forward(self, candidate: Tensor, observation: Tensor) -> Tensor:
        """Logits, shape (B, 1, about H / 8, about W / 8), of two images of shape (B, C, H, W) in stretched units."""
        return self.layers(torch.cat([candidate, observation], 1))


def _convolution(before: int, after: int, stride: int, spectral: bool) -> nn.Module:
    layer = nn.Conv2d(before, after, 4, stride=stride, padding=1)
    return spectral_norm(layer) if spectral else layer
