"""The slices of a domain that a translator learns from and is watched on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.body import body_of
from pipeline.domain_scale import DomainScale
from pipeline.errors import ClearfieldError
from pipeline.image import Image, Pixels
from pipeline.splits import Item, Role
from pipeline.store import read_images
from pipeline.tiling import Window
from pipeline.training.domain_crops import DomainCrops
from pipeline.training.regions import regions
from pipeline.training.scenes import Scenes
from pipeline.unpaired import FOLD

GUARD = 32
"""Pixels between what is learned from and any other role, of images that are cut into blocks."""


class TranslationError(ClearfieldError):
    """Domains between which nothing can be translated."""


class Domain:
    """A file of images, and who of them is learned from.

    Parameters
    ----------
    path : Path
        ``images.h5``, or a file of the other domain.
    rows : sequence of Item
        From :func:`pipeline.unpaired.apart`.
    """

    def __init__(self, path: Path, rows: Sequence[Item]) -> None:
        self.path, self._rows = path, rows
        with read_images(path) as reader:
            self.first: Image = reader.image(reader.ids[0], Window(0, 0, 1, 1))

    def slices(self, role: Role = "train") -> list[Pixels]:
        """The values of a role, shape (C, H, W) each."""
        with read_images(self.path) as reader:
            return [reader.pixels(r.image, r.window) for r in regions(self._rows, FOLD, role, self._guard(role))]

    def scale(self) -> DomainScale:
        """The scale of the domain, by what is learned from."""
        slices = self.slices()
        bodies = [np.concatenate([s[band][body_of(s)] for s in slices]) for band in range(len(self.first.bands))]
        ends = [(min(s[band].min() for s in slices), max(s[band].max() for s in slices)) for band in range(len(bodies))]
        return DomainScale.of(bodies, [(float(low), float(high)) for low, high in ends])

    def crops(self, role: Role, scale: DomainScale, device: torch.device) -> DomainCrops:
        """Crops of a role, in a scale."""
        scenes = Scenes(self.path, regions(self._rows, FOLD, role, self._guard(role)), device)
        return DomainCrops(scenes, [body_of(s) for s in self.slices(role)], scale)

    def said(self, scale: DomainScale) -> dict[str, Any]:
        """What a model's card says of the domain."""
        return {"bands": list(self.first.bands), "unit": self.first.unit, "scale": scale.to_dict()}

    @staticmethod
    def _guard(role: Role) -> int:
        return GUARD if role == "train" else 0


def refuse_other_bands(first: Domain, second: Domain) -> None:
    """Domains of which images are taken for each other's have as many bands.

    Raises
    ------
    TranslationError
    """
    one, two = (len(domain.first.bands) for domain in (first, second))
    if one != two:
        raise TranslationError(
            f"{second.path}: has {two} bands, and {first.path} has {one}; domains of as many bands are needed: choose "
            "them by images.bands and translate.into.bands"
        )


def refuse_other_places(images: Path, truth: Path) -> None:
    """The truth has, under the same names, what every image should become.

    Raises
    ------
    TranslationError
    """
    with read_images(images) as given, read_images(truth) as wanted:
        there = set(wanted.ids)
        for id in given.ids:
            if id not in there:
                raise TranslationError(
                    f"{truth}: holds no image called {id!r}; translate.truth must give one for each image of the study"
                )
            (_, *one), (_, *two) = given.shape(id), wanted.shape(id)
            if one != two:
                raise TranslationError(
                    f"{truth}: {id} is {two[0]} x {two[1]} px, and the image of the study {one[0]} x {one[1]}; bring "
                    "both onto one grid"
                )
