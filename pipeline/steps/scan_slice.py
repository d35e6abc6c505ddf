"""A slice in a scanner: the data that it would have given, and the image that is made of these at once."""

from __future__ import annotations

from dataclasses import replace

import torch

from pipeline.config import ScanCondition, Study
from pipeline.errors import ClearfieldError
from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.noise import addressed_generator
from pipeline.physics.scanners import scanner_for


class ScanError(ClearfieldError):
    """A study whose slices cannot be scanned."""


def scan_slice(scene: Image, study: Study, condition: ScanCondition) -> Observation:
    """Scan one slice under a condition.

    Nothing attenuates less than air, and no magnitude is below 0: what is, and what is masked, is taken for nothing.

    Parameters
    ----------
    scene : Image
        The truth.
    study : Study
    condition : ScanCondition

    Returns
    -------
    Observation
        With the data, and as its preview the image that is made of them without any prior.

    Raises
    ------
    ScanError
        If the study has no scanner.
    ScannerError, SamplingError
        If the slice lacks what the scanner has to know, or has too few lines.
    """
    if study.degrade.scan is None:
        raise ScanError(f"the study {study.study} has no scanner; set degrade.ct or degrade.mri")
    slice = in_mm(scene, study)
    scanner = scanner_for(study.degrade.scan, slice)
    true = scanner.of(condition.scan, study.seed, scene.id, condition.name)
    body = torch.from_numpy(slice.pixels).clamp_min(0).masked_fill(torch.from_numpy(slice.mask), 0)
    generators = [addressed_generator(study.seed, scene.id, condition.name, band) for band in scene.bands]
    data, operator = true.noise.draw(true.forward(body[None]), generators), scanner.told(true)
    sigma = operator.preview_sigma(operator.noise.told_sigma(data))
    preview = replace(
        slice.with_pixels(operator.preview(data)[0].float().contiguous().numpy()),
        sigma=sigma[0].float().expand(slice.shape).contiguous().numpy(),
    )
    return Observation(preview, operator, data[0].float().contiguous().numpy())


def in_mm(scene: Image, study: Study) -> Image:
    """A slice with the width of its pixels as its file says it, or else as the study does."""
    return replace(scene, pixel_mm=scene.pixel_mm or study.images.pixel_mm)
