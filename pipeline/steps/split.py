"""split: who judges whom. Folds and roles by group; one large image is cut into bands of sky and these into blocks."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pandas as pd

from pipeline.bands_of_sky import bands_of_sky, edges
from pipeline.config import Split, Study
from pipeline.physics.noise import addressed_random
from pipeline.splits import COLUMNS, Item, Role, SplitError
from pipeline.steps.instrument import finest, guard_of, read_stamp, refuse_lost_light
from pipeline.store import read_images, written_aside
from pipeline.tiling import Window, whole

log = logging.getLogger("clearfield")
T = TypeVar("T")

FEWEST_BLOCKS = 4
"""Blocks in a band of sky at least, so that tune and calibrate can lie apart."""
SMALLEST_WINDOW = 16
"""Pixels that a window of the tune or calibrate role has left across, beside its distance from the held-out band."""


def split(images: Path, study: Study, out: Path) -> None:
    """Write ``splits.csv``: one row per item and fold, with its window and role.

    Raises
    ------
    SplitError
        If there are fewer groups than folds, or a band of sky is too thin to hold a block beside its guards.
    PSFError
        If a PSF of the study would lose much of its light on the pixels of these images.
    """
    with read_images(images) as scenes:
        corners = {id: scenes.image(id, Window(0, 0, 1, 1)) for id in scenes.ids}
        stamp = read_stamp(study, corners[scenes.ids[0]].bands)
        refuse_lost_light(study, finest(study, (corner.pixel_scale for corner in corners.values())), stamp)
        if len(scenes) == 1 and study.degrade.scan is not None:
            raise SplitError("one slice cannot be both learned from and judged by a scanner's study; give several")
        if len(scenes) == 1:
            id = scenes.ids[0]
            guard = guard_of(study, len(corners[id].bands), corners[id].pixel_scale, stamp)
            _, height, width = scenes.shape(id)
            items = sky_bands(id, whole(height, width), study.split, guard, study.seed)
        else:
            sizes = {id: scenes.shape(id)[1:] for id in scenes.ids}
            groups = {id: corner.group for id, corner in corners.items()}
            items = dealt(groups, sizes, study.split, study.seed)
    rows = [
        (i.image, i.item, i.window.y0, i.window.x0, i.window.height, i.window.width, i.group, i.fold, i.role, i.half)
        for i in items
    ]
    with written_aside(out) as aside:
        pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(aside, index=False)
    count = Counter(i.role for i in items if i.fold == 0)
    log.info(
        "split: %d folds; fold 0 has %s", study.split.folds, ", ".join(f"{n} items to {r}" for r, n in count.items())
    )


def dealt(groups: dict[str, str], sizes: dict[str, tuple[int, int]], settings: Split, seed: int) -> list[Item]:
    """Deal groups of images to folds, and the rest of each fold to its roles, by lot.

    Parameters
    ----------
    groups : dict
        Group of each image.
    sizes : dict
        Height and width of each image in px.
    settings : Split
    seed : int

    Raises
    ------
    SplitError
        If there are fewer groups than folds, or too few to fill the roles.
    """
    names = _shuffled(sorted(set(groups.values())), seed, "folds")
    if len(names) < settings.folds:
        raise SplitError(
            f"split.folds is {settings.folds}, but the images form {len(names)} groups; "
            f"ask for {len(names)} folds at most (images that overlap on the sky are one group)"
        )
    half = {group: index % 2 for index, group in enumerate(_shuffled(names, seed, "halves"))}
    fold_of = {group: index % settings.folds for index, group in enumerate(names)}
    items = []
    for fold in range(settings.folds):
        rest = _shuffled([g for g in names if fold_of[g] != fold], seed, "roles", fold)
        tune, calibrate = _counts(len(rest), settings)
        if tune + calibrate >= len(rest):
            raise SplitError(
                f"split.folds is {settings.folds}, which leaves {len(rest)} groups besides fold {fold}: "
                "too few to train, tune and calibrate; add images, or set split.calibrate to 0"
            )
        roles: dict[str, Role] = dict.fromkeys(rest, "train")
        roles |= dict.fromkeys(rest[:tune], "tune")
        roles |= dict.fromkeys(rest[tune : tune + calibrate], "calibrate")
        for id, group in groups.items():
            items.append(Item(id, id, whole(*sizes[id]), group, fold, roles.get(group, "test"), half[group]))
    return items


def sky_bands(image: str, area: Window, settings: Split, guard: int, seed: int) -> list[Item]:
    """Cut one image into bands of sky, one per fold, and these into blocks.

    In each fold the tune and the calibrate role are runs of blocks at the ends of bands, drawn by lot, so that they
    cost the training role few guards. Their windows keep ``2 guard`` from the held-out band: what a restorer reads
    around them, and the light that the PSF carried there, is not of that band.

    Parameters
    ----------
    image : str
        Name of the image.
    area : Window
        The whole image.
    settings : Split
    guard : int
        Pixels between roles.
    seed : int

    Raises
    ------
    SplitError
        If blocks are too thin to leave anything beside the guards, or too few for the roles.
    """
    strips = bands_of_sky(area, settings.folds)
    # Alike for all, though strips may differ by a pixel.
    upright = strips[0].height >= strips[0].width
    count = max(round(max(strips[0].height, strips[0].width) / settings.block), 1)
    blocks = [_blocks(strip, count, upright) for strip in strips]
    _refuse_cramped(image, blocks, guard)
    items = []
    for fold in range(settings.folds):
        rest = [band for band in range(settings.folds) if band != fold]
        roles = _ends(image, rest, len(blocks[0]), settings, seed, fold)
        for band, windows in enumerate(blocks):
            for index, window in enumerate(windows):
                role = "test" if band == fold else roles.get((band, index), "train")
                if role in ("tune", "calibrate"):
                    window = _kept_from(window, blocks[fold], 2 * guard)
                half = int(index >= len(windows) / 2)
                items.append(Item(image, f"{image}/band{band}block{index}", window, f"band{band}", fold, role, half))
    return items


def _refuse_cramped(image: str, blocks: list[list[Window]], guard: int) -> None:
    thinnest = min(min(window.height, window.width) for band in blocks for window in band)
    least = 2 * guard + SMALLEST_WINDOW
    if thinnest < least:
        raise SplitError(
            f"{image}: cut into {len(blocks)} bands of {len(blocks[0])} blocks, the thinnest is {thinnest} px wide; "
            f"{least} px are needed beside guards of {guard} px: set split.folds lower or split.block higher, or give "
            "more images"
        )
    if len(blocks[0]) < FEWEST_BLOCKS:
        raise SplitError(
            f"{image}: cut into {len(blocks)} bands of {len(blocks[0])} blocks each; {FEWEST_BLOCKS} are needed for "
            "the roles: set split.block lower, or give more images"
        )


def _blocks(band: Window, count: int, upright: bool) -> list[Window]:
    """Cut a band into blocks, below one another if ``upright`` and otherwise side by side."""
    cuts = pairwise(edges(band.height if upright else band.width, count))
    if upright:
        return [Window(band.y0 + a, band.x0, b - a, band.width) for a, b in cuts]
    return [Window(band.y0, band.x0 + a, band.height, b - a) for a, b in cuts]


def _ends(
    image: str, bands: list[int], length: int, settings: Split, seed: int, fold: int
) -> dict[tuple[int, int], Role]:
    """Blocks for tune and calibrate, from the ends of all bands in a row: of different bands where there are two."""
    first_to_last = bool(_shuffled([0, 1], seed, "ends", fold)[0])
    places = range(length) if first_to_last else range(length - 1, -1, -1)
    row = [(band, index) for band in _shuffled(bands, seed, "bands", fold) for index in places]
    tune, calibrate = _counts(len(row), settings)
    if tune + calibrate >= len(row):
        raise SplitError(
            f"{image}: of {len(row)} blocks besides fold {fold}, split.tune takes {tune} and split.calibrate "
            f"{calibrate}, which leaves none to train on: set them or split.block lower"
        )
    calibrated: dict[tuple[int, int], Role] = dict.fromkeys(row[len(row) - calibrate :], "calibrate")
    return calibrated | dict.fromkeys(row[:tune], "tune")


def _counts(total: int, settings: Split) -> tuple[int, int]:
    tune = max(round(settings.tune * total), 1)
    return tune, max(round(settings.calibrate * total), 1) if settings.calibrate else 0


def _kept_from(window: Window, others: Iterable[Window], distance: int) -> Window:
    """Trim a window on the side that faces others until it is ``distance`` away from them."""
    for other in others:
        near = window.clipped(other.grown(distance))
        if near.height and near.width == window.width:
            window = Window(
                near.y1 if near.y0 == window.y0 else window.y0, window.x0, window.height - near.height, window.width
            )
        elif near.width and near.height == window.height:
            window = Window(
                window.y0, near.x1 if near.x0 == window.x0 else window.x0, window.height, window.width - near.width
            )
    return window


def _shuffled(things: list[T], *address: object) -> list[T]:
    return [things[i] for i in addressed_random(*address).permutation(len(things))]
