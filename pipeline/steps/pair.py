"""pair: what another instrument saw of every image, on the pixels of the sharp one: real data in place of degraded."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.config import Study
from pipeline.fill import fill_masked
from pipeline.image import Image
from pipeline.observation import BLURRED, SCALES, FluxScale, Observation, nearest_psf, write_observations
from pipeline.pairing.flux_scale import FluxFit, fitted, sums_of
from pipeline.physics.blur import Blur
from pipeline.progress import progress
from pipeline.splits import FINAL, Item, items_of, read_splits
from pipeline.steps.blurred_images import BlurredImages, pairs_of
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
        blurred = BlurredImages(study, scenes.ids, first.bands)
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
    return fitted([sums[i.image, i.window] for i in chosen], pairs_of(study).blurred)


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
