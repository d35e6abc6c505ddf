"""Point-spread functions: how an instrument spreads the light of a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import galsim
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from torch import Tensor
from torch.nn.functional import pad

from pipeline.errors import ClearfieldError

Profile = Literal["gaussian", "moffat", "kolmogorov", "airy"]

LIGHT_KEPT = 0.995
"""A stamp is cut where it holds this share of the light ..."""
LARGEST_RADIUS = 32
"""... or at this radius in px, whichever is nearer; what is lost is renormalised, and lost_light says it."""
_WIDE = 16 * LARGEST_RADIUS + 1
_CENTRED = 0.01
"""A measured PSF whose centroid lies within this many px of the middle of its stamp is not resampled to centre it."""
_LARGEST_SHIFT = 1.0
"""A core further than this from the centroid, in px of the image, would move all sources by more than their pixel: sky
or a neighbour in the stamp does that, while lopsided optics stay well below it."""
_LARGEST_PEDESTAL = 0.1
"""Share of a measured PSF's light that may lie in a level base: as much is taken from every source and spread over the
stamp. Less cannot be told from a PSF: rings of an Airy at the border of a stamp of five widths look like 9%."""
_SLOWEST_WINGS = 3.0
"""Power of the radius by which the light of real PSFs falls off at least: Airy's. What falls off less is no wing."""


class PSFError(ClearfieldError):
    """A point-spread function that cannot be one."""


def draw_psf(profile: Profile, fwhm: float, beta: float = 2.5, obscuration: float = 0.0) -> Tensor:
    """Draw an analytic profile on a stamp of pixels.

    The profile is sampled at the pixels' centres, not integrated over them: images hold the pixel's own blur already.

    Parameters
    ----------
    profile : {"gaussian", "moffat", "kolmogorov", "airy"}
    fwhm : float
        Full width at half maximum, in px, up to the stamp's largest radius of 32 px.
    beta : float
        Moffat's slope, above 1.1; the smaller, the stronger the wings.
    obscuration : float
        Share of an Airy profile's aperture diameter that the secondary mirror hides, below 1.

    Returns
    -------
    Tensor, shape (K, K), float32
        Odd ``K``, centred, summing to one.

    Raises
    ------
    PSFError
        If the width or another parameter is out of range, or the profile is unknown.
    """
    shape = _profile(profile, fwhm, beta, obscuration)
    return normalised(_sampled(shape, 2 * _radius_of_light(shape) + 1))


def light_lost(profile: Profile, fwhm: float, beta: float = 2.5, obscuration: float = 0.0) -> float:
    """Share of the light beyond the stamp that :func:`draw_psf` cuts, with its parameters, before it renormalises."""
    shape = _profile(profile, fwhm, beta, obscuration)
    inside = _sampled(shape, 2 * _radius_of_light(shape) + 1).sum()
    # Below 2 px the samples of a sharp peak sum to a little more than its light.
    return max(float(1 - inside / shape.flux), 0.0)


def resampled_psf(stamp: NDArray[np.floating], stamp_scale: float, image_scale: float) -> Tensor:
    """Bring a measured PSF from its own pixel scale to an image's.

    Parameters
    ----------
    stamp : array, shape (H, W)
        The PSF as measured, of any sum and any parity.
    stamp_scale, image_scale : float
        Widths of a pixel in arcsec (or any common unit).

    Returns
    -------
    Tensor, shape (K, K), float32
        Odd ``K``, centred on the centroid, summing to one.

    Raises
    ------
    PSFError
        If the stamp sums to zero or less, holds values that are not finite, or is no stamp, or a scale is not above 0;
        if it holds sky or a neighbour: a level base, or a core away from the centre of light.
    """
    return normalised(_resampled(stamp, stamp_scale, image_scale))


def stamp_light_lost(stamp: NDArray[np.floating], stamp_scale: float, image_scale: float) -> float:
    """Share of a measured PSF's light that :func:`resampled_psf` cuts off, with its parameters and errors."""
    return max(float(1 - _resampled(stamp, stamp_scale, image_scale).sum()), 0.0)


def normalised(stamp: NDArray[np.floating]) -> Tensor:
    """A stamp divided by its sum, as a float32 tensor."""
    return torch.from_numpy(np.ascontiguousarray(stamp / stamp.sum(), dtype=np.float32))


