"""A discriminator of crops of a field, which have no observation beside them: patches, several crops at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from pipeline.networks.patch_discriminator import SLOPE


class FieldDiscriminator(nn.Module):
    """One logit per 8 x 8 px, each of which judges 56 x 56 px; no normalisation, as penalties on the slope ask for.

    Several crops may be judged as one, their planes side by side (packing; Lin, Khetan, Fanti and Oh 2018): a
    generator that always paints the same is found out.

    Parameters
    ----------
    bands : int
        Planes of a crop.
    base_channels : int
        Channels of the first layer; they double at each halving.
    pack : int
        Crops that are judged together.
    """

    def __init__(self, bands: int, base_channels: int = 24, pack: int = 1) -> None:
        super().__init__()
        self._pack = pack
        a, b, c, d = (base_channels * 2**level for level in range(4))
        self.layers = nn.ModuleList(
            [
                nn.Conv2d(pack * bands, a, 3, padding=1),
                nn.Conv2d(a, b, 4, stride=2, padding=1),
                nn.Conv2d(b, c, 4, stride=2, padding=1),
                nn.Conv2d(c, d, 4, stride=2, padding=1),
                nn.Conv2d(d, d, 3, padding=1),
            ]
        )
        self.last = nn.Conv2d(d, 1, 3, padding=1)
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)  # type: ignore[arg-type]  # a convolution's
        # With a pixel's channels side by side in memory, a CPU takes three quarters of the time.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types lack it

    def forward(self, crops: Tensor) -> Tensor:
        """Logits, shape (B / pack, 1, H / 8, W / 8), of crops of shape (B, C, H, W) in stretched units."""
        x = self._packed(crops)
        for layer in self.layers:
            x = leaky_relu(layer(x), SLOPE)
        # In full precision: in bf16 a difference of two logits near 10 would be known to 0.06.
        with torch.autocast(crops.device.type, enabled=False):
            return self.last(x.float())

    def _packed(self, crops: Tensor) -> Tensor:
        packs = max(len(crops) // self._pack, 1)
        if len(crops) != packs * self._pack:
            # Where memory is tried with fewer crops than belong together, some stand there twice.
            crops = crops[torch.arange(packs * self._pack, device=crops.device) % len(crops)]
        return crops.unflatten(0, (packs, self._pack)).flatten(1, 2)
