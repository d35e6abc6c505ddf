"""pair: what another instrument saw of every image, on the pixels of the sharp one: real data in place of degraded."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

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
from pipeline.observation import BLURRED, SCALES, FluxScale, Observation, nearest_psf, write_observations
from pipeline.pairing.flux_scale import FluxFit, fitted, sums_of
from pipeline.pairing.grids import SAME, Grids, PairError, by_wcs, per_pixel, read_affine, refuse_finer
from pipeline.pairing.interpolated_psf import interpolated_psf, turned
from pipeline.pairing.resampling import Resampler
from pipeline.physics.blur import Blur
from pipeline.physics.conditions import psf_for
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import PSFError, padded_psfs, resampled_psf
from pipeline.progress import progress
from pipeline.splits import FINAL, Item, items_of, read_splits
from pipeline.steps.instrument import read_stamp
from pipeline.store import read_images
from pipeline.tiling import Window, whole
from pipeline.windowed import WindowedImage, noise_of

log = logging.getLogger("clearfield")

UNEXPLAINED, UNLIKELY = 0.01, 1.1
"""What blurred images show, as a share of their variance, and the residual chi-square, from both of which on something
is wrong with the PSF, the registration or the noise."""

Sums = dict[tuple[str, Window], NDArray[np.float64]]


def pair(images: Path, splits: Path, study: Study, out: Path) -> None:
    """Write one Observation per image of ``images`` (``images.h5``) to ``out``: the blurred image of its pair.

    It is interpolated onto the sharp image's pixels, with the noise that it has there. It stays in its own unit; how
    each fold comes from that to the sharp images' is told by the fold's train role alone, and noted beside it.

    Raises
    ------
    DatasetError, FormatError, PSFError
        If a blurred image or a PSF is missing, or is not what it should be.
    PairError
        If the images of a pair do not show the same scene, or nothing says how they lie upon each other.
    """
    rows, sums, widths = read_splits(splits), Sums(), list[float]()
    with read_images(images) as scenes, write_observations(out, condition=study.conditions[0].name) as observations:
        first = scenes.image(scenes.ids[0], Window(0, 0, 1, 1))
        blurred = Blurred(study, scenes.ids, first.bands)
        for sharp in progress(scenes, "pair", len(scenes), "image"):
            observation, places, width = blurred.seen_as(sharp)
            observations.append(observation, places)
            widths.append(width)
            for window in {i.window for i in rows if i.image == sharp.id and i.role in ("train", "test")}:
                sums[sharp.id, window] = _sums(sharp, observation, places, window)
        fits = {str(fold): _fit(rows, fold, sums, study) for fold in (*range(study.split.folds), FINAL)}
        scales = {fold: asdict(FluxScale(first.unit, fit.gain, fit.level)) for fold, fit in fits.items()}
        known = {"unit": blurred.unit, "per_pixel": float(np.median(widths)), "one_grid": blurred.one_grid}
        observations.note(**{SCALES: scales, BLURRED: known})
        _tell(fits[FINAL], first.bands, len(scenes))


class Blurred:
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
        self._study, self._pairs, self._bands = study, _pairs_of(study), bands
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
                self._study.conditions[0].psf, self._study.images, len(sharp.bands), sharp.pixel_scale, self._stamp
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


def _pairs_of(study: Study) -> Pairs:
    if study.pairs is None:
        raise PairError(f"the study {study.study} has no pairs; its data are made by `degrade`")
    return study.pairs


def _refuse_missing(dataset: Dataset, ids: Iterable[str], pairs: Pairs) -> None:
    for id in ids:
        if id not in dataset.sources:
            missing = pairs.blurred.replace("{id}", id)
            raise DatasetError(f"{missing}: no such file; it is needed beside the sharp image {id}, or remove that")


def _sums(
    sharp: Image, observation: Observation, places: NDArray[np.float64] | None, window: Window
) -> NDArray[np.float64]:
    """What a fit of the flux scale needs of a window."""
    area = whole(*sharp.shape[-2:])
    operator: Blur = observation.operator  # type: ignore[assignment]
    if places is not None:
        operator = Blur(torch.from_numpy(nearest_psf(operator.psf.numpy(), places, window)), operator.noise)
    # What lies beyond the image's border, and shines into it, is not known.
    inner = window.clipped(area.grown(-operator.halo))
    window = inner if inner.height > 0 and inner.width > 0 else window
    grown = window.grown(operator.halo).clipped(area)
    here = (..., *grown.slices)
    scene, unknown = sharp.pixels[here], sharp.mask[here]
    model = operator.forward(torch.from_numpy(fill_masked(scene, unknown))[None])[0].numpy()
    core = (..., *window.relative_to(grown).slices)
    seen = WindowedImage.of(observation.preview).part(window)
    return sums_of(model[core], seen.pixels, noise_of(seen), seen.mask | unknown[core])


def _fit(rows: list[Item], fold: int | str, sums: Sums, study: Study) -> FluxFit:
    chosen = [i for i in rows if i.role == "test"] if fold == FINAL else items_of(rows, int(fold), "train")
    return fitted([sums[i.image, i.window] for i in chosen], _pairs_of(study).blurred)


def _tell(fit: FluxFit, bands: tuple[str, ...], count: int) -> None:
    words = [f"{band} {gain:.4g} x + {level:.3g}" for band, gain, level in zip(bands, fit.gain, fit.level)]
    log.info("pair: %d images; blurred = %s of sharp", count, ", ".join(words))
    for band, chi2, unexplained in zip(bands, fit.chi2, fit.unexplained):
        if unexplained > UNEXPLAINED and chi2 > UNLIKELY:
            log.warning(
                "pair: in band %s the sharp images, blurred by the PSF, miss the blurred ones by %.2g%% of what they "
                "show and by chi-square %.3g a pixel, where 1 is due: see pairs.psf, the registration, and the noise",
                band,
                100 * unexplained,
                chi2,
            )
