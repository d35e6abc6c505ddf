"""One image of a survey before light is drawn: which sources lie where, and how bright they are in each band."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.datasets.simulated_survey.galaxies import galaxy
from pipeline.datasets.simulated_survey.population import Class, Drawn, galaxies, quasars, stars
from pipeline.datasets.simulated_survey.presets import Preset
from pipeline.datasets.simulated_survey.sources import Component, Kind, Source
from pipeline.datasets.simulated_survey.spectra import magnitude
from pipeline.datasets.simulated_survey.survey import Survey
from pipeline.physics.noise import addressed_generator

BLENDS = 0.15
"""Share of the galaxies that have a further galaxy in front or behind ..."""
NEAR = (0.7, 2.5)
"""... at so many sums of both half-light radii, and of the PSF's."""


@dataclass(frozen=True)
class Placed:
    """A source in an image.

    Parameters
    ----------
    label : int
        From 1: its number in the segmentation and in the truth table.
    source : Source
    x, y : float
        In px, from the middle of the first pixel.
    magnitudes : array, shape (C,)
        AB, of the whole.
    counts : array, shape (P, C)
        Light of each component in each band, in counts.
    blended_with : int
        Label of the source that it was put beside; 0 for none.
    """

    label: int
    source: Source
    x: float
    y: float
    magnitudes: NDArray[np.float64]
    counts: NDArray[np.float64]
    blended_with: int = 0


def field(survey: Survey, number: int) -> list[Placed]:
    """What lies in an image: a function of the survey, its seed and the image's number, and of nothing else."""
    random = _generator(survey.seed, "survey", number, "sources")
    preset, size = survey.preset, survey.size
    expected = survey.density * (size * preset.pixel_scale / 60) ** 2
    # Never an empty image, in which nothing could be measured.
    count = max(1, int(random.poisson(expected)))
    placed: list[Placed] = []
    while len(placed) < count:
        source = _drawn(survey, random)
        x, y = random.uniform(-0.5, size - 0.5, 2)
        placed.append(_placed(survey, len(placed) + 1, source, x, y))
        if source.kind == "galaxy" and random.random() < BLENDS:
            placed.append(_beside(survey, placed[-1], random))
    return placed


def _drawn(survey: Survey, random: np.random.Generator) -> Source:
    kinds: list[Kind] = list(survey.preset.shares)
    kind = kinds[int(random.choice(len(kinds), p=list(survey.preset.shares.values())))]
    classes: dict[Kind, Callable[[str], Class]] = {"galaxy": galaxies, "star": stars, "quasar": quasars}
    drawn = classes[kind](survey.name).draw(random)
    return galaxy(drawn, random) if kind == "galaxy" else _point(kind, drawn)


def _point(kind: Kind, drawn: Drawn) -> Source:
    part = Component("point", drawn.template)
    return Source(kind, drawn.template, drawn.absolute_magnitude, drawn.redshift, drawn.distance_modulus, (part,))


def _beside(survey: Survey, first: Placed, random: np.random.Generator) -> Placed:
    """A galaxy along nearly the same line of sight as another one, of a redshift of its own."""
    second = galaxy(galaxies(survey.name).draw(random), random)
    preset = survey.preset
    seeing = 0.5 * max(preset.filters[band].fwhm for band in survey.bands)
    apart = random.uniform(*NEAR) * (first.source.half_light_radius + second.half_light_radius + seeing)
    angle, step = random.uniform(0, 2 * np.pi), apart / preset.pixel_scale
    x, y = first.x + step * np.cos(angle), first.y + step * np.sin(angle)
    return _placed(survey, first.label + 1, second, x, y, first.label)


def _placed(survey: Survey, label: int, source: Source, x: float, y: float, beside: int = 0) -> Placed:
    by_part = np.array(
        [[_magnitude(survey.preset, band, source, c) for band in survey.bands] for c in source.components]
    )
    zero_points = np.array([survey.preset.zero_point(band) for band in survey.bands])
    counts = 10 ** (-0.4 * (by_part - zero_points))
    magnitudes = zero_points - 2.5 * np.log10(counts.sum(0))
    return Placed(label, source, float(x), float(y), magnitudes, counts, beside)


def _magnitude(preset: Preset, band: str, source: Source, part: Component) -> float:
    absolute = source.absolute_magnitude - 2.5 * np.log10(part.share)
    return magnitude(part.template, absolute, source.distance_modulus, source.redshift, preset.filters[band].file)


def _generator(*address: object) -> np.random.Generator:
    words = torch.randint(2**63 - 1, (4,), generator=addressed_generator(*address))
    return np.random.default_rng(words.tolist())
