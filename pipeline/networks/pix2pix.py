"""The generator of pix2pix, which GalaxyGAN uses: a U-Net down to a single pixel.

Isola, Zhu, Zhou and Efros 2017, "Image-to-image translation with conditional adversarial networks", CVPR, section 6.1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from pipeline.networks.inputs import RestorationInput


class Pix2pixUNet(nn.Module):
    """U-Net with skips, for square images of one size, given the degraded image alone.

    Two things differ from the publication. The last layer is linear, since stretched fluxes have no bound as 8-bit
    colours have. Normalisation is by instance, which is what the batch normalisation of the publication is at its batch
    size of 1.

    The whole tile decides each pixel (the bottleneck is one pixel wide), so tiles are not exact and
    ``receptive_radius`` is what is cropped from each side of a tile, not what an output depends on.

    Parameters
    ----------
    bands : int
        Planes of the image.
    size : int
        Height and width of the images, a power of two.
    base_channels : int
        Channels of the first layer; they double up to eightfold.
    """

    size: int
    """The one height and width of images that do."""
    stride: int
    receptive_radius: int

    def __init__(self, bands: int, size: int = 256, base_channels: int = 64) -> None:
        super().__init__()
        depth = int(math.log2(size))
        widths = [base_channels * min(2**level, 8) for level in range(depth)]
        self.encoder = nn.ModuleList()
        before = bands
        for level, width in enumerate(widths):
            self.encoder.append(_down(before, width, first=level == 0, last=level == depth - 1))
            before = width
        self.decoder = nn.ModuleList()
        for level in reversed(range(depth)):
            inner = level == depth - 1
            after = widths[level - 1] if level > 0 else bands
            self.decoder.append(
                _up(before if inner else 2 * before, after, dropout=depth - 4 <= level < depth - 1, last=level == 0)
            )
            before = after
        self.size = size
        self.stride = 1
        self.receptive_radius = size // 4

    def forward(self, inputs: RestorationInput) -> Tensor:
        """Estimate the scene in stretched units, shape (B, C, size, size)."""
        x = inputs.preview
        skips: list[Tensor] = []
        for layer in self.encoder:
            x = layer(x)
            skips.append(x)
        x = self.decoder[0](skips.pop())
        for layer in self.decoder[1:]:
            x = layer(torch.cat([x, skips.pop()], 1))
        return x


def _down(before: int, after: int, first: bool, last: bool) -> nn.Module:
    layers: list[nn.Module] = [] if first else [nn.LeakyReLU(0.2)]
    layers.append(nn.Conv2d(before, after, 4, stride=2, padding=1))
    # A single pixel has no spread to normalise by.
    if not first and not last:
        layers.append(nn.InstanceNorm2d(after))
    return nn.Sequential(*layers)


def _up(before: int, after: int, dropout: bool, last: bool) -> nn.Module:
    layers: list[nn.Module] = [nn.ReLU(), nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
    if not last:
        layers.append(nn.InstanceNorm2d(after))
    if dropout:
        layers.append(nn.Dropout(0.5))
    return nn.Sequential(*layers)
