"""A synthetic field: an endless plane of pixels, each a function of the seed and of where it lies."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.errors import ClearfieldError
from pipeline.fields.addressed_noise import addressed_noise, addressed_uniform
from pipeline.fields.mark import Mark
from pipeline.image import Pixels
from pipeline.networks.field_generator import FieldGenerator, FieldInput, latents_for
from pipeline.on_device import the_device
from pipeline.stretch import Stretch
from pipeline.tiling import Window, tiles

FARTHEST = 2**60
"""Rows and columns of pixels that have an address, on each side of (0, 0)."""


class FieldError(ClearfieldError):
    """A field that cannot be painted."""


class Field:
    """Paints windows of a field, tile by tile.

    Tiles begin at multiples of their width in absolute pixels and are all painted by one call shape, so that a pixel
    has the same bits in whatever window and order it is asked for. Tiles of another width agree with these to rounding.

    Parameters
    ----------
    generator : FieldGenerator
        A module; it is set to evaluation.
    stretch : Stretch
        What turns its values into the unit of the image.
    seed : int
    tile : int
        Width of a tile in px, a multiple of the generator's stride.
    device : torch.device, optional
        By default a GPU if there is one.
    mark : Mark, optional
        What is added to every pixel, by its place.

    Raises
    ------
    FieldError
        If the tile is no multiple of the stride, or the stretch is of another number of bands.
    """

    def __init__(
        self,
        generator: FieldGenerator,
        stretch: Stretch,
        seed: int,
        tile: int = 512,
        device: torch.device | None = None,
        mark: Mark | None = None,
    ) -> None:
        if tile < generator.stride or tile % generator.stride:
            raise FieldError(f"a tile of {tile} px; a multiple of {generator.stride} is needed, such as 512")
        if len(stretch.offset) != generator.bands:
            raise FieldError(
                f"a generator of {generator.bands} bands under a stretch of {len(stretch.offset)}; as many are needed"
            )
        self._device = device or the_device()
        if isinstance(generator, nn.Module):
            generator = generator.to(self._device).eval()
        self._generator, self._stretch, self._seed, self.tile = generator, stretch, seed, tile
        self._mark = mark
        self.bands = generator.bands
        self._kept = lru_cache(maxsize=2)(self._painted)

    def window(self, window: Window) -> Pixels:
        """Pixels of any window, shape (C, H, W), in the unit of the image.

        Raises
        ------
        FieldError
            If it is empty or lies too far out, or if a value is not finite.
        """
        if window.height <= 0 or window.width <= 0:
            raise FieldError(f"a window of {window.height} x {window.width} px; at least one pixel is needed")
        if min(window.y0, window.x0) < -FARTHEST or max(window.y1, window.x1) > FARTHEST:
            raise FieldError(f"{window.in_words}: a field ends 2^60 px from its origin; choose a place nearer by")
        pixels = np.empty((self.bands, window.height, window.width), np.float32)
        for part in tiles(window, self.tile, self.tile):
            whole = self.tile_about(part)
            pixels[(..., *part.relative_to(window).slices)] = self._kept(whole)[(..., *part.relative_to(whole).slices)]
        return pixels

    def tile_about(self, part: Window) -> Window:
        """The whole tile in which a window lies that crosses the border of none."""
        return Window(part.y0 // self.tile * self.tile, part.x0 // self.tile * self.tile, self.tile, self.tile)

    def _painted(self, tile: Window) -> Pixels:
        # On a GPU, convolutions would otherwise be rounded to ten bits, and differ from call to call.
        exact = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            stretched = self._generator(self._given(tile))[0]
            # In double precision, so that the sinh of bright values is as good as what it is given.
            values = self._stretch.invert(stretched.double())
            if self._mark is not None:
                values = values + torch.from_numpy(self._mark.window(tile)).to(values.device)
            pixels = values.float().cpu().numpy()
        if not np.isfinite(pixels).all():
            raise FieldError(f"{tile.in_words}: the generator's values are not finite; it needs another training")
        return pixels

    def _given(self, tile: Window) -> FieldInput:
        generator, seed, device = self._generator, self._seed, self._device
        cells = latents_for(generator, tile)

        def noise(layer: str, window: Window, planes: int) -> Tensor:
            return addressed_noise(seed, layer, window, planes, device)[None]

        return FieldInput(
            noise("latents", cells, generator.latents),
            tuple(noise(layer.name, layer.window(cells), layer.planes) for layer in generator.noise_layers),
            torch.arange(cells.y0, cells.y1, device=device)[None],
            torch.arange(cells.x0, cells.x1, device=device)[None],
            (2 * addressed_uniform(seed, "whole", generator.whole, device) - 1).float()[None],
            addressed_uniform(seed, "phases", generator.waves, device).float()[None],
        )
