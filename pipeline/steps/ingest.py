"""ingest: the study's images, in physical units and with a mask, in one file."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.bands_of_sky import measured_apart
from pipeline.config import Images, Study
from pipeline.datasets import Dataset, open_dataset
from pipeline.errors import ClearfieldError
from pipeline.image import DISPLAY, Image, Pixels
from pipeline.measures.background import take_off_background
from pipeline.measures.sky import SkyError, sky_level_and_sigma
from pipeline.physics.interpolated_source import EmptyKSpace, empty_kspace
from pipeline.progress import progress
from pipeline.steps.shared_sky import SharedSky
from pipeline.store import write_images
from pipeline.tiling import whole

log = logging.getLogger("clearfield")

LARGEST_SAMPLE = 1_000_000
"""Trusted pixels per band, over all images, from which the levels of the study are measured."""
RANGE = (0.05, 99.95)
"""Percentiles between which the range of the study's values spans."""

NOTED_EMPTY = 0.05
"""Share of k-space without anything in it that is said of magnetic resonance: an edge is found to 0.03."""

LARGEST_SCALE_ERROR = 0.01
"""Share by which pixel scales of a study may differ: a PSF's width is right to as much."""

_GOLDEN = (5**0.5 - 1) / 2


class IngestError(ClearfieldError):
    """Images that do not make a study."""


