"""A discriminator that judges overlapping patches, not the whole image (Isola et al. 2017, section 3.2.2)."""

from __future__ import annotations

import itertools
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

SLOPE = 0.2
"""Of the leaky rectifiers, below zero."""


class PatchDiscriminator(nn.Module):
    """The 70 x 70 patch discriminator of pix2pix: one logit per patch, for a candidate beside its observation.

    Parameters
    ----------
    bands : int
        Planes of the candidate, and of the observation.
    base_channels : int
        Channels of the first layer; they double up to eightfold.
    normalisation : {"none", "spectral", "instance"}
        none: what penalties on the slope ask for; spectral: every layer's greatest singular value is 1 (Miyato et al.
        2018); instance: of activations, as pix2pix has it.
    beside : int, optional
        Planes of the observation, where they are not as many as the candidate's; 0 where none is given.
    """

    def __init__(
        self,
        bands: int,
        base_channels: int = 64,
        normalisation: Literal["none", "spectral", "instance"] = "none",
        beside: int | None = None,
    ) -> None:
        super().__init__()
        widths = [base_channels * factor for factor in (1, 2, 4, 8)]
        channels = [bands + (bands if beside is None else beside), *widths, 1]
        layers = [
            nn.Conv2d(before, after, 4, stride=2 if level < 3 else 1, padding=1)
            for level, (before, after) in enumerate(itertools.pairwise(channels))
        ]
        if normalisation == "none":
            for layer in layers:
                nn.init.kaiming_normal_(layer.weight, a=SLOPE)
        spectral, instance = normalisation == "spectral", normalisation == "instance"
        self.layers = nn.ModuleList(spectral_norm(layer) if spectral else layer for layer in layers[:-1])
        self.norms = nn.ModuleList(
            nn.InstanceNorm2d(w) if instance and i else nn.Identity() for i, w in enumerate(widths)
        )
        self.last = spectral_norm(layers[-1]) if spectral else layers[-1]

    def forward(self, candidate: Tensor, observation: Tensor | None = None) -> Tensor:
        """Logits, shape (B, 1, about H / 8, about W / 8), of images of shape (B, C, H, W) in stretched units."""
        return self.judged(candidate, observation)[0]

    def judged(self, candidate: Tensor, observation: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """Logits, and the features that they come from."""
        features = self.features(candidate, observation)
        # In full precision: in bf16 a difference of two logits near 10 would be known to 0.06.
        with torch.autocast(candidate.device.type, enabled=False):
            return self.last(features[-1].float()), features

    def features(self, candidate: Tensor, observation: Tensor | None = None) -> list[Tensor]:
        """What each layer but the last makes of the images, from fine to coarse."""
        found, x = [], candidate if observation is None else torch.cat([candidate, observation], 1)
        for layer, norm in zip(self.layers, self.norms):
            x = leaky_relu(norm(layer(x)), SLOPE)
            found.append(x)
        return found
