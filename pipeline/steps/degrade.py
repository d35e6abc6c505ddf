"""degrade: what the instrument would have seen of every image, under one condition."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import torch

from pipeline.config import Study
from pipeline.fill import fill_masked
from pipeline.image import Image
from pipeline.measures.sky import SkyError, sky_level_and_sigma
from pipeline.observation import Observation, write_observations
from pipeline.physics import galaxygan
from pipeline.physics.conditions import Stamp, operator_for
from pipeline.physics.defects import damage
from pipeline.physics.lost_light import NOTED_LOSS, lost_light
from pipeline.physics.noise import addressed_generator
from pipeline.progress import progress
from pipeline.steps.instrument import finest, read_stamp
from pipeline.store import read_images

log = logging.getLogger("clearfield")


def degrade(images: Path, study: Study, condition: str, out: Path) -> None:
    """Write one Observation per image of ``images`` (``images.h5``) to ``out``.

    Noise and defects of an image depend on the study's seed, the image's id, the condition and the band, and on nothing
    else, so any subset, order or number of workers gives the same pixels.
    """
    stamp, scales = read_stamp(study), set[float | None]()
    with read_images(images) as scenes, write_observations(out, condition=condition) as observations:
        for scene in progress(scenes, f"degrade {condition}", len(scenes), "image"):
            observations.append(observe(scene, study, condition, stamp))
            scales.add(scene.pixel_scale)
        log.info("degrade %s: %d images", condition, len(scenes))
    lost = lost_light(study.condition(condition).psf, study.images, finest(study, scales), stamp)
    if lost > NOTED_LOSS:
        log.info(
            "degrade %s: %.2g%% of the PSF's light lies beyond its stamp; the rest is scaled up", condition, 100 * lost
        )


def observe(scene: Image, study: Study, condition: str, stamp: Stamp | None) -> Observation:
    """Look at one scene through the instrument of a condition; what its detector loses is masked."""
    settings = study.condition(condition)
    # Filled before anything else, so that no placeholder is spread over the sky around it.
    scene = scene.with_pixels(fill_masked(scene.pixels, scene.mask))
    sky_sigma = _sky_sigma(scene) if settings.noise.ratio else ()
    operator = operator_for(scene, settings, study.degrade, study.images, stamp, sky_sigma)
    truth = torch.from_numpy(scene.pixels)[None]
    clean = operator.forward(truth)
    generators = [addressed_generator(study.seed, scene.id, condition, band) for band in scene.bands]
    data = operator.noise.draw(clean, generators)
    sigma, mask = operator.noise.sigma(clean), scene.mask
    if study.degrade.defects.any:
        address = (study.seed, scene.id, condition, "defects")
        data, lost = damage(data, sigma, study.degrade.defects, [address], scene.bands)
        mask = mask | lost[0].numpy()
    if study.degrade.protocol == "galaxygan":
        data = galaxygan.clip(data)
    preview = replace(scene.with_pixels(data[0].numpy()), mask=mask, sigma=sigma[0].contiguous().numpy())
    return Observation(preview, operator)


def _sky_sigma(scene: Image) -> list[float]:
    try:
        return [sky_level_and_sigma(plane[~masked])[1] for plane, masked in zip(scene.pixels, scene.mask)]
    except SkyError as error:
        raise SkyError(f"{scene.id}: {error}") from None
