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

    Layers, widths, losses, optimiser and initialisation are those of the publication. What differs from it, in the
    network:

    - The last layer is linear where the publication has a tanh: stretched fluxes have no bound as 8-bit colours have.
    - Normalisation is by instance, which is what batch normalisation is at the publication's batch size of 1. It has no
      scale and offset to learn, as in the authors' later code where that normalises by instance.
    - Dropout is in the second to fourth layer of the decoder, as in the authors' later code; the paper's is in the
      first three.
    - Dropout rests at restoration, where the publication leaves it on as the network's noise: one image has one answer,
      and tiles that overlap agree.

    In its training, where it shares the loop with all networks:

    - What is kept is a running mean of the weights (``train.ema``), and the U-Net's gradients are clipped
      (``train.clip``).
    - The generator draws its dropout anew for its own step, after the discriminator's.
    - Crops are degraded anew at each step, and turned by quarter turns and mirrored; the publication enlarges pairs to
      286 px and crops 256 of them.
    - The discriminator sees truth where the truth is masked, and the absolute error leaves that out.

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
    whole = False
    """It is shown tiles."""

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
        initialise_as_published(self)

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


def initialise_as_published(network: nn.Module) -> None:
    """Draw the weights of all convolutions from N(0, 0.02), as the paper does; biases are 0, as in its code."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


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
