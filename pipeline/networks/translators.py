"""Networks that translate between two domains: there alone, or there and back."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn

from pipeline.networks.resnet_generator import ResnetGenerator


class Rounds(NamedTuple):
    """What both generators make of images of both domains, shape (B, C, H, W) each."""

    there: Tensor
    """Images of the first domain, translated ..."""
    there_and_back: Tensor
    """... and translated back."""
    back: Tensor
    """Images of the second domain, translated into the first ..."""
    back_and_there: Tensor
    same_there: Tensor
    """Images of the second domain that were translated into it as if they were not of it already."""
    same_back: Tensor


class OneWay(nn.Module):
    """A generator from the first domain to the second."""

    def __init__(self, bands: int, target_bands: int, base_channels: int, blocks: int) -> None:
        super().__init__()
        self.there = ResnetGenerator(bands, target_bands, base_channels, blocks)

    def forward(self, image: Tensor) -> Tensor:
        """Translate images of the first domain, shape (B, C, H, W)."""
        return self.there(image)


class ThereAndBack(nn.Module):
    """Two generators, each of which undoes the other, as one player of a game.

    Domains must have as many bands each where images are translated into the domain that they are of.
    """

    def __init__(self, bands: int, target_bands: int, base_channels: int, blocks: int) -> None:
        super().__init__()
        self.there = ResnetGenerator(bands, target_bands, base_channels, blocks)
        self.back = ResnetGenerator(target_bands, bands, base_channels, blocks)

    def forward(self, first: Tensor, second: Tensor, noise: tuple[Tensor, Tensor], same: bool) -> Rounds:
        """Take images of both domains there and back.

        Parameters
        ----------
        first, second : Tensor, shape (B, C, H, W)
            Images of either domain.
        noise : tuple of Tensor
            What is added between the loops to images of the second, and of the first domain.
        same : bool
            Whether images are also translated into the domain that they are of.
        """
        there, back = self.there(first), self.back(second)
        return Rounds(
            there,
            self.back(there + noise[0]),
            back,
            self.there(back + noise[1]),
            self.there(second) if same else second,
            self.back(first) if same else first,
        )


def build_translator(settings: dict[str, Any], bands: int, target_bands: int) -> OneWay | ThereAndBack:
    """Build an untrained translator.

    Parameters
    ----------
    settings : dict
        The plain form of one entry of ``translate.networks`` in the configuration.
    bands, target_bands : int
        Planes of the images of either domain.
    """
    kind = ThereAndBack if settings["architecture"] == "cyclegan" else OneWay
    return kind(bands, target_bands, settings["base_channels"], settings["blocks"])
