"""The generator of CycleGAN: residual blocks at a quarter of the resolution.

Zhu, Park, Isola and Efros 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks",
ICCV, section 7.1, after Johnson, Alahi and Fei-Fei 2016, "Perceptual losses for real-time style transfer", ECCV.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from pipeline.networks.pix2pix import initialise_as_published

HALVINGS = 2


class ResnetGenerator(nn.Module):
    """From images of one domain to those of another, of any height and width that are multiples of 4.

    Layers are those of the publication, but that the last one is linear where that has a tanh, since pixels are
    physical, and that the resolution grows by repetition of pixels before a convolution, where a transposed one would
    leave a chequerboard. Normalisation is by instance, so the whole image has a part in each pixel: a translator is
    given whole slices, never tiles.

    Parameters
    ----------
    bands, target_bands : int
        Planes of an image, and of what becomes of it.
    base_channels : int
        Channels at full resolution; they double with each of two halvings.
    blocks : int
        Residual blocks between these and the doublings.
    """

    def __init__(self, bands: int, target_bands: int, base_channels: int = 64, blocks: int = 9) -> None:
        super().__init__()
        widths = [base_channels * 2**level for level in range(HALVINGS + 1)]
        layers = [_convolution(bands, widths[0], 7)]
        layers += [_convolution(before, after, 3, stride=2) for before, after in pairwise(widths)]
        layers += [_Residual(widths[-1]) for _ in range(blocks)]
        for before, after in pairwise(reversed(widths)):
            layers += [nn.Upsample(scale_factor=2), _convolution(before, after, 3)]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Conv2d(widths[0], target_bands, 7, padding=3, padding_mode="reflect")
        initialise_as_published(self)

    def forward(self, image: Tensor) -> Tensor:
        """Translate images, shape (B, C, H, W), in the scale of their domain to that of the other."""
        return self.last(self.layers(image))


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _convolution(width, width, 3),
            nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect"),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def _convolution(before: int, after: int, size: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, size, stride, padding=size // 2, padding_mode="reflect"),
        nn.InstanceNorm2d(after),
        nn.ReLU(),
    )