def padded_psfs(kernels: Sequence[Tensor]) -> Tensor:
    """Kernels of different odd widths, each (..., K_i, K_i), in one tensor of the widest, shape (N, ..., K, K)."""
    widest = max(kernel.shape[-1] for kernel in kernels)
    return torch.stack([pad(kernel, [(widest - kernel.shape[-1]) // 2] * 4) for kernel in kernels])


def measured_fwhm(psf: Tensor) -> float:
    """Full width at half maximum in px, of the profile averaged over angle.

    The logarithm of the profile is interpolated in the radius squared, where a Gaussian is a straight line, so that
    widths down to 1.5 px are right to 1%.

    Parameters
    ----------
    psf : Tensor, shape (K, K)
        Sampled about its centre.
    """
    radius, profile = _radial_profile(psf)
    below = int(np.argmax(profile < profile[0] / 2))
    if profile[below] >= profile[0] / 2:
        return float(2 * radius[-1])
    near = slice(max(below - 4, 0), below + 3)
    logarithm = PchipInterpolator(radius[near] ** 2, np.log(np.maximum(profile[near] / profile[0], 1e-6)))
    squared = brentq(lambda r2: logarithm(r2) - math.log(0.5), radius[below - 1] ** 2, radius[below] ** 2)
    return float(2 * math.sqrt(squared))


def encircled_radius(psf: Tensor, share: float) -> float:
    """Radius in px of the circle about the centre that holds ``share`` of the light of a stamp, shape (K, K)."""
    values = psf.double().cpu().numpy().ravel()
    distance = _distance(psf.shape[-1]).ravel()
    radii, ring = np.unique(distance, return_inverse=True)
    light = np.cumsum(np.bincount(ring, values))
    return float(np.interp(share * light[-1], light, radii))


def _radial_profile(psf: Tensor) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    radii, ring = np.unique(_distance(psf.shape[-1]).ravel(), return_inverse=True)
    values = psf.double().cpu().numpy().ravel()
    return radii, np.bincount(ring, values) / np.bincount(ring)


def _distance(size: int) -> NDArray[np.floating]:
    offsets = np.arange(size) - size // 2
    return np.hypot(offsets[:, None], offsets)


def _centroid(stamp: NDArray[np.floating]) -> tuple[float, float]:
    """Row and column of the centre of light, in px from the middle of the stamp."""
    y, x = (np.arange(n) - (n - 1) / 2 for n in stamp.shape)
    return float(stamp.sum(1) @ y / stamp.sum()), float(stamp.sum(0) @ x / stamp.sum())


def _resampled(stamp: NDArray[np.floating], stamp_scale: float, image_scale: float) -> NDArray[np.floating]:
    """A measured PSF of sum 1 on the pixels of an image, cut: what its sum lacks is lost."""
    stamp = np.ascontiguousarray(stamp, dtype=float)
    if stamp.ndim != 2:
        raise PSFError(f"the PSF has the shape {stamp.shape}; a stamp of rows and columns is needed")
    if not (0 < stamp_scale < math.inf and 0 < image_scale < math.inf):
        raise PSFError(
            f"the pixels of the PSF are {stamp_scale:g} and the image's {image_scale:g} wide; both must be above 0"
        )
    if not np.isfinite(stamp).all():
        raise PSFError("the PSF holds NaN or infinite values; replace them, or cut the stamp smaller")
    if stamp.sum() <= 1e-6 * np.abs(stamp).sum():
        raise PSFError(f"the PSF sums to {stamp.sum():.4g}; a positive sum is needed, so that it can be divided by it")
    y, x = _centroid(stamp)
    _refuse_sky(stamp)
    _refuse_beside_centre(stamp, stamp_scale / image_scale)
    same_pixels = math.isclose(stamp_scale, image_scale, rel_tol=1e-6)
    if same_pixels and stamp.shape[0] == stamp.shape[1] and stamp.shape[0] % 2 == 1 and math.hypot(y, x) < _CENTRED:
        return _cut(stamp / stamp.sum())
    source = galsim.Image(stamp, scale=stamp_scale)
    shape = galsim.InterpolatedImage(source, x_interpolant="lanczos5", normalization="sb", flux=1.0)
    shape = shape.shift(-x * stamp_scale, -y * stamp_scale)
    width = (max(stamp.shape) + 2 * max(abs(y), abs(x))) * stamp_scale / image_scale
    radius = min(max(math.ceil(width / 2), 1), LARGEST_RADIUS)
    return _cut(_sampled(shape, 2 * radius + 1, image_scale))


def _refuse_sky(stamp: NDArray[np.floating]) -> None:
    share = _pedestal(stamp) * stamp.size / stamp.sum()
    if share > _LARGEST_PEDESTAL:
        raise PSFError(
            f"the PSF stands on a pedestal that holds {share:.0%} of its light, and {_LARGEST_PEDESTAL:.0%} at most is "
            "allowed; subtract the sky, or take a wider stamp if the star fills this one"
        )


def _pedestal(stamp: NDArray[np.floating]) -> float:
    """Level that the border has beyond what wings and noise explain."""
    half = [n / 2 - 0.5 for n in stamp.shape]
    if min(half) < 2:
        return 0.0
    y, x = (abs(np.arange(n) - h) for n, h in zip(stamp.shape, half))
    depth = np.minimum((half[0] - y)[:, None], half[1] - x)
    middle = round(min(half) / 2)
    border, inner = stamp[depth < 1], stamp[(depth >= middle) & (depth < middle + 1)]
    # Of p + w r^-n, the level p from the values at the border and half as far out.
    growth = (min(half) / (min(half) - middle)) ** _SLOWEST_WINGS
    level = (growth * np.median(border) - np.median(inner)) / (growth - 1)
    low, high = np.percentile(border, [16, 84])
    # Less three standard errors of the median, so that noise alone is not taken for sky.
    return float(level - 3 * 1.25 * (high - low) / 2 / math.sqrt(border.size))


def _refuse_beside_centre(stamp: NDArray[np.floating], scale: float) -> None:
    core = np.where(stamp >= stamp.max() / 2, stamp, 0)
    apart = math.dist(_centroid(stamp), _centroid(core)) * scale
    if apart > _LARGEST_SHIFT:
        raise PSFError(
            f"the PSF's core lies {apart:.1f} px of the image from its centre of light, and {_LARGEST_SHIFT:g} px at "
            "most is allowed; subtract the sky, take neighbours out and centre the star in its stamp"
        )


def _sampled(shape: galsim.GSObject, size: int, scale: float = 1.0) -> NDArray[np.floating]:
    return shape.drawImage(nx=size, ny=size, scale=scale, method="no_pixel", dtype=float).array


def _profile(profile: str, fwhm: float, beta: float, obscuration: float) -> galsim.GSObject:
    if not 0 < fwhm <= LARGEST_RADIUS:
        raise PSFError(f"the PSF's FWHM is {fwhm:g} px; a width above 0 and up to {LARGEST_RADIUS} px is needed")
    if profile == "moffat" and not 1.1 < beta < math.inf:
        raise PSFError(
            f"the Moffat slope beta is {beta:g}; a value above 1.1 is needed, or the wings hold infinite light"
        )
    if profile == "airy" and not 0 <= obscuration < 1:
        raise PSFError(
            f"the obscuration is {obscuration:g}; a share of the aperture's diameter from 0 to below 1 is needed"
        )
    if profile == "gaussian":
        return galsim.Gaussian(fwhm=fwhm)
    if profile == "moffat":
        return galsim.Moffat(beta=beta, fwhm=fwhm)
    if profile == "kolmogorov":
        return galsim.Kolmogorov(fwhm=fwhm)
    if profile == "airy":
        unit = galsim.Airy(lam_over_diam=1.0, obscuration=obscuration)
        peak = unit.xValue(0, 0)
        # galsim knows the width of an open aperture alone; a hidden centre narrows it, so half of it lies below 1.
        half = brentq(lambda radius: unit.xValue(radius, 0) - peak / 2, 0, 1)
        return galsim.Airy(lam_over_diam=fwhm / (2 * half), obscuration=obscuration)
    raise PSFError(f"the PSF profile is {profile!r}; gaussian, moffat, kolmogorov and airy are known")


def _radius_of_light(shape: galsim.GSObject) -> int:
    wide = _sampled(shape, _WIDE)
    whole_px = np.ceil(_distance(_WIDE)).astype(int)
    light = np.cumsum(np.bincount(whole_px.ravel(), wide.ravel()))
    enough = np.flatnonzero(light[:LARGEST_RADIUS] >= LIGHT_KEPT * shape.flux)
    return max(int(enough[0]), 1) if enough.size else LARGEST_RADIUS


def _cut(stamp: NDArray[np.floating]) -> NDArray[np.floating]:
    centre = stamp.shape[0] // 2
    y, x = np.indices(stamp.shape) - centre
    reach = np.maximum(abs(y), abs(x))
    total = stamp.sum()
    for radius in range(1, centre):
        if radius >= LARGEST_RADIUS or stamp[reach <= radius].sum() >= LIGHT_KEPT * total:
            return stamp[centre - radius : centre + radius + 1, centre - radius : centre + radius + 1]
    return stamp
