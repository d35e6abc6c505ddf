"""Sources of known light, put into a scene before the instrument sees it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import galsim
import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.audit.point_sources import noise_levels
from pipeline.audit.specimen import Specimen, with_data
from pipeline.image import Pixels
from pipeline.observation import Observation
from pipeline.physics.noise import addressed_generator
from pipeline.physics.operator import Operator

Kind = Literal["point source", "faint galaxy"]
POINT: Kind = "point source"
GALAXY: Kind = "faint galaxy"
APERTURE: dict[Kind, float] = {POINT: 2.0, GALAXY: 3.0}
"""Radius of the circle in which light is summed, in FWHM of the PSF."""
APART = 2.5
"""Radii between two sources."""
REACH = 5
"""Half-light radii at which a galaxy is cut off."""


class Places(NamedTuple):
    """Where sources lie, in px from the middle of pixel (0, 0)."""

    y: NDArray[np.float64]
    x: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sown:
    """Sources for a specimen.

    Parameters
    ----------
    light : array, shape (C, H, W)
        Of all of them, in the unit of the image.
    places : Places
    snr : array, shape (N,)
        By which the observation sees each, all bands together.
    radius : float
        Of the apertures, in px.
    """

    light: Pixels
    places: Places
    snr: NDArray[np.float64]
    radius: float


def sow(specimen: Specimen, kind: Kind, levels: Sequence[float], *address: object) -> Sown | None:
    """Draw sources for a specimen, on a grid so that none lies in another's aperture; None if none has room.

    Each has the same light in every band. A faint galaxy is an exponential disk whose half-light radius is the PSF's
    FWHM.

    Parameters
    ----------
    specimen : Specimen
    kind : {"point source", "faint galaxy"}
    levels : sequence of float
        Signal-to-noise of the observation that they are given, in turn.
    *address
        Where their places are drawn.
    """
    fwhm = width_of(specimen.seen.operator)
    radius = APERTURE[kind] * fwhm
    places = _places(specimen, radius, *address)
    if not len(places.y):
        return None
    stamp = _stamp(kind, fwhm)
    snr = np.resize(np.asarray(levels, np.float64), len(places.y))
    flux = snr * _sigma_of_flux(specimen.seen, stamp)
    light = np.zeros(specimen.seen.preview.shape, np.float32)
    for y, x, of_one in zip(places.y.astype(int), places.x.astype(int), flux):
        _add(light, of_one * stamp, y, x)
    return Sown(light, places, snr, radius)


def seen_with(seen: Observation, light: Pixels, *address: object) -> Observation:
    """What the instrument would have seen with more light in the scene, under the same noise.

    Photons of the added light have noise of their own, drawn at the address, where the noise grows with the light.
    """
    operator, preview = seen.operator, seen.preview
    added = operator.forward(torch.from_numpy(light)[None])
    data = torch.from_numpy(preview.pixels)[None] + added
    if not operator.noise.grows_with_light:
        return with_data(seen, data[0].numpy())
    more = (operator.noise.sigma(added).square() - operator.noise.sigma(torch.zeros_like(added)).square()).clamp_min(0)
    for number, band in enumerate(preview.bands):
        generator = addressed_generator(*address, "photons", band)
        data[0, number] += more[0, number].sqrt() * torch.randn(data.shape[-2:], generator=generator)
    background = None if preview.background is None else torch.from_numpy(preview.background)
    told = operator.noise.told_sigma(data, torch.from_numpy(preview.mask)[None], background)
    return with_data(seen, data[0].numpy(), told[0].contiguous().numpy())


def width_of(operator: Operator) -> float:
    """FWHM of the PSF in px, 1 at least."""
    return max(operator.descriptor().get("fwhm_px", 1.0), 1.0)


def _places(specimen: Specimen, radius: float, *address: object) -> Places:
    inner, step = specimen.counted.grown(-math.ceil(radius)), math.ceil(APART * radius)
    if inner.height <= 0 or inner.width <= 0:
        return Places(np.zeros(0), np.zeros(0))
    generator = addressed_generator(*address, "places")
    axes = []
    for start, length in ((inner.y0, inner.height), (inner.x0, inner.width)):
        number = (length - 1) // step + 1
        spare = length - 1 - (number - 1) * step
        axes.append(start + int(torch.randint(0, spare + 1, (), generator=generator)) + step * np.arange(number))
    y, x = (part.ravel() for part in np.meshgrid(*axes, indexing="ij"))
    trusted = ~np.any(specimen.seen.preview.mask[:, y, x], 0)
    return Places(y[trusted].astype(np.float64), x[trusted].astype(np.float64))


def _stamp(kind: Kind, fwhm: float) -> NDArray[np.float32]:
    """Light of a source of flux 1 in one band, odd and centred."""
    if kind == POINT:
        return np.ones((1, 1), np.float32)
    size = 2 * math.ceil(REACH * fwhm) + 1
    drawn = galsim.Exponential(half_light_radius=fwhm).drawImage(nx=size, ny=size, scale=1.0).array
    return np.asarray(drawn / drawn.sum(), np.float32)


def _add(light: Pixels, stamp: NDArray[np.floating], y: int, x: int) -> None:
    """Add a stamp to every band about a pixel; what reaches beyond the border is lost."""
    half, (height, width) = stamp.shape[0] // 2, light.shape[-2:]
    rows, columns = (slice(max(at - half, 0), min(at + half + 1, size)) for at, size in ((y, height), (x, width)))
    top, left = rows.start - (y - half), columns.start - (x - half)
    light[:, rows, columns] += stamp[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start]


def _sigma_of_flux(seen: Observation, stamp: NDArray[np.float32]) -> float:
    """Standard deviation of a flux per band that is fitted in all bands with the source's own blurred image."""
    size = stamp.shape[0] + 4 * seen.operator.halo
    source = torch.zeros((1, seen.preview.shape[0], size, size), dtype=torch.float64)
    edge = 2 * seen.operator.halo
    source[..., edge : edge + stamp.shape[0], edge : edge + stamp.shape[0]] = torch.from_numpy(stamp).double()
    power = seen.operator.forward(source)[0].square().sum((-2, -1)).numpy()
    return float((power / noise_levels(seen) ** 2).sum() ** -0.5)
