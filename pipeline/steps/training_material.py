"""What the networks of one fold are trained on, and what a user of the trained model must know of it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline import __version__
from pipeline.config import Augment, Denoiser, Images, Nafnet, Pix2pix, Study
from pipeline.display import Scaling
from pipeline.image import Image
from pipeline.networks.build import RestoringNetwork, build_network
from pipeline.networks.preparation import Preparation
from pipeline.physics.conditions import Stamp
from pipeline.sparsity.first_estimate import FirstEstimate
from pipeline.splits import FINAL, Item
from pipeline.steps.instrument import guard_of, read_stamp
from pipeline.steps.shown_window import shown_window
from pipeline.store import read_images
from pipeline.stretch import Stretch, StretchError
from pipeline.tiling import Window
from pipeline.training.degradation import UNCHANGED, Degrader
from pipeline.training.instruments import Instruments
from pipeline.training.pair_file import PairFile
from pipeline.training.paired_instruments import PairedInstruments
from pipeline.training.regions import regions, sampled
from pipeline.training.scenes import Scenes, SceneStatistics

INSTRUMENT: dict[str, Any] = {
    "protocol": True,
    "psf": {"profile", "beta", "obscuration"},
    "noise": {"kind"},
    "defects": True,
    "ct": True,
    "mri": True,
}
"""What a model's user must know of its instruments beside their range."""
_AS_THEY_ARE = ("science", "noise", "noise_kind", "mask", "mask_bits", "unit", "background", "background_box")
READING: Any = {**dict.fromkeys(_AS_THEY_ARE, True), "volumes": {"along"}}
"""How files became images, as far as a user's own file is to be read alike."""
WATCHED = (8, 128)
"""Crops of the tune role on which training is watched, and their least width in px."""
HARDLY_ANY_NOISE = 0.1
"""A truth whose sky has less noise than this share of what instruments add is as good as free of noise."""
FLATTEST_SKY = 1e-3
"""Noise of the sky over the span of the scene that a stretch assumes at least: a sky of one value has none."""


