"""Everything by which a synthetic field is set beside the real sky, one part after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.field.angular_correlation import angular_correlation, compare_correlations
from pipeline.evaluation.field.chequerboard import chequerboard
from pipeline.evaluation.field.counts_in_cells import counts_in_cells
from pipeline.evaluation.field.features import network_scores, scattering_scores
from pipeline.evaluation.field.finding import Compared
from pipeline.evaluation.field.memorising import NO_PAIRS, memorised
from pipeline.evaluation.field.number_counts import number_counts
from pipeline.evaluation.field.pixel_histogram import pixel_histogram
from pipeline.evaluation.field.power import power_spectra
from pipeline.evaluation.field.quantisation import levels_of, rounded
from pipeline.evaluation.field.repeats import WIDEST, repeats
from pipeline.evaluation.field.sky_blocks import FEWEST as FEWEST_BLOCKS
from pipeline.evaluation.field.sky_blocks import (
    Block,
    BlockedCatalogue,
    SkyError,
    block_side,
    blocked,
    blocks_of,
    read_block,
)
from pipeline.evaluation.field.sky_network import FEWEST, SkyNetwork
from pipeline.evaluation.field.split_ratio import median_ratio, ratio_finding, wasserstein
from pipeline.evaluation.field.stamps import Stamps, block_patches, scaled_block, source_stamps
from pipeline.evaluation.patches import PATCH, Scale
from pipeline.measures.field_catalogue import quantities
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

CATALOGUE = "catalogue"
ENOUGH_BLOCKS = 16
"""Blocks by whose values the steps of quantisation are known."""
CONTIGUOUS = 24
"""Pairs of sources are counted in so many blocks along each side of a large field, which lie side by side."""


@dataclass(frozen=True, eq=False)
class CataloguedSky:
    """A sky with its sources.

    Parameters
    ----------
    fields : list of WindowedImage
        Its pieces.
    origins : list of (int, int)
        Where the first pixel of each piece lies in its image: the phase of the pixel grid.
    catalogue : DataFrame
        As :func:`~pipeline.measures.field_catalogue.field_catalogue` has it, with the column ``field``.
    """

    fields: list[WindowedImage]
    origins: list[tuple[int, int]]
    catalogue: pd.DataFrame


class RealSky:
    """What is made of the real sky once, for all generators.

    Parameters
    ----------
    held_out : CataloguedSky
        Fold 0, which no generator saw: what is compared with.
    training : CataloguedSky
        What the generators saw: what they may have learned by heart, and what describes features.
    scale : Scale
        Of values: sky and noise of the real sky.
    bands : tuple of str
    seed : int
    """

    def __init__(
        self, held_out: CataloguedSky, training: CataloguedSky, scale: Scale, bands: tuple[str, ...], seed: int
    ) -> None:
        self.bands, self.scale, self.seed = bands, scale, seed
        self.side = block_side(held_out.fields)
        self.sky = Blocks(held_out, self.side, scale, seed, "real")
        self.levels = levels_of([read_block(held_out.fields, block) for block in self.sky.blocks[:ENOUGH_BLOCKS]])
        self._training = training

    @cached_property
    def training_stamps(self) -> Stamps:
        """Stamps about the training sky's sources."""
        return source_stamps(self._training.fields, self._training.catalogue, self.scale, self.seed, "training")

    @cached_property
    def training_patches(self) -> NDArray[np.float32]:
        """Patches of the training sky, side by side."""
        blocks = blocks_of(self._training.fields, self.side, self.seed, "training")
        none = np.empty((0, len(self.bands), PATCH, PATCH), np.float32)
        return np.concatenate([none, *block_patches(self._training.fields, blocks, self.scale)])

    @cached_property
    def network(self) -> SkyNetwork | None:
        """A network that knows the training sky; None where that has too few sources."""
        if len(self.training_stamps.pixels) < FEWEST:
            return None
        return SkyNetwork(self.training_stamps, quantities(self.bands), self.seed)


