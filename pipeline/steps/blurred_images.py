"""The blurred images of a study's pairs, each brought onto the pixels of its sharp one, with noise, mask and PSF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.config import Pairs, Study
from pipeline.datasets import Dataset, DatasetError, open_dataset
from pipeline.fill import fill_masked
from pipeline.formats.fits import wcs_of
from pipeline.formats.psf_field import PsfField, read_psf_field
from pipeline.image import UNKNOWN, Image, Pixels
from pipeline.measures.sky import SkyError, sky_level_and_sigma
from pipeline.observation import Observation
from pipeline.pairing.grids import SAME, Grids, PairError, by_wcs, per_pixel, read_affine, refuse_finer
from pipeline.pairing.interpolated_psf import interpolated_psf, turned
from pipeline.pairing.resampling import Resampler
from pipeline.physics.blur import Blur
from pipeline.physics.conditions import psf_for
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import PSFError, padded_psfs, resampled_psf
from pipeline.steps.instrument import read_stamp
from pipeline.windowed import noise_of


class BlurredImages:
    """The blurred images of a study's pairs, each seen on the pixels of its sharp one.

    Parameters
    ----------
    study : Study
        With pairs.
    ids : sequence of str
        Of the sharp images.
    bands : tuple of str
        Theirs.

    Raises
    ------
    DatasetError
        If a sharp image has no blurred one.
    """

    def __init__(self, study: Study, ids: list[str], bands: tuple[str, ...]) -> None:
        self._study, self._pairs, self._bands = study, pairs_of(study), bands
        settings = self._pairs.blurred_files.as_images
        self._dataset = open_dataset(
            settings.model_copy(update={"path": self._pairs.blurred, "bands": study.images.bands})
        )
        _refuse_missing(self._dataset, ids, self._pairs)
        self.unit, self.one_grid = UNKNOWN, self._pairs.register_by == "none"
        self._transforms = {} if self._pairs.affine is None else read_affine(self._pairs.affine)
        self._field = None if self._pairs.stamps is None else read_psf_field(self._pairs.stamps, bands)
        self._stamp = None if self._field else read_stamp(study, bands)

    def seen_as(self, sharp: Image) -> tuple[Observation, NDArray[np.float64] | None, float]:
        """The blurred image of a sharp one on its pixels.

        Returns
        -------
        Observation
        places : array or None
            Where each of its PSFs holds, if there are several.
        width : float
            Of the sharp image's pixels in those of the blurred one.
        """
        blurred = self._dataset.read(sharp.id)
        if len(blurred.bands) != len(sharp.bands):
            raise PairError(
                f"{self._source(sharp)}: {len(blurred.bands)} bands, and the sharp image has {len(sharp.bands)}; the "
                "images of a pair must have the same"
            )
        grids = self._grids(sharp, blurred)
        jacobian = grids.jacobian(*sharp.shape[-2:])
        width, self.unit = refuse_finer(jacobian, self._source(sharp)), blurred.unit
        preview = self._on_the_pixels_of(sharp, blurred, grids)
        noise = _level_of(preview)
        if self._field is None:
            psf = psf_for(
                self._study.blurs[0].psf, self._study.images, len(sharp.bands), sharp.pixel_scale, self._stamp
            )
            return Observation(preview, Blur(psf if grids.one else interpolated_psf(psf, jacobian), noise)), None, width
        places, psfs = self._psfs(sharp, grids, jacobian, self._field)
        return Observation(preview, Blur(psfs, noise)), places, width

    def _source(self, sharp: Image) -> str:
        return self._dataset.sources[sharp.id]

    def _grids(self, sharp: Image, blurred: Image) -> Grids:
        if self._pairs.register_by == "none":
            if sharp.shape != blurred.shape:
                raise PairError(
                    f"{self._source(sharp)}: of shape {blurred.shape}, and the sharp image of {sharp.shape}; with "
                    "pairs.register_by none they must be alike: take wcs or affine"
                )
            return SAME
        if self._pairs.register_by == "affine":
            if sharp.id not in self._transforms:
                raise PairError(f"{self._pairs.affine}: no line for {sharp.id}; one for each image is needed")
            return self._transforms[sharp.id]
        skies = wcs_of(sharp), wcs_of(blurred)
        if skies[0] is None or skies[1] is None:
            which = f"the sharp image {sharp.id}" if skies[0] is None else self._source(sharp)
            raise PairError(f"{which}: no WCS that says where it lies; set pairs.register_by to affine or none")
        return by_wcs(*skies)

    def _on_the_pixels_of(self, sharp: Image, blurred: Image, grids: Grids) -> Image:
        sigma = blurred.sigma if blurred.sigma is not None else self._sky_noise(blurred)
        pixels, mask = blurred.pixels, blurred.mask
        if not grids.one:
            try:
                pixels, mask, sigma = Resampler(pixels, mask, sigma).on(grids, *sharp.shape[-2:])
            except Exception as error:  # astropy names no common base of what a distortion may raise
                raise PairError(f"{self._source(sharp)}: {error}; see its WCS") from None
        if mask.all():
            raise PairError(f"{self._source(sharp)}: covers no pixel of the sharp image; see pairs.register_by")
        return replace(
            sharp,
            pixels=fill_masked(pixels, mask),
            mask=mask,
            sigma=np.where(mask, np.float32(sigma[~mask].max()), sigma),
            unit=blurred.unit,
            background=None,
        )

    def _sky_noise(self, blurred: Image) -> Pixels:
        try:
            levels = [sky_level_and_sigma(plane[~lost])[1] for plane, lost in zip(blurred.pixels, blurred.mask)]
        except SkyError as error:
            raise SkyError(f"{self._dataset.sources[blurred.id]}: {error}; name pairs.blurred_files.noise") from None
        return np.broadcast_to(np.array(levels, np.float32)[:, None, None], blurred.shape).copy()

    def _psfs(
        self, sharp: Image, grids: Grids, jacobian: NDArray[np.float64], field: PsfField
    ) -> tuple[NDArray[np.float64], torch.Tensor]:
        """Where the PSFs of an image hold, by its own rows and columns, and the PSFs on its pixels."""
        coarse = 1 / per_pixel(jacobian)
        scale = field.pixels or 1.0
        if field.arcsec is not None and sharp.pixel_scale is not None:
            scale = field.arcsec / sharp.pixel_scale / coarse
        kernels = []
        for stamps in field.stamps:
            try:
                planes = [resampled_psf(plane, scale * coarse, 1.0) for plane in turned(stamps, jacobian)]
            except PSFError as error:
                raise PSFError(f"{self._pairs.stamps}: {error}") from None
            kernels.append(padded_psfs(planes).expand(len(sharp.bands), -1, -1))
        psfs = padded_psfs(kernels)
        # The way back, straight as in the middle: which of the stamps is nearest is all that is asked.
        middle = (np.array(sharp.shape[-2:]) - 1) / 2
        places = middle + (field.places - grids.to_blurred(middle)) @ np.linalg.inv(jacobian).T
        return places, psfs if grids.one else interpolated_psf(psfs, jacobian)


def _level_of(preview: Image) -> GaussianNoise:
    """The noise as one number per band, though it differs with where a pixel lies between the blurred image's."""
    planes = zip(noise_of(preview), preview.mask)
    return GaussianNoise(tuple(float(np.median(plane if lost.all() else plane[~lost])) for plane, lost in planes))


def pairs_of(study: Study) -> Pairs:
    """The pairs of a study.

    Raises
    ------
    PairError
        If it has none.
    """
    if study.pairs is None:
        raise PairError(f"the study {study.study} has no pairs; its data are made by `degrade`")
    return study.pairs


def _refuse_missing(dataset: Dataset, ids: Iterable[str], pairs: Pairs) -> None:
    for id in ids:
        if id not in dataset.sources:
            missing = pairs.blurred.replace("{id}", id)
            raise DatasetError(f"{missing}: no such file; it is needed beside the sharp image {id}, or remove that")
