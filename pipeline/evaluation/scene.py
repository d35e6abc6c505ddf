"""What is fixed of an item before a restored image is looked at: sources, apertures, and how well they were seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.scoring import inner_window
from pipeline.evaluation.signal_to_noise import noise_of_mean, signal_to_noise
from pipeline.evaluation.source_measures import TOTAL, aperture_of
from pipeline.image import Image, Mask
from pipeline.measures.catalogue import SourceList, list_sources
from pipeline.measures.fluxes import inside, light_within_circles, light_within_ellipses
from pipeline.measures.photometry import FAINTEST
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.observation import Observation
from pipeline.physics import Blur
from pipeline.splits import Item

Array = NDArray[np.floating]
Floats = NDArray[np.float64]
Flags = NDArray[np.str_]

OK, BORDER, MASKED, FAINT = "ok", "border", "masked", "faint"
"""Whether a source can be measured: not where the aperture leaves the judged window or holds a masked pixel, or where
the truth has too little light to divide by."""
DEEPEST = 0.5
"""A source of the truth is brighter, in 5 pixels at least, than so many sigmas of the observation's noise: below it a
truth without noise has sources without end, of which no observation can tell."""


@dataclass(frozen=True)
class Scene:
    """The sources of one item's truth, and all that is fixed by it before a restored image is looked at.

    Parameters
    ----------
    truth : array, shape (C, H, W)
        The judged window, the sky taken off.
    mask : array, shape (C, H, W), bool
    sky, sky_sigma : array, shape (C,)
    sources : SourceList
    snr : array, shape (C, N)
        Of the observation; see :func:`~pipeline.evaluation.signal_to_noise.signal_to_noise`.
    noise : array, shape (C, H, W)
        Sigma of the observation.
    radii : dict
        By the name of a circular aperture its radius in each band, in px.
    fwhm : float
        Of the PSF, averaged over the bands, in px; 0 where there is none.
    unit : str
    bands : tuple of str
    detection : float
    window : (slice, slice)
        Rows and columns of the item that are judged: none within the operator's halo of the image's border.
    """

    truth: Array
    mask: Mask
    sky: Floats
    sky_sigma: Floats
    sources: SourceList
    snr: Floats
    noise: Array
    radii: dict[str, Sequence[float]]
    fwhm: float
    unit: str
    bands: tuple[str, ...]
    detection: float
    window: tuple[slice, slice]

    @property
    def reference(self) -> int:
        """Number of the band in which morphology is measured: the middle one."""
        return len(self.bands) // 2

    def judged(self, restored: Array) -> Floats:
        """The judged window of a restored item, shape (C, H, W), the sky of the truth taken off."""
        return restored[(slice(None), *self.window)] - self.sky[:, None, None]

    def light(self, plane: Array, aperture: str, band: int) -> Floats:
        """Light within an aperture, ``total`` or one of ``radii``, of each source in one band, shape (H, W)."""
        if aperture == TOTAL:
            return light_within_ellipses(plane, self.sources)
        return light_within_circles(plane, self.sources, self.radii[aperture][band])

    @cached_property
    def flags(self) -> dict[str, list[Flags]]:
        """By aperture, for each band, whether each source can be measured within it, or why not."""
        return {name: [self._flags(name, c) for c in range(len(self.bands))] for name in (TOTAL, *self.radii)}

    def _flags(self, aperture: str, band: int) -> Flags:
        total = aperture == TOTAL
        reach = self.sources.a if total else np.full(len(self.sources), self.radii[aperture][band])
        area = math.pi * reach * (self.sources.b if total else reach)
        faint = self.light(self.truth[band], aperture, band) <= FAINTEST * self.sky_sigma[band] * np.sqrt(area)
        masked = self.light(self.mask[band].astype(np.float64), aperture, band) > 0
        outside = ~inside(self.sources, reach, self.truth.shape[-2:])
        return np.select([outside, masked, faint], [BORDER, MASKED, FAINT], OK)


def scene_of(
    truth: Image,
    observation: Observation,
    item: Item,
    size: tuple[int, int],
    apertures: Sequence[float],
    detection: float,
) -> Scene | None:
    """Fix sources, apertures and signal-to-noise of an item by its truth and by how it was observed.

    Parameters
    ----------
    truth : Image, shape (C, H, W)
        The item's window of the truth.
    observation : Observation
        The same window of what was observed.
    item : Item
    size : (int, int)
        Height and width of the whole image.
    apertures : sequence of float
        Radii in px.
    detection : float
        Sources of the truth lie above this many sigmas of its sky, and above half a sigma of the observation's noise.

    Returns
    -------
    Scene or None
        None where a band has no pixel to judge by.
    """
    operator = observation.operator
    window = inner_window(item.window, size, operator.halo).slices
    inner = (slice(None), *window)
    pixels, mask = truth.pixels[inner].astype(np.float64), truth.mask[inner]
    if mask.all((1, 2)).any():
        return None
    sky, sky_sigma = np.array([sky_level_and_sigma(band[~left]) for band, left in zip(pixels, mask)]).T
    pixels -= sky[:, None, None]
    sources = list_sources(pixels, detection, mask, DEEPEST * noise_of_mean(observation.preview))
    light, segments = np.zeros(truth.shape), np.zeros(truth.shape[-2:], np.int32)
    light[inner], segments[window] = np.where((sources.segments > 0) & ~mask, pixels, 0), sources.segments
    widths = operator.descriptors()["fwhm_px"] if isinstance(operator, Blur) else []
    radii: dict[str, Sequence[float]] = {aperture_of(radius): [radius] * len(pixels) for radius in apertures}
    sigma = observation.preview.sigma
    return Scene(
        pixels, mask, sky, sky_sigma, sources, signal_to_noise(light, segments, observation.preview, operator),
        np.zeros(pixels.shape) if sigma is None else sigma[inner],
        radii | ({"2fwhm": [2 * width for width in widths]} if widths else {}),
        float(np.mean(widths)) if widths else 0.0, truth.unit, truth.bands, detection, window,
    )  # fmt: skip
