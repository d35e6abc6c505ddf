"""degrade: what the instrument would have seen of every image, under one condition."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipeline.bands_of_sky import measured_apart
from pipeline.config import Condition, ScanCondition, Study
from pipeline.fill import fill_masked
from pipeline.image import Image
from pipeline.measures.sky import SkyError, sky_level_and_sigma
from pipeline.observation import Observation, write_observations
from pipeline.physics import galaxygan
from pipeline.physics.blur import Blur
from pipeline.physics.conditions import Stamp, operator_for
from pipeline.physics.defects import damage
from pipeline.physics.lost_light import NOTED_LOSS, lost_light
from pipeline.physics.noise import Noise, addressed_generator
from pipeline.progress import progress
from pipeline.steps.instrument import finest, read_stamp
from pipeline.steps.scan_slice import scan_slice
from pipeline.store import read_images
from pipeline.tiling import Window, whole
from pipeline.windowed import WindowedImage

log = logging.getLogger("clearfield")


def degrade(images: Path, study: Study, condition: str, out: Path) -> None:
    """Write one Observation per image of ``images`` (``images.h5``) to ``out``.

    Noise and defects of an image depend on the study's seed, the image's id, the condition and the band, and on nothing
    else, so any subset, order or number of workers gives the same pixels.
    """
    scales = set[float | None]()
    with read_images(images) as scenes, write_observations(out, condition=condition) as observations:
        stamp = read_stamp(study, scenes.image(scenes.ids[0], Window(0, 0, 1, 1)).bands)
        for scene in progress(scenes, f"degrade {condition}", len(scenes), "image"):
            parts = measured_apart(whole(*scene.shape[-2:]), len(scenes), study.split)
            observations.append(observe(scene, study, condition, stamp, parts))
            scales.add(scene.pixel_scale)
        log.info("degrade %s: %d images", condition, len(scenes))
    blurs = [c.psf for c in study.blurs if c.name == condition]
    lost = max((lost_light(psf, study.images, finest(study, scales), stamp) for psf in blurs), default=0)
    if lost > NOTED_LOSS:
        log.info(
            "degrade %s: %.2g%% of the PSF's light lies beyond its stamp; the rest is scaled up", condition, 100 * lost
        )


def observe(
    scene: Image, study: Study, condition: str, stamp: Stamp | None, parts: Sequence[Window] = ()
) -> Observation:
    """Look at one scene through the instrument of a condition; what its detector loses is masked.

    Parameters
    ----------
    scene : Image
        The truth.
    study : Study
    condition : str
    stamp : Stamp, optional
        For a PSF from a file.
    parts : sequence of Window
        What the scene consists of; by default the whole is one. Holes are filled within each, and noise that is a ratio
        goes by each one's own sky; the noise of the operator is then that of the first part.

    Raises
    ------
    SkyError
        If the noise is a ratio, and a part has no sky that can be measured.
    """
    settings, area = study.condition(condition), whole(*scene.shape[-2:])
    if isinstance(settings, ScanCondition):
        return scan_slice(scene, study, settings)
    # Filled before anything else, so that no placeholder is spread over the sky around it.
    scene = _filled(scene, parts or [area])
    apart = parts if parts and settings.noise.ratio else [area]
    operators = {part: _operator(scene, part, settings, study, stamp) for part in apart}
    operator = operators[apart[0]]
    clean = operator.forward(torch.from_numpy(scene.pixels)[None])
    noises = {part: operators[part].noise for part in apart}
    background = None if scene.background is None else torch.from_numpy(scene.background)
    data = _noisy(clean, noises, background, [(study.seed, scene.id, condition, band) for band in scene.bands])
    mask = scene.mask
    if study.degrade.defects.any:
        address = (study.seed, scene.id, condition, "defects")
        sigma = _by_part(noises, lambda noise, here: noise.sigma(clean[here], _of(background, here)), clean)
        data, lost = damage(data, sigma, study.degrade.defects, [address], scene.bands)
        mask = mask | lost[0].numpy()
    if study.degrade.protocol == "galaxygan":
        data = galaxygan.clip(data)
    # Nobody knows the light without its noise, so its photon noise is told as far as the data themselves tell it.
    untrusted = torch.from_numpy(mask)[None]
    sigma = _by_part(
        noises, lambda noise, here: noise.told_sigma(data[here], untrusted[here], _of(background, here)), clean
    )
    preview = replace(scene.with_pixels(data[0].numpy()), mask=mask, sigma=sigma[0].contiguous().numpy())
    return Observation(preview, operator)


def _filled(scene: Image, parts: Sequence[Window]) -> Image:
    pixels = np.empty_like(scene.pixels)
    for part in parts:
        here = (..., *part.slices)
        pixels[here] = fill_masked(scene.pixels[here], scene.mask[here])
    return scene.with_pixels(pixels)


def _operator(scene: Image, part: Window, settings: Condition, study: Study, stamp: Stamp | None) -> Blur:
    here = WindowedImage.of(scene).part(part)
    sky_sigma = _sky_sigma(here, part) if settings.noise.ratio else ()
    return operator_for(here, settings, study.degrade, study.images, stamp, sky_sigma)


def _sky_sigma(scene: Image, place: Window) -> list[float]:
    try:
        return [sky_level_and_sigma(plane[~masked])[1] for plane, masked in zip(scene.pixels, scene.mask)]
    except SkyError as error:
        raise SkyError(f"{scene.id}, {place.in_words}: {error}") from None


def _of(background: Tensor | None, here: tuple) -> Tensor | None:
    return None if background is None else background[here]


def _noisy(clean: Tensor, noises: dict[Window, Noise], background: Tensor | None, addresses: Sequence[tuple]) -> Tensor:
    """Data with the noise of each part, drawn by its band's address and, where there are several, its place."""
    data = torch.empty_like(clean)
    for part, noise in noises.items():
        here, place = (..., *part.slices), (part.y0, part.x0) if len(noises) > 1 else ()
        generators = [addressed_generator(*address, *place) for address in addresses]
        data[here] = noise.draw(clean[here], generators, _of(background, here))
    return data


def _by_part(noises: dict[Window, Noise], found: Callable[[Noise, tuple], Tensor], like: Tensor) -> Tensor:
    """What each part has by its own noise, ``found(noise, index)``, in one tensor of the shape of another."""
    values = torch.empty_like(like)
    for part, noise in noises.items():
        here = (..., *part.slices)
        values[here] = found(noise, here)
    return values
