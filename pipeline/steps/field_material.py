"""What a generator of fields is trained on: the training role of the first fold; and what its user must know of it."""

from __future__ import annotations

import logging
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch
from astropy.io import fits

from pipeline import __version__
from pipeline.config import SganSettings, Study, XdfGanSettings
from pipeline.display import Scaling
from pipeline.fields.model import FIELD_GENERATOR
from pipeline.formats.fits import wcs_of
from pipeline.image import Image
from pipeline.measures.stationarity import LARGEST_SPREAD, block_mean_spread
from pipeline.networks.build_generator import build_generator
from pipeline.networks.sgan import Sgan
from pipeline.networks.xdf_gan import XdfGan
from pipeline.splits import Item
from pipeline.store import read_images
from pipeline.stretch import Stretch, StretchError
from pipeline.tiling import Window, tiles
from pipeline.training.field_crops import FieldCrops
from pipeline.training.regions import regions
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place

log = logging.getLogger("clearfield")

FOLD = 0
"""Trained on its training role, so that fields are compared with sky that no generator has seen."""
GUARD = 32
"""Pixels between what is learned from and any other role."""
FLATTEST_SKY = 1e-3
"""Noise of the sky over the span of the scene that a stretch assumes at least: a sky of one value has none."""
BELOW_SKY = 4.0
"""Sigmas below the sky at which the range of a bounded generator begins."""
BLOCK, LARGEST_SAMPLE = 64, 1024
"""Width in px and number of the blocks by which a texture is known."""
ZERO_POINTS = ("MAGZERO", "MAGZPT", "PHOTZP")
"""Keywords of zero points, with the number of a plane behind them or without."""


class FieldMaterial:
    """The sky that a generator learns from. A context manager, since the images may stay open.

    Parameters
    ----------
    images : Path
        ``images.h5``.
    splits : list of Item
    study : Study
    settings : SganSettings or XdfGanSettings
    device : torch.device

    Raises
    ------
    StretchError
        If a band has one value everywhere.
    """

    def __init__(
        self,
        images: Path,
        splits: list[Item],
        study: Study,
        settings: SganSettings | XdfGanSettings,
        device: torch.device,
    ) -> None:
        self._study, self._settings = study, settings
        with read_images(images) as reader:
            self._first = reader.image(reader.ids[0], Window(0, 0, 1, 1))
            self._alone = len(reader.ids) == 1
        self.bands, self.unit = self._first.bands, self._first.unit
        self._scenes = Scenes(images, regions(splits, FOLD, "train", GUARD), device)
        self._unseen = Scenes(images, regions(splits, FOLD, "tune", 0), device)
        self.area = sum(r.window.height * r.window.width for r in self._scenes.regions)
        self._statistics = self._scenes.statistics()
        self._bounded = settings.generator == "xdf_gan"
        self.stretch = self._stretch()

    def __enter__(self) -> FieldMaterial:
        return self

    def __exit__(self, *_: object) -> None:
        self._scenes.close()
        self._unseen.close()

    def generator(self) -> Sgan | XdfGan:
        """An untrained generator for these bands, on the CPU."""
        return build_generator(self._settings.model_dump(), len(self.bands))

    def shared(self) -> dict[str, Any]:
        """Crops, stretch and scaling of the task."""
        turned, bounded, known = self._settings.turned, self._bounded, self._statistics
        return {
            "crops": FieldCrops(self._scenes, self.stretch, turned, bounded),
            "unseen": FieldCrops(self._unseen, self.stretch, turned, bounded),
            "stretch": self.stretch,
            "scaling": Scaling(self.unit, self.bands, list(known.sky), list(known.sky_sigma), max(known.span)),
        }

    def warn_of_several_textures(self) -> None:
        """Say so where the sky is not one texture: a field has the same statistics everywhere."""
        windows = [r.window for r in self._scenes.regions]
        whole = [
            Place(number, block.relative_to(Window(w.y0, w.x0, 0, 0)))
            for number, w in enumerate(windows)
            for block in tiles(w, BLOCK)
            if (block.height, block.width) == (BLOCK, BLOCK)
        ]
        # A study of small stamps may have not one whole block.
        numbers = np.linspace(0, max(len(whole) - 1, 0), min(len(whole), LARGEST_SAMPLE)).astype(int)
        crops = (self._scenes.crops([whole[number]], BLOCK) for number in numbers)
        blocks = ((self.stretch.apply(c.pixels)[0].cpu().numpy(), c.mask[0].cpu().numpy()) for c in crops)
        for band, spread in zip(self.bands, block_mean_spread(blocks)):
            log.info("band %s: means of blocks of %d px vary by %.2f of what pixels do", band, BLOCK, spread)
            if spread > LARGEST_SPREAD:
                log.warning(
                    "band %s: means of blocks of %d px vary by %.2f of what pixels do, and of one texture it is less "
                    "than %g; a field will mix what lies apart here: train on images of one class, without edges",
                    band, BLOCK, spread, LARGEST_SPREAD,
                )  # fmt: skip

    def card(self, name: str) -> dict[str, Any]:
        """What a user of the generator must know."""
        study, image = self._study, self._first
        return {
            "kind": FIELD_GENERATOR,
            "generator": name,
            "settings": self._settings.model_dump(mode="json"),
            "stretch": self.stretch.to_dict(),
            "bands": list(self.bands),
            "unit": self.unit,
            "pixel_scale": image.pixel_scale or study.images.pixel_scale,
            "psf_fwhm": study.images.psf_fwhm,
            "sky": list(self._statistics.sky),
            "sky_sigma": list(self._statistics.sky_sigma),
            "zero_points": zero_points(image),
            # Where many images were trained on, none of them says where a field lies.
            "wcs": _wcs(image) if self._alone else None,
            "study": study.study,
            "fold": FOLD,
            "seed": study.seed,
            "versions": {"clearfield": __version__, "torch": torch.__version__, "python": platform.python_version()},
        }

    def _stretch(self) -> Stretch:
        known = self._statistics
        for band, span in zip(self.bands, known.span):
            if not span:
                raise StretchError(f"band {band}: all of the training role has one value; there is nothing to paint")
        sigma = [max(s, FLATTEST_SKY * span) for s, span in zip(known.sky_sigma, known.span)]
        if self._bounded:
            lowest = tuple(sky - BELOW_SKY * s for sky, s in zip(known.sky, sigma))
            return Stretch("linear", lowest, tuple(most - low for most, low in zip(known.brightest, lowest)))
        return Stretch("asinh", known.sky, tuple(self._study.train.softening * s for s in sigma))


def zero_points(image: Image) -> list[float] | None:
    """Of each band, by the header's own numbers of planes; None where the header does not say all of them."""
    header = fits.Header.fromstring(image.header or "", sep="\n")
    planes = {str(header[key]).strip(): key[4:] for key in header if key.startswith("BAND") and key[4:].isdigit()}
    # A number without a plane's is of every plane of its file; of bands from several files, this is the first's.
    names = [planes.get(band, "" if len(image.bands) == 1 else None) for band in image.bands]
    found = [
        next((header[word] for key in ZERO_POINTS for word in (f"{key}{name}", key) if word in header), None)
        if name is not None
        else None
        for name in names
    ]
    numbers = [float(value) for value in found if isinstance(value, int | float)]
    return numbers if len(numbers) == len(found) else None


def _wcs(image: Image) -> str | None:
    wcs = wcs_of(image)
    return None if wcs is None else wcs.to_header().tostring(sep="\n", endcard=False, padding=False)
