"""A trained network as a restorer: by tiles with an exact halo, so that tiled equals whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipeline.fill import fill_masked
from pipeline.image import Image, Observation, Pixels
from pipeline.model_file import Model, ModelFileError, read_model
from pipeline.networks.build import build_network
from pipeline.networks.preparation import Preparation
from pipeline.progress import progress
from pipeline.restorers.restorer import Restorer
from pipeline.tiling import Window, read_reflected, tiles, whole


class NetworkRestorer(Restorer):
    """Restores with the network of a model file.

    Memory beyond the image itself is bounded by the tile. NAFNet gives the same pixels for every tile size; pix2pix sees a
    whole tile for each pixel and does not, so its tiles have the size that it was trained with, and their middle is kept.

    Parameters
    ----------
    model : Model or path
    tile : int
        Width in px of what is restored at a time, halo not counted.
    device : torch.device, optional
        By default the GPU where there is one.

    Raises
    ------
    ModelFileError
        If the file is damaged, or its weights do not fit the network that its card describes.
    """

    def __init__(self, model: Model | str | Path, tile: int = 512, device: torch.device | str | None = None) -> None:
        self.model = model if isinstance(model, Model) else read_model(model)
        card = self.model.card
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._preparation = Preparation.from_dict(card["preparation"])
        network = build_network(card["settings"], len(card["bands"]), len(self._preparation.descriptors))
        try:
            network.load_state_dict(self.model.tensors)
        except RuntimeError as error:
            first = " ".join(str(error).split())[:200]
            raise ModelFileError(
                f"the model's weights do not fit the network on its card ({first}); train it again"
            ) from None
        self._network = network.to(self._device, memory_format=torch.channels_last).eval()
        self._stride: int = network.stride
        self._radius = -(-network.receptive_radius // self._stride) * self._stride
        self._tile = getattr(network, "size", tile + 2 * self._radius) - 2 * self._radius

    @property
    def halo(self) -> int:
        """Pixels that a tile carries on each side for the network; the operator's inverse adds its own."""
        return self._radius

    @property
    def stride(self) -> int:
        """Tiles start on multiples of this many px, so that the network halves the same pixels in each."""
        return self._stride

    def restore(self, observation: Observation) -> Image:
        """Estimate the scene on the grid of the preview; the mask is the preview's."""
        preview = observation.preview
        if preview.sigma is None:
            raise ValueError(f"{preview.id}: an observation without a noise map")
        filled = fill_masked(preview.pixels, preview.mask)
        level = torch.tensor([np.median(plane) for plane in preview.sigma], device=self._device)
        restored = np.empty_like(preview.pixels)
        area = whole(*preview.shape[-2:])
        every = list(tiles(area, self._tile, self._stride))
        for core in progress(every, f"restore {preview.id}", len(every), "tile") if len(every) > 8 else every:
            restored[(..., *core.slices)] = self._restored(core, filled, preview, level, observation)
        return preview.with_pixels(restored)

    @torch.inference_mode()
    def _restored(
        self, core: Window, filled: Pixels, preview: Image, level: Tensor, observation: Observation
    ) -> Pixels:
        operator = observation.operator
        aligned = Window(core.y0, core.x0, self._round_up(core.height), self._round_up(core.width))
        if hasattr(self._network, "size"):
            aligned = Window(core.y0, core.x0, self._tile, self._tile)
        window = aligned.grown(self._radius + operator.inverse_halo)
        data, mask, sigma = (
            torch.from_numpy(read_reflected(array, window))[None].to(self._device)
            for array in (filled, preview.mask, preview.sigma)
        )
        mask |= torch.from_numpy(_beyond(window, preview.shape[-2:])).to(self._device)
        described = self._preparation.described(operator).to(self._device)[None]
        inputs = self._preparation(data, mask, sigma, level[None], operator, described)
        estimate = self._preparation.stretch.invert(self._network(inputs)[0])
        inner = slice(self._radius, self._radius + core.height), slice(self._radius, self._radius + core.width)
        return estimate[(..., *inner)].cpu().numpy()

    def _round_up(self, length: int) -> int:
        return -(-length // self._stride) * self._stride


def _beyond(window: Window, shape: tuple[int, ...]) -> np.ndarray:
    """True where a window reaches beyond an image, shape (window.height, window.width)."""
    rows, columns = np.arange(window.y0, window.y1), np.arange(window.x0, window.x1)
    return ((rows < 0) | (rows >= shape[-2]))[:, None] | (columns < 0) | (columns >= shape[-1])