def ingest(study: Study, out: Path, survey: Path | None = None) -> None:
    """Read the images of a study, one at a time, and write them to ``out`` (``images.h5``).

    A simulated survey is read from the folder ``survey``, into which ``simulate`` wrote it; without one its images are
    drawn here, one after another.

    The file notes ``data_range``, the span between the 0.05 and 99.95 percentiles of all trusted pixels, and ``sky``
    and ``sky_sigma``, level and noise of the sky per band. They are measured on about a million pixels per band, spread
    evenly over the images, and serve judgement only. Of slices for a magnet it notes ``empty_kspace`` too, the shares
    of k-space along height and width that hold nothing.

    Images that overlap on the sky, as their headers have it, are put into one group.

    Raises
    ------
    FormatError, DatasetError, SurveyError
        If a file is missing, or is not the image that the configuration says.
    IngestError
        If images differ in bands, unit or pixel scale, are in display units where photons are to be counted, one is too
        small, two of different groups are the same, one has no sky to measure a background on, or all hold one value.
    SharedSkyError
        If images that ``images.groups`` names different groups for overlap on the sky.
    """
    dataset = open_dataset(study.images, study.seed, survey)
    if study.images.noise is not None:
        log.info("ingest: extension %s is read as %s", study.images.noise, study.images.kind_of_noise)
    known, shared = _Known(dataset), SharedSky(dataset.sources)
    samples: list[list[Pixels]] = []
    empty: list[EmptyKSpace] = []
    share = -(-LARGEST_SAMPLE // len(dataset))
    with write_images(out) as images:
        for found in progress(dataset, "ingest", total=len(dataset), unit="image"):
            known.check(found)
            shared.add(found)
            if study.degrade.noise.kind == "poisson":
                _refuse_display(found, dataset.sources[found.id])
            image = _large_enough(found, study.images, dataset.sources[found.id])
            image = _without_background(image, study, len(dataset), dataset.sources[found.id])
            images.append(image)
            if study.degrade.mri:
                empty.append(empty_kspace(image.pixels[0].astype(np.float64)))
            samples.append([_evenly(plane[~mask], share) for plane, mask in zip(image.pixels, image.mask)])
        for id, group in shared.joined(named=study.images.groups is not None).items():
            images.regroup(id, group)
        bands = [np.concatenate(planes) for planes in zip(*samples)]
        low, high = np.percentile(np.concatenate(bands), RANGE)
        if not high > low:
            first = next(iter(dataset.sources.values()))
            raise IngestError(f"{first}: every pixel of the study is {low:g}; images with a scene are needed")
        sky = [sky_level_and_sigma(band) for band in bands]
        if study.degrade.mri:
            images.note(empty_kspace=_said_empty(empty))
        images.note(data_range=float(high - low), sky=[s[0] for s in sky], sky_sigma=[s[1] for s in sky])


def _said_empty(empty: list[EmptyKSpace]) -> list[float]:
    """Median shares of empty k-space along both axes, said where it is no fluke: such pixels are not independent."""
    rows, columns = (float(np.median([getattr(one, axis) for one in empty])) for axis in ("rows", "columns"))
    if max(rows, columns) >= NOTED_EMPTY:
        log.info(
            "ingest: %.0f%% of k-space along the height and %.0f%% along the width hold nothing: the slices were "
            "interpolated, and noise and detail of neighbouring pixels belong together",
            100 * rows,
            100 * columns,
        )
    return [rows, columns]


class _Known:
    """What has been read so far, as far as later images must agree with it."""

    def __init__(self, dataset: Dataset) -> None:
        self._sources = dataset.sources
        self._shared: dict[str, str] = {}
        self._scale: tuple[float, str] | None = None
        self._owners: dict[bytes, tuple[str, str]] = {}

    def check(self, image: Image) -> None:
        """Refuse an image of other bands, unit or pixel scale than the first, or one that another group has already."""
        source, first = self._sources[image.id], next(iter(self._sources.values()))
        for what, here in (("bands", ", ".join(image.bands)), ("unit", image.unit)):
            there = self._shared.setdefault(what, here)
            if here != there:
                raise IngestError(
                    f"{source}: {what} {here}, but {first} has {there}; the images of a study must share their {what}"
                )
        self._check_scale(image.pixel_scale, source)
        trusted = image.pixels[~image.mask]
        if not trusted.size or (trusted == trusted[0]).all():
            # A slice of air is like any other.
            return
        digest = hashlib.blake2b(str(image.shape).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(image.pixels).data)
        owner, group = self._owners.setdefault(digest.digest(), (source, image.group))
        if group != image.group:
            raise IngestError(
                f"{source}: the same pixels as {owner}, in another group ({image.group} and {group}); "
                "put both in one group by images.groups, or remove one"
            )

    def _check_scale(self, scale: float | None, source: str) -> None:
        # One network and one guard serve all images, for PSFs of so many pixels.
        if scale is None:
            return
        self._scale = self._scale or (scale, source)
        there, first = self._scale
        if abs(scale / there - 1) > LARGEST_SCALE_ERROR:
            raise IngestError(
                f"{source}: pixels of {scale:.4g} arcsec, but {first} has {there:.4g}; the images of a study must "
                f"share their pixel scale to {LARGEST_SCALE_ERROR:.0%}: resample them, or make two studies"
            )


def _refuse_display(image: Image, source: str) -> None:
    if image.unit == DISPLAY:
        raise IngestError(
            f"{source}: in {DISPLAY} units, which count no photons for degrade.noise.kind poisson; set images.unit, "
            "such as counts, if the values are linear in the light, or take gaussian"
        )


def _large_enough(image: Image, settings: Images, source: str) -> Image:
    height, width = image.shape[-2:]
    least = settings.smallest
    if min(height, width) >= least:
        return image
    if settings.small_images == "refuse":
        raise IngestError(
            f"{source}: {height} x {width} px; at least {least} are needed: lower images.smallest, "
            "remove the image, or set images.small_images to pad"
        )
    # Below and to the right, so that the header's WCS still holds.
    margins = ((0, 0), (0, max(least - height, 0)), (0, max(least - width, 0)))
    return replace(
        image,
        pixels=np.pad(image.pixels, margins, mode="reflect"),
        mask=np.pad(image.mask, margins, constant_values=True),
        sigma=None if image.sigma is None else np.pad(image.sigma, margins, mode="reflect"),
        findings=None if image.findings is None else np.pad(image.findings, margins),
    )


def _without_background(image: Image, study: Study, images: int, source: str) -> Image:
    parts = measured_apart(whole(*image.shape[-2:]), images, study.split)
    try:
        return take_off_background(image, study.images.background, study.images.background_box, parts)
    except SkyError as error:
        raise IngestError(f"{source}: {error}: set images.background to none, or remove the image") from None


def _evenly(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    # Steps of the golden ratio fall evenly on the image and never in line with its columns, as fixed steps may.
    if len(values) <= count:
        return values
    return values[(np.arange(1, count + 1) * _GOLDEN % 1 * len(values)).astype(np.intp)]
