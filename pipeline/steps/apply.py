"""apply: a user's own image, restored by a model file; header, WCS, unit and bands are kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline import __version__
from pipeline.errors import ClearfieldError
from pipeline.formats import is_fits, write_image
from pipeline.image import UNKNOWN, Pixels
from pipeline.measures.plausibility import oddities
from pipeline.measures.residual import residual_chi2
from pipeline.model_file import Model, ModelFileError, read_model
from pipeline.physics.galaxygan import clip
from pipeline.restorers.contradiction import CONTRADICTED
from pipeline.restorers.data_consistency import corrections
from pipeline.restorers.network import NetworkRestorer
from pipeline.steps.image_output import refuse_output
from pipeline.steps.interval_planes import Planes, has_intervals, interval_planes, intervals_in_words
from pipeline.steps.model_scan import scan_of
from pipeline.steps.operator_words import Instrument, OperatorError, instrument_from_words, operator_words
from pipeline.steps.trained_range import beyond_range, brighter_than_trained
from pipeline.steps.user_image import MaskWords, UserImage, lit, open_user_image
from pipeline.store import Scratch, scratch
from pipeline.tiling import Window
from pipeline.windowed import Plane, WindowedImage

log = logging.getLogger("clearfield")

SCALE_TOLERANCE = 0.05
"""Pixels may be wider or narrower than those of the training by this share."""
PLAUSIBLE_CHI2 = (0.5, 2.0)
"""Outside, the restored image and the data do not belong together."""

KNOWN_TO = 0.01
"""Share of the light by which data may be off for want of a better PSF, before they contradict a restored image: a
width that is wrong by 2%, which passes for right, is off by 3% at the peak of a star."""


LOOKED_AT = 1024
"""Width in px of the middle of an image, where it is looked at for noise and light that are not as they should be."""


class Fit(NamedTuple):
    """How well a restored image explains the data."""

    network_chi2: float
    """Residual chi-square of what the network made."""
    chi2: float
    """That of the result."""
    contradicted: int
    """Data that contradicted the network, so that its image was corrected there."""
    corrected: bool
    """Whether it was to be corrected at all."""


class ApplyError(ClearfieldError):
    """An image that a model cannot restore."""


def apply(
    model: Path,
    images: Sequence[Path],
    out: Path,
    psf: str | None = None,
    noise: str | None = None,
    operator: str | None = None,
    force: bool = False,
    overwrite: bool = False,
    tile: int = 512,
    data_consistency: bool = True,
    mask: str | None = None,
    mask_bits: int | None = None,
) -> None:
    """Restore an image of any size with a model file.

    Everything is checked before the work begins, in the order model file, image, bands and unit, operator, output; the
    output is written aside and renamed. It says in HISTORY what was done, with which model, PSF and noise.

    FITS is read, restored and written by windows: memory does not grow with the image. Until the output is written, the
    restored pixels and their intervals lie in nameless files beside it, so that twice its size is needed on the disk.
    What is measured on the whole image (background, noise, residual) is measured part by part, once, and never for a
    tile alone.

    Parameters
    ----------
    model : path
        What ``publish`` or ``train`` wrote.
    images : sequence of path
        One file, or one FITS file per band in the order of the model's bands; in any order where BAND1 or FILTER of
        each names its band. Of FITS, ``FILE[EXT]`` takes an extension by name, ``NAME,VERSION`` or number; otherwise it
        is the study's, or SCI, or the first that holds an image.
    out : path
        FITS, where the model has intervals with that of every pixel, in the extensions ERR, LOWER95 and UPPER95; TIFF
        or PNG, without, for an image that came as a picture. Masked pixels hold the estimate from their neighbours,
        and the mask goes with them as the extension MASK.
    psf : str
        A FITS file or ``FILE[EXT]``, a width (``3px``, ``1.4as``) or ``model``. A cube of one stamp per band lies in
        the order of the image's planes as its files have them, unless it names its own by BAND1, BAND2, ...
    noise : str, optional
        Standard deviation in the unit of the image, for all bands or one per band with commas in the model's order; a
        FITS map, of one plane or of planes in an order as for ``psf``; or ``auto``, the default: measured on the
        background.
    operator : str, optional
        The general form of both: ``psf=3px,noise=auto``.
    force : bool
        Restore although PSF, noise or pixel scale are outside what the model was trained for.
    overwrite : bool
        Replace a file that is at ``out``; never the input.
    tile : int
        Width in px of what is restored at a time. Memory grows with it alone, results do not depend on it.
    data_consistency : bool
        Correct the result where the data contradict it; see :mod:`pipeline.restorers.data_consistency`.
    mask : str, optional
        Which pixels are not to be trusted: a FITS file, ``FILE[EXT]``, or an extension of the image's own files. By
        default the study's, where the file has it.
    mask_bits : int, optional
        Sum of the bits of the mask that flag a pixel; by default any value but 0 does.

    Raises
    ------
    ModelFileError, FormatError, UserImageError, ExtensionChoiceError, ApplyError, OperatorError, NoiseEstimateError,
    OutputError
        One line: the file, what was found, what is allowed.
    """
    restorer = _restorer(model, tile)
    card = restorer.model.card
    if scan_of(card) is not None:
        raise ApplyError(f"{model}: restores scans of slices; give it volumes, by `clearfield apply-volume`")
    with ExitStack() as opened:
        given = open_user_image(images, MaskWords(mask, mask_bits), card, opened)
        image = given.image
        _refuse_other_unit(image, given.files[0], card)
        other_pixels = _other_pixels(image, given.files[0], card)
        if other_pixels and not force:
            advice = "(5% more or less is allowed); resample it, or restore all the same with --force"
            raise ApplyError(f"{other_pixels[0]} {advice}")
        words = operator_words(psf, noise, operator)
        instrument = opened.enter_context(instrument_from_words(words, image, card))
        refused, noted = beyond_range(card, image, instrument)
        if refused and not force:
            raise OperatorError(f"{refused[0]}: take a model for it, or restore all the same with --force")
        refuse_output(out, image, [model, *given.files, *words.files], overwrite)

        seen = _observed(image, instrument, card)
        room = opened.enter_context(scratch(out, seen.shape))
        for window, pixels in restorer.restored_tiles(seen, instrument.operator):
            _refuse_endless(pixels, seen.id)
            room.write(window, pixels)
        restored = seen.changed(lambda band, window, plane: plane._replace(pixels=room.read(band, window)))
        fit = _fit(restored, seen, instrument, tile, room if data_consistency and not restorer.clipped else None)
        beyond = [*other_pixels, *refused, *noted, *brighter_than_trained(card, seen, restored)]
        beyond += _odd(seen, instrument, fit)
        history = _history(restorer.model, given, instrument, fit, beyond)
        result = restored if given.background is None else lit(restored, given.background)
        planes: Planes = {}
        if is_fits(out):
            history += intervals_in_words(restorer.model)
            planes = opened.enter_context(
                interval_planes(restorer.model, restored, seen, instrument.operator, given.background, out, tile)
            )
        write_image(out, result, mask=_is_masked(seen), history=history, planes=planes)
        _tell_of_intervals(restorer.model, out)
        _tell(restorer.model, out, given, instrument, fit, beyond)


def _restorer(path: Path, tile: int) -> NetworkRestorer:
    model = read_model(path)
    try:
        return NetworkRestorer(model, tile)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None


def _is_masked(image: WindowedImage) -> bool:
    return any(plane.mask.any() for band in range(len(image.bands)) for plane in image.strips(band))


def _refuse_other_unit(image: WindowedImage, source: Path, card: dict[str, Any]) -> None:
    if image.unit != card["unit"]:
        found = "names no unit (BUNIT)" if image.unit == UNKNOWN else f"in {image.unit}"
        raise ApplyError(f"{source}: {found}, but the model restores {card['unit']}; convert it, or set BUNIT")


def _other_pixels(image: WindowedImage, source: Path, card: dict[str, Any]) -> list[str]:
    """A sentence where pixels are wider or narrower than those of the training."""
    here, there = image.pixel_scale, card["pixel_scale"]
    if not here or not there or abs(here / there - 1) <= SCALE_TOLERANCE:
        return []
    return [f'{source}: pixels of {here:.4g}", but the model was trained on {there:.4g}"']


def _observed(image: WindowedImage, instrument: Instrument, card: dict[str, Any]) -> WindowedImage:
    """The image with the noise of the instrument, masked where there is none."""
    noise, trained = instrument.noise, card["instrument"]
    if noise.estimated and trained["noise"]["kind"] == "poisson":
        log.warning("the model knows noise that grows with the light, and auto is one level: better give --noise a map")
    clipped = trained["protocol"] == "galaxygan"

    def seen(band: int, window: Window, plane: Plane) -> Plane:
        sigma, without, _ = noise.read(band, window)
        # Clipping is a part of that protocol's instrument: the network has seen nothing else.
        return Plane(clip(plane.pixels) if clipped else plane.pixels, plane.mask | without, sigma)

    return image.changed(seen)


def _fit(restored: WindowedImage, seen: WindowedImage, instrument: Instrument, tile: int, room: Scratch | None) -> Fit:
    """How well a restored image explains the data, after it was corrected in its room if there is one."""
    chi2, contradicted = residual_chi2(restored, seen, instrument.operator, tile), 0
    if room is None:
        return Fit(chi2, chi2, 0, corrected=False)
    for correction in corrections(restored, seen, instrument.operator, KNOWN_TO, tile):
        pixels = restored.part(correction.window).pixels + correction.pixels
        _refuse_endless(pixels, seen.id)
        room.write(correction.window, pixels)
        contradicted += correction.contradicted
    after = residual_chi2(restored, seen, instrument.operator, tile) if contradicted else chi2
    return Fit(chi2, after, contradicted, corrected=True)


def _odd(seen: WindowedImage, instrument: Instrument, fit: Fit) -> list[str]:
    """What is odd about the data in the middle of an image, a sentence each; where chi-square says so, nothing more."""
    if not PLAUSIBLE_CHI2[0] <= fit.network_chi2 <= PLAUSIBLE_CHI2[1]:
        return []
    beyond = (max(length - LOOKED_AT, 0) for length in seen.shape[-2:])
    (top, height), (left, width) = ((b // 2, n - b) for b, n in zip(beyond, seen.shape[-2:]))
    middle = seen.part(Window(top, left, height, width))
    return [f"{seen.id}: {words}" for words in oddities(middle, instrument.operator)]


def _refuse_endless(pixels: Pixels, source: str) -> None:
    if not np.isfinite(pixels).all():
        raise ApplyError(f"{source}: so far from what the model was trained on that the result is not finite")


def _history(model: Model, given: UserImage, instrument: Instrument, fit: Fit, beyond: Sequence[str]) -> list[str]:
    card, words, image = model.card, instrument.words, given.image
    clipped = card["instrument"]["protocol"] == "galaxygan"
    origin, *read_besides = given.origin
    scale = f" of pixels of {words.psf_scale}" if words.psf_scale is not None else ""
    lines = [
        f"Restored by Clearfield {__version__} {origin}",
        *read_besides,
        *given.remarks,
        f"model {_name(model)} (study {card['study']}, fold {card['fold']})",
        f"psf {words.psf}{scale}: {instrument.psf_in_words(image.bands)}",
        f"noise {words.noise}: {instrument.levels_in_words(image.bands)} {image.unit}",
        f"residual chi-square {fit.chi2:.4g}",
    ]
    if fit.contradicted:
        lines.append(f"{_corrected(fit)}; its residual chi-square was {fit.network_chi2:.4g}")
        doubts = f"the noise as given, what grows with the light, and {KNOWN_TO:.0%} of it for want of a better PSF"
        lines.append(f"contradicted: by {CONTRADICTED:g} sigma or more of {doubts}")
    if not fit.corrected and not clipped:
        lines.append("--no-data-consistency: not corrected where the data contradict it")
    lines += [f"outside of what it was trained on: {sentence}" for sentence in beyond]
    if clipped:
        lines.append("clipped to the range of the protocol galaxygan before it was restored")
    if card["output"] in ("sharp", "sample"):
        lines.append(f"output {card['output']}: its finest texture is invented to look real, not measured")
    return lines


def _tell_of_intervals(model: Model, out: Path) -> None:
    if not has_intervals(model):
        log.info("no intervals: the model has none (a study's spread.steps and split.calibrate give them)")
    elif not is_fits(out):
        log.info("no intervals: a picture holds none; name the output .fits")


def _tell(model: Model, out: Path, given: UserImage, instrument: Instrument, fit: Fit, beyond: Sequence[str]) -> None:
    image = given.image
    for remark in given.remarks:
        log.warning("%s", remark)
    for sentence in beyond:
        log.warning("%s; restored all the same", sentence)
    low, high = PLAUSIBLE_CHI2
    if fit.network_chi2 < low:
        log.warning(
            "residual chi-square %.2f, far below 1: noise was fitted, or is less than was said", fit.network_chi2
        )
    elif fit.network_chi2 > high:
        because = "PSF or noise is not that of the image, or its light is unlike what the model was trained on"
        log.warning("residual chi-square of the network's image %.2f, far above 1: %s", fit.network_chi2, because)
    if fit.contradicted:
        log.info("%s", _corrected(fit))
    size, levels = f"{image.shape[-2]} x {image.shape[-1]} px", instrument.levels_in_words(image.bands)
    log.info("apply %s: %s, %s, noise %s, residual chi-square %.2f", _name(model), out, size, levels, fit.chi2)


def _corrected(fit: Fit) -> str:
    pixels = "1 pixel" if fit.contradicted == 1 else f"{fit.contradicted} pixels"
    return f"the data of {pixels} contradicted the network's image, which was corrected there"


def _name(model: Model) -> str:
    return f"{model.card['network']}_{model.card['output']} {model.hash}"
