"""How far a restored image is off at each pixel, and how well it was seen there: what intervals rest on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.image import Image, Pixels
from pipeline.model_file import Model, ModelFileError
from pipeline.networks.build import spread_network
from pipeline.networks.preparation import Preparation
from pipeline.observation import Observation
from pipeline.on_device import the_device
from pipeline.physics.operator import Operator
from pipeline.restorers.prepared_slice import prepared_slice
from pipeline.restorers.reading import noise_level, read_filled, read_reflected_values
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage, trusted_window

LEAST_NOISE = 1e-6
"""In units of the stretch's softening; noise-free data have no greater signal-to-noise than this allows."""


class SpreadTile(NamedTuple):
    """A window of a restored image; arrays of shape (C, h, w)."""

    window: Window
    estimate: Pixels
    """The restored image in stretched units."""
    spread: Pixels
    """What its errors are measured in, in stretched units."""
    snr: Pixels
    """Signal-to-noise of a point source at this place, as the data have it, or of the pixel itself in the image that is
    made of a scan without a prior; below 0 where they are below the sky."""


class SpreadEstimator:
    """The spread of what a network restored, by the small network that was trained beside it.

    The spread depends on the data and on the restored image, whatever made or corrected it.

    Parameters
    ----------
    model : Model
        With the weights of its spread network.
    tile : int
        Width in px of what is worked on at a time, halo not counted; results do not depend on it.
    device : torch.device, optional
        By default the GPU where there is one.

    Raises
    ------
    ModelFileError
        If the model has no spread network, or its weights do not fit.
    """

    def __init__(self, model: Model, tile: int = 512, device: torch.device | str | None = None) -> None:
        card = model.card
        if not model.spread:
            raise ModelFileError("the model has no spread network; a network with spread.steps above 0 gives one")
        self._device = torch.device(device or the_device())
        self.preparation = Preparation.from_dict(card["preparation"])
        network = spread_network(card["settings"], len(card["bands"]), len(self.preparation.descriptors))
        try:
            network.load_state_dict(dict(model.spread))
        except RuntimeError as error:
            first = " ".join(str(error).split())[:200]
            raise ModelFileError(f"the weights of the spread do not fit the card ({first}); train it again") from None
        self._network = network.to(self._device).eval()
        self._radius = self._round_up(network.receptive_radius)
        self._tile = tile

    def of(self, restored: Image, seen: Observation) -> Iterator[SpreadTile]:
        """The spread of what was restored of an observation: of a scanner's the whole slice, else tile by tile."""
        if seen.operator.whole:
            yield self.of_slice(restored.pixels, seen)
        else:
            yield from self.tiles(WindowedImage.of(restored), WindowedImage.of(seen.preview), seen.operator)

    def tiles(self, restored: WindowedImage, seen: WindowedImage, operator: Operator) -> Iterator[SpreadTile]:
        """The spread of a restored image tile by tile, each pixel once.

        Parameters
        ----------
        restored : WindowedImage
            In the unit of the data, on their grid.
        seen : WindowedImage
            The data, with their noise.
        operator : Operator
            The instrument that saw them.
        """
        measured = trusted_window(seen) or seen.area
        level = torch.tensor([[noise_level(seen, band, measured) for band in range(len(seen.bands))]])
        described = self.preparation.described(operator)[None]
        norm = _norm(operator, len(seen.bands))
        margin = max(operator.halo, operator.inverse_halo)
        for core in tiles(seen.area, self._tile, self._network.stride):
            context = Window(core.y0, core.x0, self._round_up(core.height), self._round_up(core.width))
            context = context.grown(self._radius)
            data, mask, sigma = (
                torch.from_numpy(plane)[None].to(self._device)
                for plane in read_filled(seen, context.grown(margin), measured)
            )
            light = torch.from_numpy(read_reflected_values(restored, context, measured))[None].to(self._device)
            estimate = self.preparation.stretch.apply(light)
            spread = self._spread(data, mask, sigma, level, operator, described, estimate, margin)
            snr = self._signal_to_noise(data, mask, sigma, operator, norm, margin)
            inner = slice(self._radius, self._radius + core.height), slice(self._radius, self._radius + core.width)
            here = [plane[(0, slice(None), *inner)].cpu().numpy() for plane in (estimate, spread, snr)]
            yield SpreadTile(core, here[0], here[1], here[2])

    @torch.inference_mode()
    def of_slice(self, restored: Pixels, seen: Observation) -> SpreadTile:
        """The spread of a whole slice that a scanner saw.

        Parameters
        ----------
        restored : array, shape (C, H, W)
            In the unit of the slice.
        seen : Observation
        """
        stretch, preview = self.preparation.stretch, seen.preview
        inputs = prepared_slice(self.preparation, seen, self._device)
        estimate = stretch.apply(torch.from_numpy(restored)[None].to(self._device))
        spread = self._network(inputs, estimate).exp()
        offset, softening = (np.array(v, np.float32)[:, None, None] for v in (stretch.offset, stretch.softening))
        sigma = np.ones_like(preview.pixels) if preview.sigma is None else preview.sigma
        snr = (preview.pixels - offset) / np.maximum(sigma, LEAST_NOISE * softening)
        whole = Window(0, 0, *restored.shape[-2:])
        return SpreadTile(whole, estimate[0].cpu().numpy(), spread[0].cpu().numpy(), snr)

    @torch.inference_mode()
    def _spread(
        self,
        data: Tensor,
        mask: Tensor,
        sigma: Tensor,
        level: Tensor,
        operator: Operator,
        described: Tensor,
        estimate: Tensor,
        margin: int,
    ) -> Tensor:
        # What the preparation takes for the filter's halo, and not a pixel more.
        more = margin - operator.inverse_halo
        inner = (_inner(data, more), _inner(mask, more), _inner(sigma, more))
        inputs = self.preparation(*inner, level.to(data), operator, described.to(data))
        return self._network(inputs, estimate).exp()

    @torch.inference_mode()
    def _signal_to_noise(
        self, data: Tensor, mask: Tensor, sigma: Tensor, operator: Operator, norm: Tensor, margin: int
    ) -> Tensor:
        """A matched filter: what a fit of the PSF at each pixel finds, in units of its own noise."""
        stretch = self.preparation.stretch
        offset, softening = (torch.tensor(v).to(data)[:, None, None] for v in (stretch.offset, stretch.softening))
        ratio = (data - offset) / torch.maximum(sigma, LEAST_NOISE * softening)
        # The sky of the training, not this image's own: a galaxy that fills its image has none.
        return _inner(operator.adjoint(ratio.masked_fill(mask, 0)) / norm.to(data), margin)

    def _round_up(self, length: int) -> int:
        return -(-length // self._network.stride) * self._network.stride


def _norm(operator: Operator, bands: int) -> Tensor:
    """Length of the image of a point of light 1, shape (C, 1, 1)."""
    width = 2 * operator.halo + 1
    point = torch.zeros(1, bands, width, width)
    point[..., operator.halo, operator.halo] = 1
    return operator.forward(point)[0].square().sum((-2, -1), keepdim=True).sqrt()


def _inner(plane: Tensor, margin: int) -> Tensor:
    return plane[..., margin : plane.shape[-2] - margin, margin : plane.shape[-1] - margin]
