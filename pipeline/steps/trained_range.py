"""Whether an instrument is one that a model was trained for, and the light such as it has seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from pipeline.image import Pixels
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.steps.operator_words import Instrument
from pipeline.windowed import Plane, WindowedImage, noise_of, strips

TOLERANCE = 0.02
"""A PSF or a noise may lie outside the trained range by this share ..."""
ESTIMATE_TOLERANCE = 0.10
"""... and a noise that was estimated by this one, which is how well it is known, or a single pixel of a map."""
STRAY = 0.02
"""Share of the pixels of a noise map that may lie below the trained range, and again above it."""
CERTAIN = 5.0
"""Sigmas by which a datum must exceed the brightest light of the training before that is said."""
ANYTHING = (0.0, math.inf)
"""The range of a number that a card does not name."""

_PSF_IN_WORDS = {"fwhm_px": "the PSF's FWHM{} is {} px", "r80_px": "80% of the PSF's light{} lies within {} px"}


class Beyond(NamedTuple):
    """What of an instrument lies outside the range that a model was trained for, a sentence each."""

    refused: list[str]
    """What makes the result another than the model's scores tell of: where it came from, what it is, what was trained
    for."""
    noted: list[str]
    """What does so in a few pixels of a noise map alone."""


def beyond_range(card: dict[str, Any], image: WindowedImage, instrument: Instrument) -> Beyond:
    """What of an instrument lies outside the range on a model's card.

    The PSF is held to it band by band. So is the noise: the median of a map, and then its single pixels, of which a few
    may stray. Above the range they may do so anywhere if the model knows noise that grows with the light, since the
    card's is that of an empty sky.

    Parameters
    ----------
    card : dict
        The model's.
    image : WindowedImage
        Which the instrument took.
    instrument : Instrument

    Returns
    -------
    Beyond
    """
    beyond = Beyond([*_psf_beyond(card, image, instrument), *_levels_beyond(card, image, instrument)], [])
    for share, sentence in () if instrument.noise.flat else _pixels_beyond(card, image, instrument):
        (beyond.refused if share > STRAY else beyond.noted).append(sentence)
    return beyond


def _psf_beyond(card: dict[str, Any], image: WindowedImage, instrument: Instrument) -> Iterator[str]:
    """A sentence for each band whose PSF lies outside, or one where all bands have the same."""
    own = _numbers_of_bands(card)
    for name, values in instrument.operator.descriptors().items():
        same = len(set(values)) == 1 and name not in own
        for number, value in enumerate(values[:1] if same else values):
            low, high = (own[name][number],) * 2 if name in own else card["range"].get(name, ANYTHING)
            if not _within(value, low, high, TOLERANCE):
                where = "" if same else f" in band {image.bands[number]}"
                what = _PSF_IN_WORDS[name].format(where, f"{value:.4g}")
                yield f"--psf {instrument.words.psf}: {what}, {_trained(low, high)}"


def _numbers_of_bands(card: dict[str, Any]) -> dict[str, list[float]]:
    """What describes the PSF of each band, where a model was trained for a single one that differs between them."""
    if card["psf"] is None:
        return {}
    psf = torch.tensor(card["psf"])
    numbers = Blur(psf, GaussianNoise((0.0,) * len(psf))).descriptors()
    return {name: values for name, values in numbers.items() if len(set(values)) > 1}


def _levels_beyond(card: dict[str, Any], image: WindowedImage, instrument: Instrument) -> Iterator[str]:
    """A sentence for each band whose level of noise lies outside."""
    words, noise = instrument.words, instrument.noise
    tolerance = ESTIMATE_TOLERANCE if noise.estimated else TOLERANCE
    source = image.id if noise.estimated else f"--noise {words.noise}"
    for band, level in zip(image.bands, noise.level):
        low, high = card["range"].get(f"sigma_{band}", ANYTHING)
        if not _within(level, low, high, tolerance):
            yield f"{source}: the noise in band {band} is {level:.4g} {image.unit}, {_trained(low, high)}"


def _pixels_beyond(card: dict[str, Any], image: WindowedImage, instrument: Instrument) -> Iterator[tuple[float, str]]:
    """The share of trusted pixels with less noise than was trained for, and of those with more, and a sentence each."""
    grows = card["instrument"]["noise"]["kind"] == "poisson"
    for number, band in enumerate(image.bands):
        low, high = card["range"].get(f"sigma_{band}", ANYTHING)
        least, most = low * (1 - ESTIMATE_TOLERANCE), math.inf if grows else high * (1 + ESTIMATE_TOLERANCE)
        count, below, above, lowest, highest = 0, 0, 0, math.inf, 0.0
        for sigma in _trusted_noise(image, instrument, number):
            count += sigma.size
            below, lowest = below + int((sigma < least).sum()), min(lowest, float(sigma.min(initial=lowest)))
            above, highest = above + int((sigma > most).sum()), max(highest, float(sigma.max(initial=highest)))
        for pixels, reached in ((below, f"down to {lowest:.3g}"), (above, f"up to {highest:.3g}")):
            if pixels:
                what = (
                    f"the noise in band {band} is {reached} {image.unit} in {100 * pixels / count:.2g}% of the pixels"
                )
                yield pixels / count, f"--noise {instrument.words.noise}: {what}, {_trained(low, high)}"


def _trusted_noise(image: WindowedImage, instrument: Instrument, band: int) -> Iterator[Pixels]:
    for window, plane in zip(strips(image.area), image.strips(band)):
        sigma, without, _ = instrument.noise.read(band, window)
        yield sigma[~(plane.mask | without)]


def _within(value: float, low: float, high: float, tolerance: float) -> bool:
    return low * (1 - tolerance) <= value <= high * (1 + tolerance)


def _trained(low: float, high: float) -> str:
    return f"and the model was trained for {low:.4g}" + ("" if low == high else f" to {high:.4g}")


def brighter_than_trained(card: dict[str, Any], seen: WindowedImage, restored: WindowedImage) -> list[str]:
    """Where the light of an image exceeds all that a model was trained on.

    Scenes are what it was trained on, and of a star's light in the scene the brightest datum holds a tenth or so. That
    of a restored image tells it better; but a network may make less of light such as it never saw, so both are asked.

    Parameters
    ----------
    card : dict
        The model's.
    seen : WindowedImage
        The image, with its noise.
    restored : WindowedImage
        What was made of it, in the same unit.

    Returns
    -------
    list of str
        A sentence for each band in which it does by more than the noise explains.
    """
    sentences = []
    # Cards written before this was looked at do not say it.
    for band, most in enumerate(card.get("brightest", [])):
        excess = [_excess(*planes, most) for planes in zip(seen.strips(band), restored.strips(band))]
        value = max(excess, default=0.0)
        if value > 0:
            found = f"band {seen.bands[band]} reaches {most + value:.4g} {seen.unit}"
            sentences.append(f"{seen.id}: {found}, and the model was trained on light up to {most:.4g}")
    return sentences


def _excess(seen: Plane, restored: Plane, most: float) -> float:
    """By how much trusted light of a part exceeds a level, where it does so by more than the noise explains."""
    excess = np.maximum(seen.pixels, restored.pixels)[~seen.mask] - most
    beyond = excess[excess > CERTAIN * noise_of(seen)[~seen.mask]]
    return float(beyond.max()) if beyond.size else 0.0
