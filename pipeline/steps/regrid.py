"""regrid: a blurred image that has no sharp one, on the pixels and in the unit of a model of real pairs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ClearfieldError
from pipeline.fill import fill_masked
from pipeline.formats import FormatError, write_image
from pipeline.formats.fits import with_finer_pixels
from pipeline.image import Image, Pixels
from pipeline.measures.noise import NoiseEstimateError, white_noise_sigma
from pipeline.model_file import read_model
from pipeline.pairing.grids import by_affine
from pipeline.pairing.resampling import Resampler
from pipeline.steps.image_output import refuse_output
from pipeline.steps.operator_words import noise_levels
from pipeline.steps.user_image import MaskWords, open_user_image
from pipeline.windowed import noise_of

log = logging.getLogger("clearfield")


class RegridError(ClearfieldError):
    """An image that need not, or cannot, be brought to a model's pixels."""


def regrid(model: Path, images: Sequence[Path], out: Path, noise: str | None = None, overwrite: bool = False) -> None:
    """Write an image as ``apply`` takes it, with its noise in the extension SIGMA and its mask in MASK.

    Parameters
    ----------
    model : path
        Of a study with pairs: its card says how wide the pixels of the sharp images are in the blurred ones', and what
        the unit of the one is in the other's.
    images : sequence of path
        One file, or one per band, of the instrument of the blurred images.
    out : path
        FITS.
    noise : str, optional
        Standard deviation in the unit of the image, for all bands or one per band; by default its noise map, where the
        study's blurred files have one, or as measured on its background, before neighbours come to share it.
    overwrite : bool
        Write over a file that is there, unless it is an input.

    Raises
    ------
    RegridError, ModelFileError, UserImageError, FormatError, OutputError, OperatorError, NoiseEstimateError
        One line: the file, what was found, what is allowed.
    """
    card = read_model(model).card
    if "pairs" not in card:
        raise RegridError(f"{model}: restores images as they are, since its study had no pairs; give them to `apply`")
    pairs = card["pairs"]
    with ExitStack() as opened:
        user = open_user_image(images, MaskWords(None, None), card | {"reading": pairs["reading"]}, opened)
        refuse_output(out, user.image, [model, *user.files], overwrite)
        blurred = user.image.part(user.image.area)
    blurred = replace(blurred, header=user.image.header, sigma=_noise(blurred, noise, str(images[0])))
    fine = blurred if pairs["one_grid"] else _finer(blurred, pairs["per_pixel"], str(images[0]))
    scaled = _in_unit_of(card, fine)
    write_image(out, scaled, scaled.sigma, history=_history(card, images))
    log.info("regrid: %d x %d px in %s; %s", *scaled.shape[-2:], scaled.unit, _next(model, out))


def _noise(image: Image, given: str | None, source: str) -> Pixels:
    if given is not None:
        told = noise_levels(given, image.bands)
        if told is None:
            raise RegridError(f"--noise {given}: is no number; one in the unit of the image is needed")
        levels = told
    elif image.sigma is not None:
        return image.sigma
    else:
        try:
            levels = [white_noise_sigma(plane, mask) for plane, mask in zip(image.pixels, image.mask)]
        except NoiseEstimateError as error:
            raise NoiseEstimateError(f"{source}: {error}; give --noise") from None
    return np.broadcast_to(np.array(levels, np.float32)[:, None, None], image.shape).copy()


def _finer(image: Image, per_pixel: float, source: str) -> Image:
    """An image on finer pixels, which begin where its own do."""
    height, width = (int(length / per_pixel) for length in image.shape[-2:])
    # Pixel i of the finer ones has its middle at (i + 1/2) per_pixel of the others' widths.
    grids = by_affine(per_pixel * np.eye(2), np.full(2, (per_pixel - 1) / 2))
    pixels, mask, sigma = Resampler(image.pixels, image.mask, noise_of(image)).on(grids, height, width)
    try:
        header = with_finer_pixels(image.header or "", per_pixel)
    except FormatError as error:
        raise FormatError(f"{source}: {error}") from None
    scale = None if image.pixel_scale is None else image.pixel_scale * per_pixel
    return replace(image, pixels=fill_masked(pixels, mask), mask=mask, sigma=sigma, header=header, pixel_scale=scale)


def _in_unit_of(card: dict[str, Any], image: Image) -> Image:
    gain, level = (np.array(card["pairs"][name], np.float32)[:, None, None] for name in ("gain", "level"))
    return replace(image, pixels=(image.pixels - level) / gain, sigma=noise_of(image) / gain, unit=card["unit"])


def _history(card: dict[str, Any], images: Sequence[Path]) -> list[str]:
    pairs = card["pairs"]
    scales = zip(card["bands"], pairs["gain"], pairs["level"])
    gains = ", ".join(f"{band} {gain:.5g} x + {level:.4g}" for band, gain, level in scales)
    version = card["versions"].get("clearfield", "")
    return [
        f"Clearfield {version} regrid of {images[0].name} for models of {card['study']}",
        f"pixels {pairs['per_pixel']:.5g} times as wide, by cubic convolution (Keys 1981); neighbours share noise",
        f"values were {gains} of these, in {pairs['unit']}",
    ]


def _next(model: Path, out: Path) -> str:
    return (
        f"now: clearfield apply {model} {out} -o RESTORED.fits --psf model --noise '{out}[SIGMA]' --mask '{out}[MASK]'"
    )
