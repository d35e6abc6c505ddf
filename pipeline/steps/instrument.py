"""The study's instrument, with what it needs from files: shared by the steps that look through it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.config import Study
from pipeline.formats import open_image
from pipeline.formats.fits import read_psf
from pipeline.formats.psf_field import PsfField, read_psf_field
from pipeline.image_files import image_files
from pipeline.physics.conditions import Stamp, psf_for
from pipeline.physics.lost_light import lost_light
from pipeline.physics.operator import Operator
from pipeline.splits import Item
from pipeline.tiling import Window

SMALLEST_GUARD = 32
"""Pixels between roles at least: the context that a restorer is given."""


def read_stamp(study: Study, bands: Sequence[str]) -> Stamp | None:
    """The measured PSF that the study names, if it names one, with its planes in the order of the images' bands."""
    file = study.degrade.psf.file
    if file is None:
        return None
    if study.pairs is not None and study.pairs.stamps is not None:
        return _mean_stamp(read_psf_field(study.pairs.stamps, bands), study)
    stamp, scale = read_psf(file, bands)
    return stamp, study.degrade.psf.file_scale or scale


def _mean_stamp(field: PsfField, study: Study) -> Stamp:
    """One stamp for all places: the roles of a study are kept apart by its width."""
    mean = field.stamps.mean(0)
    if field.arcsec is not None or study.pairs is None:
        return mean, field.arcsec
    files = image_files(study.pairs.blurred, study.images.bands)
    if not files:
        return mean, None
    with open_image([files[0].path], study.pairs.blurred_files.as_images) as blurred:
        return mean, blurred.pixel_scale and blurred.pixel_scale * (field.pixels or 1.0)


def finest(study: Study, scales: Iterable[float | None]) -> float | None:
    """Width of the smallest pixels of a study's images in arcsec: on these a PSF is widest."""
    known = [scale or study.images.pixel_scale for scale in scales]
    return None if None in known else min(filter(None, known), default=None)


def refuse_lost_light(study: Study, pixel_scale: float | None, stamp: Stamp | None) -> None:
    """Refuse a study of which a PSF would lose much of its light, before anything is made with it.

    Raises
    ------
    PSFError
        If the stamp of a condition's PSF leaves out more than 5% of its light.
    """
    for condition in study.blurs:
        lost_light(condition.psf, study.images, pixel_scale, stamp)


def guard_for(stamp_width: int) -> int:
    """Pixels of context around what is scored, and of distance between roles: the PSF's stamp, or 32."""
    return max(stamp_width, SMALLEST_GUARD)


def guard_of(study: Study, bands: int, pixel_scale: float | None, stamp: Stamp | None) -> int:
    """The guard of a study: that of its widest condition."""
    scale = pixel_scale or study.images.pixel_scale
    kernels = [psf_for(c.psf, study.images, bands, scale, stamp) for c in study.blurs]
    return guard_for(max((k.shape[-1] for k in kernels), default=0))


def context_of(item: Item, operator: Operator) -> Window:
    """What a restorer is given of an item's image: its window with the guard around it, or a slice and no more."""
    return item.window if operator.whole else item.window.grown(guard_for(2 * operator.halo + 1))