class TrainingMaterial:
    """What a fold trains on, and how its network sees it. A context manager, since the images may stay open.

    Parameters
    ----------
    images : Path
        ``images.h5``.
    splits : list of Item
        All items of the study, with their roles in every fold.
    study : Study
    fold : int or "final"
    device : torch.device
        Where the scenes lie, if they fit, and where they are degraded.
    observed : PairFile, optional
        Real blurred images of the scenes, which then tell the instrument.

    Raises
    ------
    StretchError
        If the training role has nothing to learn from.
    """

    def __init__(
        self,
        images: Path,
        splits: list[Item],
        study: Study,
        fold: int | str,
        device: torch.device,
        observed: PairFile | None = None,
    ) -> None:
        self._study, self._device, self._observed, self._path = study, device, observed, images
        with read_images(images) as scenes:
            first = scenes.image(scenes.ids[0], Window(0, 0, 1, 1))
        self.bands, self.unit, self._first = first.bands, first.unit, first
        self.pixel_scale = first.pixel_scale or study.images.pixel_scale
        stamp = read_stamp(study, self.bands)
        guard = guard_of(study, len(self.bands), self.pixel_scale, stamp)
        number = None if fold == FINAL else int(fold)
        self._scenes = Scenes(images, regions(splits, number, "train", guard), device)
        self.area = sum(r.window.height * r.window.width for r in self._scenes.regions)
        self._watched = Scenes(images, regions(splits, number or 0, "tune", 0), device)
        self._instruments: Any = self._instruments_of(first, stamp)
        self._statistics = self._scenes.statistics()
        seen = self._noise_to_stretch_by()
        stretch = _stretch(study, self.bands, self._statistics, seen)
        # As astronomers stretch an image to see its noise: the sky's noise is of order one.
        noise = (max(s, FLATTEST_SKY * span) for s, span in zip(seen, self._statistics.span))
        self.view = Stretch("asinh", self._statistics.sky, tuple(noise))
        known = self._statistics
        spectrum = self._scenes.spectrum(known)
        names, first_estimate = self._instruments.names, _first_estimate(study)
        self.preparation = Preparation(stretch, known.variance, spectrum, names, first_estimate)

    def __enter__(self) -> TrainingMaterial:
        return self

    def __exit__(self, *_: object) -> None:
        self._scenes.close()
        self._watched.close()

    def _instruments_of(self, _first: Image, stamp: Stamp | None) -> Any:
        """What the scenes are seen through; ``_first`` is a corner of an image, for what its file says."""
        study, observed = self._study, self._observed
        if observed is None:
            return Instruments(study, len(self.bands), self.pixel_scale, stamp, self._device)
        return PairedInstruments(observed.psfs_of(self._scenes.regions), study.train.psf_error, self._device)

    def network(self, settings: Nafnet | Pix2pix | Denoiser) -> RestoringNetwork:
        """An untrained network for these bands and instruments, on the CPU."""
        return build_network(settings.model_dump(), len(self.bands), len(self.preparation.descriptors))

    def degrader(self, augment: Augment) -> Degrader:
        """Draws from the training role."""
        return self._degrader(self._scenes, augment)

    def shared(self, address: tuple[object, ...], network: RestoringNetwork) -> dict[str, Any]:
        """What the tasks of all stages of a network share; they are watched on crops of the tune role."""
        watched, stride = self._degrader(self._watched, UNCHANGED), network.stride
        width = network.size or self._watched_width(stride)
        return {
            "watched": watched.batch(*address, "watched", count=WATCHED[0], crop=width),
            "address": address,
            "span": torch.tensor(self._statistics.span, device=self._device),
            "scaling": self._scaling(),
        }

    def pixels_per_step(self, settings: Nafnet | Pix2pix | Denoiser, stage: str) -> int:
        """Pixels of scene that a step of a stage sees."""
        return settings.pixels_per_step(stage)

    def _watched_width(self, stride: int) -> int:
        return -(-WATCHED[1] // stride) * stride

    def _scaling(self) -> Scaling:
        known = self._statistics
        sky, noise, span = list(known.sky), list(known.sky_sigma), max(known.span)
        return Scaling(self.unit, self.bands, sky, noise, span, shown_window(self._study.evaluate, self._first))

    def _degrader(self, scenes: Scenes, augment: Augment) -> Degrader:
        clipped, defects = self._study.degrade.protocol == "galaxygan", self._study.degrade.defects
        return Degrader(scenes, self._instruments, self.preparation, clipped, self._device, defects, augment)

    def card(self, network: str, output: str, fold: int | str) -> dict[str, Any]:
        """What a user of the model must know."""
        study, instruments = self._study, self._instruments
        return {
            "network": network,
            "output": output,
            "settings": study.trained[network.partition("@")[0]].model_dump(mode="json"),
            "preparation": self.preparation.to_dict(),
            "bands": list(self.bands),
            "unit": self.unit,
            "pixel_scale": self.pixel_scale,
            "range": instruments.range() | self._noise_range(),
            "brightest": self._brightest(network),
            "psf": None if instruments.single is None else instruments.single.tolist(),
            # Pairs are seen through one PSF each, which a network that learns from them is told as it is.
            "psf_error": 0.0 if study.learns_from_pairs(network.partition("@")[0]) else study.train.psf_error,
            "instrument": study.degrade.model_dump(mode="json", include=INSTRUMENT),
            "reading": self._reading(),
            "learned_from": "pairs" if study.learns_from_pairs(network.partition("@")[0]) else "simulation",
            "study": study.study,
            "fold": fold,
            "seed": study.seed,
            "versions": {"clearfield": __version__, "torch": torch.__version__, "python": platform.python_version()},
        } | self._pairs()

    def _reading(self) -> dict[str, Any]:
        """How a user's own file is to be read."""
        # Of pairs, what `regrid` writes is restored, and that says all of itself.
        images = self._study.images if self._observed is None else Images(unit=self.unit)
        return images.model_dump(mode="json", include=READING)

    def _pairs(self) -> dict[str, Any]:
        """How blurred images came to the pixels and the unit of the sharp ones, where the study has pairs."""
        if self._observed is None or self._study.pairs is None:
            return {}
        reading = self._study.pairs.blurred_files.as_images.model_dump(mode="json", include=READING)
        return {"pairs": self._observed.card | {"reading": reading}}

    def _brightest(self, network: str) -> list[float]:
        """The brightest light per band that the first stage was shown, in the unit of the image."""
        augment, statistics = self._study.train.augmentation, self._statistics
        changed = augment.share and not isinstance(self._study.trained[network.partition("@")[0]], Pix2pix)
        factor = (augment.brightness or 1.0) * augment.colour if changed else 1.0
        return [sky + factor * (most - sky) for sky, most in zip(statistics.sky, statistics.brightest)]

    def _noise_to_stretch_by(self) -> list[float]:
        """Noise of the sky per band: the truth's own, or where it has hardly any, the least that is added to it.

        A truth that was simulated may have none, and faint light in its place; an asinh that turns logarithmic so far
        below the noise of the data would show a network that noise and little else.
        """
        own = self._statistics.sky_sigma
        if self._instruments.relative_to_sky:
            return list(own)
        least, _ = self._added_noise()
        return [added if s < HARDLY_ANY_NOISE * added else s for s, added in zip(own, least)]

    def _noise_range(self) -> dict[str, list[float]]:
        """Least and greatest noise per band that training drew, in the unit of the image."""
        low, high = self._added_noise()
        return {f"sigma_{band}": [a, b] for band, a, b in zip(self.bands, low, high)}

    def _added_noise(self) -> tuple[list[float], list[float]]:
        """The least and the greatest per band."""
        scenes, instruments = self._scenes, self._instruments
        own = [scenes.sky_sigma(k) for k in sampled(len(scenes))] if instruments.relative_to_sky else [()]
        ends = [np.min(own, 0).tolist(), np.max(own, 0).tolist()]
        backgrounds = scenes.backgrounds.range() if instruments.counts_photons else [[]]
        return instruments.noise_range(self._statistics.sky, ends, backgrounds)


def _first_estimate(study: Study) -> FirstEstimate | None:
    wanted = study.train.first_estimate
    return FirstEstimate(wanted.iterations, wanted.weight) if wanted.iterations else None


def _stretch(study: Study, bands: Sequence[str], statistics: SceneStatistics, noise: Sequence[float]) -> Stretch:
    for band, span, sigma in zip(bands, statistics.span, noise):
        if not span:
            raise StretchError(f"band {band}: all of the training role has one value; there is nothing to learn from")
        if not sigma and study.train.stretch == "asinh":
            raise StretchError(
                f"band {band}: the sky is of one value and no noise is added, and train.stretch asinh goes by noise; "
                "take linear"
            )
    if study.train.stretch == "linear":
        return Stretch("linear", statistics.sky, statistics.span)
    return Stretch("asinh", statistics.sky, tuple(study.train.softening * s for s in noise))
