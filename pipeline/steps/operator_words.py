"""The words in which a user tells of an instrument, such as ``--psf 3px --noise auto``, and what they mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipeline.config import Images, Width, parse_width
from pipeline.errors import ClearfieldError
from pipeline.formats.bands import planes_for
from pipeline.formats.checks import ExtensionError, refuse_other_shape
from pipeline.formats.fits import file_and_extension, open_fits, read_psf
from pipeline.image import UNKNOWN, Pixels
from pipeline.measures.median import median_of_parts
from pipeline.measures.noise import NoiseEstimateError, white_noise_of_strips
from pipeline.physics.blur import Blur
from pipeline.physics.conditions import psf_from_stamp
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import Profile, PSFError, draw_psf
from pipeline.tiling import Window
from pipeline.windowed import Plane, WindowedImage

KEYS = ("psf", "noise", "psf_scale")
"""What the general form ``--operator key=value,...`` knows."""
PSF_WORDS = "a FITS file or FILE[EXT], a width such as 3px or 1.4as, or the word model"
NOISE_WORDS = (
    "a number above 0 (or one per band with commas, in the model's order), "
    "a FITS map such as map.fits or image.fits[ERR], or auto"
)


class OperatorError(ClearfieldError):
    """Words that tell of no instrument, or of one that the model was not trained for."""


@dataclass(frozen=True)
class OperatorWords:
    """What a user said of the instrument.

    Parameters
    ----------
    psf : str, optional
        Path of a FITS file, a width, or ``model``.
    noise : str
        A number or one per band, path of a FITS map, or ``auto``.
    psf_scale : Width, optional
        Width of a pixel of the PSF's file, in arcsec or in pixels of the image, in place of what its header says.
    """

    psf: str | None = None
    noise: str = "auto"
    psf_scale: Width | None = None

    @property
    def files(self) -> list[Path]:
        """The files that are named, as far as they are there."""
        named = [file_and_extension(word)[0] for word in (self.psf or "", self.noise)]
        return [path for path in named if path.is_file()]


@dataclass(frozen=True, eq=False)
class NoiseMap:
    """Standard deviation of the noise at each pixel, in the unit of the image.

    Parameters
    ----------
    read : callable
        ``read(band, window)`` gives the noise, and a mask that is True where there is none.
    level : tuple of float
        Median of each band, by which a restorer chooses its filter.
    estimated : bool
        Whether it was measured on the image itself.
    flat : bool
        Whether it is the same everywhere in a band.
    """

    read: Callable[[int, Window], Plane]
    level: tuple[float, ...]
    estimated: bool = False
    flat: bool = True


@dataclass(frozen=True, eq=False)
class Instrument:
    """What the words mean for one image."""

    words: OperatorWords
    operator: Blur
    noise: NoiseMap

    def psf_in_words(self, bands: Sequence[str]) -> str:
        """Width and wings of the PSF, of each band where they differ."""
        fwhm, r80 = (_of_bands(bands, values) for values in self.operator.descriptors().values())
        return f"FWHM {fwhm} px, 80% of the light within {r80} px"

    def levels_in_words(self, bands: Sequence[str]) -> str:
        """The noise of each band."""
        return ", ".join(f"{band} {level:.3g}" for band, level in zip(bands, self.noise.level))


def operator_words(psf: str | None, noise: str | None, general: str | None) -> OperatorWords:
    """Put ``--psf``, ``--noise`` and ``--operator key=value,...`` together.

    Raises
    ------
    OperatorError
        If a key is unknown, is given twice, or has no value.
    """
    found = {name: value for name, value in (("psf", psf), ("noise", noise)) if value is not None}
    key = None
    for part in general.split(",") if general else ():
        name, equals, value = part.partition("=")
        if not equals and key is not None:
            found[key] += f",{part}"  # a list of numbers, one per band
            continue
        key = name.strip()
        if key not in KEYS or not value.strip():
            raise OperatorError(f"--operator {part!r}: key=value is needed, and the keys are {', '.join(KEYS)}")
        if key in found:
            raise OperatorError(f"--operator {part!r}: {key} is given twice; once is enough")
        found[key] = value.strip()
    return OperatorWords(found.get("psf"), found.get("noise", "auto"), _scale(found.get("psf_scale")))


@contextmanager
def instrument_from_words(words: OperatorWords, image: WindowedImage, card: dict[str, Any]) -> Iterator[Instrument]:
    """The instrument that took an image, as long as the file of its noise is open.

    Parameters
    ----------
    words : OperatorWords
    image : WindowedImage
        For its bands, its pixel scale and, where the noise is to be estimated, its background.
    card : dict
        The model's: a width alone takes the profile that the model was trained for.

    Raises
    ------
    OperatorError
        If no PSF is given, or PSF or noise cannot be one or do not fit the image.
    FormatError
        If a file cannot be read.
    NoiseEstimateError
        If ``auto`` finds no noise on the background.
    """
    psf = _psf(words, image, card)
    with ExitStack() as opened:
        noise = _noise(words.noise, image, opened)
        yield Instrument(words, Blur(psf, GaussianNoise(noise.level)), noise)


def _psf(words: OperatorWords, image: WindowedImage, card: dict[str, Any]) -> Tensor:
    if words.psf is None:
        raise OperatorError(f"--psf is missing; it takes {PSF_WORDS}")
    if words.psf == "model":
        _refuse_scale(words)
        return _psf_of_model(card)
    try:
        width = parse_width(words.psf)
    except ValueError:
        return _psf_of_file(words, image)
    _refuse_scale(words)
    try:
        shape = card["instrument"]["psf"]
        profile: Profile = "gaussian" if shape["profile"] == "file" else shape["profile"]
        kernel = draw_psf(profile, _in_pixels(width, image), shape["beta"], shape["obscuration"])
    except PSFError as error:
        raise OperatorError(f"--psf {words.psf}: {error}") from None
    return kernel.expand(image.shape[0], -1, -1).contiguous()


def _of_bands(bands: Sequence[str], values: Sequence[float]) -> str:
    if len(set(values)) == 1:
        return f"{values[0]:.4g}"
    return ", ".join(f"{band} {value:.4g}" for band, value in zip(bands, values))


def _refuse_scale(words: OperatorWords) -> None:
    if words.psf_scale is not None:
        scale = f"--operator psf_scale={words.psf_scale}"
        raise OperatorError(f"{scale}: is for a PSF from a file, and --psf {words.psf} is none; leave it out")


def _noise(word: str, image: WindowedImage, opened: ExitStack) -> NoiseMap:
    if word == "auto":
        return _estimated(image)
    levels = noise_levels(word, image.bands)
    return _mapped(word, image, opened) if levels is None else _flat(levels)


def noise_levels(word: str, bands: Sequence[str]) -> list[float] | None:
    """Standard deviations, one per band, where a word is a number or some with commas; None where it is none.

    Raises
    ------
    OperatorError
        If there are neither one nor as many as bands, or one is no finite number above 0.
    """
    parts = word.split(",")
    try:
        levels = [float(part) for part in parts]
    except ValueError:
        return None
    if len(levels) not in (1, len(bands)):
        raise OperatorError(
            f"--noise {word}: {len(levels)} levels for {len(bands)} bands "
            f"({', '.join(bands)}); one for all is needed, or one for each"
        )
    wrong = [part for part, level in zip(parts, levels) if not 0 < level < float("inf")]
    if wrong:
        raise OperatorError(f"--noise {wrong[0]}: no standard deviation of noise; it takes {NOISE_WORDS}")
    return levels if len(levels) > 1 else levels * len(bands)


def _psf_of_model(card: dict[str, Any]) -> Tensor:
    if card["psf"] is None:
        low, high = card["range"]["fwhm_px"]
        raise OperatorError(
            f"--psf model: the model was trained for many PSFs, of FWHM {low:.3g} to {high:.3g} px; "
            "say which, such as --psf 3px, or give a FITS file"
        )
    return torch.tensor(card["psf"])


def _psf_of_file(words: OperatorWords, image: WindowedImage) -> Tensor:
    path = Path(words.psf or "")
    if not file_and_extension(path)[0].is_file():
        raise OperatorError(f"--psf {words.psf}: neither a file nor a width above 0; it takes {PSF_WORDS}")
    stamp, scale = read_psf(path, image.bands, image.planes)
    known, bands = image.pixel_scale, image.shape[0]
    try:
        if words.psf_scale is not None:
            return psf_from_stamp((stamp, _in_pixels(words.psf_scale, image)), bands, 1.0)
        if (scale is None) != (known is None):
            unknown = "PSF" if scale is None else "image"
            raise OperatorError(
                f"{path}: the pixel scale of the {unknown} is not known, so the PSF cannot be resampled; give the "
                "PSF's, as --operator psf_scale=0.05as, or psf_scale=1px where it is that of the image"
            )
        return psf_from_stamp((stamp, scale), bands, known)
    except PSFError as error:
        raise OperatorError(f"{path}: {error}") from None


def _in_pixels(width: Width, image: WindowedImage) -> float:
    if width.unit == "as" and image.pixel_scale is None:
        raise OperatorError(f"{image.id}: does not say how wide a pixel is, so {width} has no meaning; give it in px")
    return width.in_pixels(image.pixel_scale)


def _scale(text: str | None) -> Width | None:
    try:
        return parse_width(text) if text is not None else None
    except ValueError as error:
        raise OperatorError(f"--operator psf_scale={text}: {error}") from None


def _estimated(image: WindowedImage) -> NoiseMap:
    levels = []
    for number, band in enumerate(image.bands):
        try:
            levels.append(white_noise_of_strips(partial(image.strips, number, overlap=1)))
        except NoiseEstimateError as error:
            raise NoiseEstimateError(f"{image.id}: band {band}: {error}; say how much there is by --noise") from None
    return _flat(levels, estimated=True)


def _flat(levels: Sequence[float], estimated: bool = False) -> NoiseMap:
    single = np.array(levels, np.float32)

    def read(band: int, window: Window) -> Plane:
        sigma = np.full((window.height, window.width), single[band])
        mask = np.zeros(sigma.shape, bool)
        return Plane(sigma, mask)

    return NoiseMap(read, tuple(float(level) for level in single), estimated)


def _mapped(word: str, image: WindowedImage, opened: ExitStack) -> NoiseMap:
    path, extension = file_and_extension(word)
    if not path.is_file():
        raise OperatorError(f"--noise {word}: neither a file nor a number; it takes {NOISE_WORDS}")
    if extension is None and Path(image.id).is_file() and path.samefile(image.id):
        raise OperatorError(f"--noise {word}: is the image itself; say which part holds the noise, as {path.name}[ERR]")
    try:
        found = opened.enter_context(open_fits(path, Images(science=extension)))
    except ExtensionError as error:
        raise OperatorError(f"--noise {word}: {error.found}; name the one that holds the noise") from None
    refuse_other_shape(path, found.shape, image.id, image.shape)
    if found.unit not in (UNKNOWN, image.unit):
        raise OperatorError(f"{path}: in {found.unit}, but the image is in {image.unit}; the noise needs the same unit")
    order = planes_for(path, len(found.bands), found.planes, image.bands, image.planes)
    lowest = min(float(plane.pixels.min()) for number in set(order) for plane in found.strips(number))
    if lowest < 0:
        raise OperatorError(f"{path}: noise of {lowest:.4g}; standard deviations above 0 are needed")
    levels = []
    for number, band in zip(order, image.bands):
        level = median_of_parts(partial(_given, found, number))
        if math.isnan(level):
            raise OperatorError(f"{path}: no noise above 0 in band {band}; standard deviations above 0 are needed")
        levels.append(np.float32(level))

    def read(band: int, window: Window) -> Plane:
        sigma, mask, _ = found.read(order[band], window)
        without = mask | (sigma == 0)
        return Plane(np.where(without, levels[band], sigma), without)

    return NoiseMap(read, tuple(float(level) for level in levels), flat=False)


def _given(found: WindowedImage, number: int) -> Iterator[Pixels]:
    return (plane.pixels[~plane.mask & (plane.pixels != 0)] for plane in found.strips(number))
