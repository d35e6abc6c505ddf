"""A trained network as a restorer: by tiles with an exact halo, so that tiled equals whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipeline.image import Image, Mask, Pixels
from pipeline.model_file import Model, ModelFileError, read_model
from pipeline.networks.build import build_network
from pipeline.networks.inputs import RestorationInput
from pipeline.networks.noise_field import noise_field
from pipeline.networks.orientations import mean_over_orientations
from pipeline.networks.preparation import Preparation
from pipeline.observation import Observation
from pipeline.on_device import the_device
from pipeline.physics.operator import Operator
from pipeline.progress import progress
from pipeline.restorers.prepared_slice import prepared_slice
from pipeline.restorers.reading import noise_level, read_filled
from pipeline.restorers.restorer import Restorer
from pipeline.tiling import Window, reflected_index, tiles, whole
from pipeline.windowed import WindowedImage, trusted_window

DRAWN = ("mean", "sample")
"""Outputs of a network that draws scenes that may have been: the mean of many, and one."""


class NetworkRestorer(Restorer):
    """Restores with the network of a model file.

    Memory beyond the image itself is bounded by the tile, and :meth:`restored_tiles` needs no image in memory. NAFNet
    gives the same pixels for every tile size; pix2pix sees a whole tile for each pixel and does not, so its tiles have
    the size that it was trained with, and their middle is kept.

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
        If the file is damaged, its weights do not fit the network that its card describes, or it restores nothing.
    """

    def __init__(self, model: Model | str | Path, tile: int = 512, device: torch.device | str | None = None) -> None:
        self.model = model if isinstance(model, Model) else read_model(model)
        card = self.model.card
        self._device = torch.device(device or the_device())
        if "preparation" not in card:
            raise ModelFileError(
                "restores nothing: it paints fields (`clearfield field`); take one that `publish` wrote"
            )
        self._preparation = Preparation.from_dict(card["preparation"])
        draws = card["output"] in DRAWN
        self._planes = card["settings"]["posterior"]["noise_planes"] if draws else 0
        self._draws = card["settings"]["posterior"]["draws"] if card["output"] == "mean" else 1
        descriptors = len(self._preparation.descriptors)
        network = build_network(card["settings"], len(card["bands"]), descriptors, self._planes)
        try:
            network.load_state_dict(self.model.tensors)
        except RuntimeError as error:
            first = " ".join(str(error).split())[:200]
            raise ModelFileError(
                f"the model's weights do not fit the network on its card ({first}); train it again"
            ) from None
        self._network = network.to(self._device).eval()
        # The texture of `sharp` is not in the same place in every orientation: a mean would lose it.
        self._averages = card["settings"].get("average_orientations", False) and card["output"] == "faithful"
        self._size, self._stride = network.size, network.stride
        self._radius = self._round_up(network.receptive_radius)
        self._tile = tile if self._size is None else self._size - 2 * self._radius

    @property
    def halo(self) -> int:
        """Pixels that a tile carries on each side for the network; the operator's inverse adds its own."""
        return self._radius

    @property
    def stride(self) -> int:
        """Tiles start on multiples of this many px, so that the network halves the same pixels in each."""
        return self._stride

    @property
    def clipped(self) -> bool:
        """Whether it was trained on clipped data, as GalaxyGAN was: these contradict all that is brighter."""
        return bool(self.model.card["instrument"]["protocol"] == "galaxygan")

    def restore(self, observation: Observation) -> Image:
        """Estimate the scene on the grid of the preview; the mask is the preview's."""
        preview = observation.preview
        restored = np.empty_like(preview.pixels)
        estimates = (
            self._restored_slice(observation)
            if observation.operator.whole
            else self.restored_tiles(WindowedImage.of(preview), observation.operator)
        )
        for core, estimate in estimates:
            restored[(..., *core.slices)] = estimate
        return preview.with_pixels(restored)

    def restored_tiles(self, seen: WindowedImage, operator: Operator) -> Iterator[tuple[Window, Pixels]]:
        """Estimate the scene tile by tile, each pixel once: windows and their values, shape (C, h, w).

        Rows and columns at the border that hold no trusted pixel are taken for what lies beyond it: as in training, the
        network sees the image reflected there. The level of the noise, by which the filter is chosen, is the median of
        its map over all that was measured.

        Parameters
        ----------
        seen : WindowedImage
            The data, with its noise.
        operator : Operator
            The instrument that saw it.
        """
        measured = trusted_window(seen) or seen.area
        level = [noise_level(seen, band, measured) for band in range(len(seen.bands))]
        described = self._preparation.described(operator)
        every = list(tiles(seen.area, self._tile, self._stride))
        for core in progress(every, f"restore {seen.id}", len(every), "tile") if len(every) > 8 else every:
            context = self._context(core)
            planes = read_filled(seen, context.grown(operator.inverse_halo), measured)
            draws = self._noise(seen.id, context)
            estimate = self._estimate(planes, level, operator, described, draws)
            inner = slice(self._radius, self._radius + core.height), slice(self._radius, self._radius + core.width)
            yield core, estimate[(..., *inner)].cpu().numpy()

    def _restored_slice(self, observation: Observation) -> Iterator[tuple[Window, Pixels]]:
        """As :meth:`restored_tiles`, of data that are no image: these are prepared whole, most networks are tiled."""
        preview, inputs = observation.preview, prepared_slice(self._preparation, observation, self._device)
        height, width = preview.shape[-2:]
        if self._network.whole:
            yield (
                whole(height, width),
                self._mean_of(inputs, self._noise(preview.id, whole(height, width))).cpu().numpy(),
            )
            return
        for core in tiles(whole(height, width), self._tile, self._stride):
            context = self._context(core)
            rows, columns = (
                reflected_index(context.y0, context.y1, height),
                reflected_index(context.x0, context.x1, width),
            )
            preview_of, inverse, sigma_of, valid = (plane[..., rows[:, None], columns] for plane in inputs[:4])
            seen = RestorationInput(preview_of, inverse, sigma_of, valid, inputs.descriptor)
            estimate = self._mean_of(seen, self._noise(preview.id, context))
            inner = slice(self._radius, self._radius + core.height), slice(self._radius, self._radius + core.width)
            yield core, estimate[(..., *inner)].cpu().numpy()

    @torch.inference_mode()
    def _estimate(
        self,
        planes: tuple[Pixels, Mask, Pixels],
        level: list[float],
        operator: Operator,
        described: Tensor,
        draws: Iterable[Tensor | None],
    ) -> Tensor:
        """The mean of draws where the network sees a window, shape (C, H, W), in the unit of the image."""
        data, mask, sigma = (torch.from_numpy(plane)[None].to(self._device) for plane in planes)
        levels = torch.tensor([level], dtype=data.dtype, device=self._device)
        inputs = self._preparation(data, mask, sigma, levels, operator, described[None].to(self._device))
        return self._mean_of(inputs, draws)

    @torch.inference_mode()
    def _mean_of(self, inputs: RestorationInput, draws: Iterable[Tensor | None]) -> Tensor:
        """The mean of draws, shape (C, H, W), in the unit of the image."""
        total = torch.zeros(())
        for noise in draws:
            seen = inputs._replace(noise=noise)
            total = total + (mean_over_orientations(self._light, seen) if self._averages else self._light(seen))[0]
        return total / self._draws

    def _light(self, inputs: RestorationInput) -> Tensor:
        # Means over draws and over orientations are of light, not of its stretched values: those of bright pixels would
        # come out too low.
        return self._preparation.stretch.invert(self._network(inputs))

    def _noise(self, id: str, context: Window) -> Iterator[Tensor | None]:
        """What each draw of a tile is drawn by; None where the network draws nothing."""
        for draw in range(self._draws):
            field = noise_field(("draw", Path(id).name, draw), context, self._planes) if self._planes else None
            yield field if field is None else field.to(self._device)

    def _context(self, core: Window) -> Window:
        """What the network is given for a tile."""
        if self._size is not None:
            return Window(core.y0, core.x0, self._tile, self._tile).grown(self._radius)
        return Window(core.y0, core.x0, self._round_up(core.height), self._round_up(core.width)).grown(self._radius)

    def _round_up(self, length: int) -> int:
        return -(-length // self._stride) * self._stride