class Blocks:
    """A sky by its blocks, each thing read when it is asked for."""

    def __init__(self, sky: CataloguedSky, side: int, scale: Scale, *address: object) -> None:
        self._sky, self._side, self._scale, self._address = sky, side, scale, address
        self.blocks = blocks_of(sky.fields, side, *address)
        self.sources = blocked(sky.catalogue, self.blocks)

    @cached_property
    def pixels(self) -> list[NDArray[np.float32]]:
        """Values of each block, shape (C, H, W), in asinh of three sigmas of the sky; NaN where masked."""
        return [scaled_block(self._sky.fields, block, self._scale) for block in self.blocks]

    @property
    def corners(self) -> list[tuple[int, int]]:
        """Where each block lies on the pixel grid of its image."""
        origins = self._sky.origins
        return [
            (b.window.y0 + origins[b.field][0], b.window.x0 + origins[b.field][1]) for b in self.blocks
        ]  # fmt: skip

    @cached_property
    def patches(self) -> list[NDArray[np.float32]]:
        """Patches side by side in each block."""
        return block_patches(self._sky.fields, self.blocks, self._scale)

    @cached_property
    def stamps(self) -> Stamps:
        """Stamps about sources, whichever block they lie in."""
        table = self.sources.table[self.sources.table["whole"]]
        return source_stamps(self._sky.fields, table, self._scale, *self._address)

    @property
    def stamps_by_block(self) -> list[NDArray[np.float32]]:
        """The stamps of each block."""
        number = self.stamps.sources["block"].to_numpy()
        return [self.stamps.pixels[number == n] for n in range(len(self.blocks))]

    @property
    def contiguous(self) -> tuple[BlockedCatalogue, list[Block]]:
        """Blocks that lie side by side, for pairs of sources."""
        reach = CONTIGUOUS * self._side
        cut = [field.cut(Window(0, 0, reach, reach).clipped(field.area)) for field in self._sky.fields]
        found = blocks_of(cut, self._side, most=CONTIGUOUS**2 * max(len(cut), 1))
        return blocked(self._sky.catalogue, found), found

    @property
    def largest_piece(self) -> NDArray[np.float32]:
        """The mean of the bands of the largest field, at most 2048 px wide, shape (H, W)."""
        field = max(self._sky.fields, key=lambda each: each.area.height * each.area.width)
        window = Window(0, 0, WIDEST, WIDEST).clipped(field.area)
        part = field.part(window)
        return self._scale.apply(part.pixels, part.mask).mean(0)


def compare_skies(real: RealSky, synthetic: CataloguedSky, reach: float | None, generator: str) -> Iterator[Compared]:
    """Set a synthetic field beside the real sky, its values rounded as those of the real sky are.

    Parameters
    ----------
    real : RealSky
    synthetic : CataloguedSky
    reach : float or None
        Px beyond which no two pixels of the field share a latent.
    generator : str
        What is drawn at random is a function of this and of the seed.

    Yields
    ------
    Compared
        A part each, :data:`PARTS` of them.

    Raises
    ------
    SkyError
        If the field has fewer than 16 blocks.
    """
    alike = replace(synthetic, fields=[rounded(field, real.levels) for field in synthetic.fields])
    made = Blocks(alike, real.side, real.scale, real.seed, generator)
    if len(made.blocks) < FEWEST_BLOCKS:
        raise SkyError(
            f"the field of {generator} holds {len(made.blocks)} blocks of {real.side} px; {FEWEST_BLOCKS} are needed "
            "beside the real sky: paint a larger one"
        )
    for part in _PARTS:
        yield part(real, made, reach, (real.seed, generator))


def _catalogue(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    names = quantities(real.bands)
    ours, theirs = ({name: sky.sources.values(name) for name in names} for sky in (real.sky, made))
    found = [
        ratio_finding(CATALOGUE, name, "", ours[name], theirs[name], wasserstein, *address) for name in names
    ]  # fmt: skip
    return Compared([*found, median_ratio(ours, theirs, CATALOGUE, *address)], [])


def _number_counts(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    return number_counts(real.sky.sources, made.sources, real.bands, real.side, *address)


def _pixels(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    return pixel_histogram(real.sky.pixels, made.pixels, real.bands, *address)


def _power(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    return power_spectra(real.sky.pixels, made.pixels, real.bands, *address)


def _cells(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    return counts_in_cells(real.sky.sources, made.sources, real.side, *address)


def _pairs(real: RealSky, made: Blocks, reach: float | None, address: tuple[object, ...]) -> Compared:
    sources, blocks = made.contiguous
    ours, theirs = angular_correlation(*real.sky.contiguous, *address), angular_correlation(sources, blocks, *address)
    return compare_correlations(ours, theirs, reach, len(sources.table))


def _scattering(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    return Compared(scattering_scores(real.sky.patches, made.patches, real.training_patches, *address), [])


def _network(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    if real.network is None:
        return Compared([], [])
    sides = real.sky.stamps_by_block, made.stamps_by_block
    return Compared(network_scores(*sides, real.training_stamps, real.network, *address), [])


def _memorising(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    if not len(real.training_stamps.pixels):
        return Compared([], [], NO_PAIRS)
    light = f"light_{real.bands[0]}"
    found = memorised(real.training_stamps, real.sky.stamps, made.stamps, light, *address)
    return Compared(found.findings, [], found.pairs)


def _chequerboard(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    return Compared(chequerboard(real.sky.pixels, real.sky.corners, made.pixels, made.corners, *address), [])


def _repeats(real: RealSky, made: Blocks, _reach: float | None, address: tuple[object, ...]) -> Compared:
    return Compared(repeats(real.sky.largest_piece, made.largest_piece, *address), [])


_PARTS: tuple[Callable[[RealSky, Blocks, float | None, tuple[object, ...]], Compared], ...] = (
    *(_catalogue, _number_counts, _pixels, _power, _cells, _pairs),
    *(_scattering, _network, _memorising, _chequerboard, _repeats),
)
PARTS = len(_PARTS)
