"""Whether an instrument is one that a model was trained for, and the light such as it has seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.steps.operator_words import Instrument
from pipeline.windowed import Plane, WindowedImage, noise_of

TOLERANCE = 0.02
"""A PSF or a noise may lie outside the trained range by this share ..."""
ESTIMATE_TOLERANCE = 0.10
"""... and a noise that was estimated by this one, which is how well it is known."""
CERTAIN = 5.0
"""Sigmas by which a datum must exceed the brightest light of the training before that is said."""

_PSF_IN_WORDS = {"fwhm_px": "the PSF's FWHM is {} px", "r80_px": "80% of the PSF's light lies within {} px"}


def beyond_range(card: dict[str, Any], image: WindowedImage, instrument: Instrument) -> list[str]:
    """What of an instrument lies outside the range on a model's card.

    Parameters
    ----------
    card : dict
        The model's.
    image : WindowedImage
        Which the instrument took.
    instrument : Instrument

    Returns
    -------
    list of str
        A sentence for each number that does: where it came from, what it is, what was trained for.
    """
    words, noise = instrument.words, instrument.noise
    psf, levels = instrument.operator.descriptor(), dict(zip(image.bands, noise.level))
    sentences = []
    for name, (low, high) in card["range"].items():
        if name in psf:
            value, tolerance, source = psf[name], TOLERANCE, f"--psf {words.psf}"
            what = _PSF_IN_WORDS.get(name, f"{name} is {{}}").format(f"{value:.4g}")
        else:
            band = name.removeprefix("sigma_")
            value, tolerance = levels[band], ESTIMATE_TOLERANCE if noise.estimated else TOLERANCE
            source = image.id if noise.estimated else f"--noise {words.noise}"
            what = f"the noise in band {band} is {value:.4g} {image.unit}"
        if not low * (1 - tolerance) <= value <= high * (1 + tolerance):
            trained = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
            sentences.append(f"{source}: {what}, and the model was trained for {trained}")
    return sentences


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
