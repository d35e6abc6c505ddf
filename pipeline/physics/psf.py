"""Point-spread functions: how an instrument spreads the light of a point."""

from __future__ import annotations

import math
from typing import Literal

import galsim
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from torch import Tensor

from pipeline.errors import ClearfieldError

Profile = Literal["gaussian", "moffat", "kolmogorov", "airy"]

LIGHT_KEPT = 0.995
"""A stamp is cut where it holds this share of the light ..."""
LARGEST_RADIUS = 32
"""... or at this radius in px, whichever is nearer; what is lost is renormalised and can be asked for."""


_WIDE = 16 * LARGEST_RADIUS + 1


class PSFError(ClearfieldError):
    """A point-spread function that cannot be one."""


def draw_psf(profile: Profile, fwhm: float, beta: float = 2.5, obscuration: float = 0.0) -> Tensor:
    """Draw an analytic profile on a stamp of pixels.

    The profile is sampled at the pixels' centres, not integrated over them: images hold the pixel's own blur already.

    Parameters
    ----------
    profile : {"gaussian", "moffat", "kolmogorov", "airy"}
    fwhm : float
        Full width at half maximum, in px.
    beta : float
        Moffat's slope; the smaller, the stronger the wings.
    obscuration : float
        Share of an Airy profile's aperture diameter that the secondary mirror hides.

    Returns
    -------
    Tensor, shape (K, K), float32
        Odd ``K``, centred, summing to one.

    Raises
    ------
    PSFError
        If the width is not above 0, or the profile is unknown.
    """
    if not fwhm > 0:
        raise PSFError(f"the PSF's FWHM is {fwhm:g} px; a width above 0 is needed")
    shape = _profile(profile, fwhm, beta, obscuration)
    radius = _radius_of_light(shape)
    size = 2 * radius + 1
    stamp = shape.drawImage(nx=size, ny=size, scale=1.0, method="no_pixel", dtype=float).array
    return normalised(stamp)


def light_lost(profile: Profile, fwhm: float, beta: float = 2.5, obscuration: float = 0.0) -> float:
    """Share of the light beyond the stamp that :func:`draw_psf` cuts, before it is renormalised."""
    shape = _profile(profile, fwhm, beta, obscuration)
    kept = draw_psf(profile, fwhm, beta, obscuration).shape[-1] // 2
    stamp = shape.drawImage(nx=_WIDE, ny=_WIDE, scale=1.0, method="no_pixel", dtype=float).array
    centre = _WIDE // 2
    inside = stamp[centre - kept : centre + kept + 1, centre - kept : centre + kept + 1].sum()
    return float(1 - inside / shape.flux)


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
        If the stamp sums to zero or less, or holds values that are not finite.
    """
    if not np.isfinite(stamp).all():
        raise PSFError("the PSF holds NaN or infinite values; replace them, or cut the stamp smaller")
    if stamp.sum() <= 1e-6 * np.abs(stamp).sum():
        raise PSFError(f"the PSF sums to {stamp.sum():.4g}; a positive sum is needed, so that it can be divided by it")
    if stamp_scale == image_scale and stamp.shape[0] == stamp.shape[1] and stamp.shape[0] % 2 == 1:
        return normalised(_cut(np.asarray(stamp, dtype=float)))
    source = galsim.Image(np.ascontiguousarray(stamp, dtype=float), scale=stamp_scale)
    shape = galsim.InterpolatedImage(source, x_interpolant="lanczos5", normalization="sb", flux=1.0)
    shape = shape.shift(-shape.centroid)
    width = max(stamp.shape) * stamp_scale / image_scale
    radius = min(max(math.ceil(width / 2), 1), LARGEST_RADIUS)
    drawn = shape.drawImage(nx=2 * radius + 1, ny=2 * radius + 1, scale=image_scale, method="no_pixel", dtype=float)
    return normalised(_cut(drawn.array))


def normalised(stamp: NDArray[np.floating]) -> Tensor:
    """A stamp divided by its sum, as a float32 tensor."""
    return torch.from_numpy(np.ascontiguousarray(stamp / stamp.sum(), dtype=np.float32))


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


def _profile(profile: str, fwhm: float, beta: float, obscuration: float) -> galsim.GSObject:
    if profile == "gaussian":
        return galsim.Gaussian(fwhm=fwhm)
    if profile == "moffat":
        return galsim.Moffat(beta=beta, fwhm=fwhm)
    if profile == "kolmogorov":
        return galsim.Kolmogorov(fwhm=fwhm)
    if profile == "airy":
        unit = galsim.Airy(lam_over_diam=1.0, obscuration=obscuration)
        return galsim.Airy(lam_over_diam=fwhm / unit.calculateFWHM(), obscuration=obscuration)
    raise PSFError(f"the PSF profile is {profile!r}; gaussian, moffat, kolmogorov and airy are known")


def _radius_of_light(shape: galsim.GSObject) -> int:
    wide = shape.drawImage(nx=_WIDE, ny=_WIDE, scale=1.0, method="no_pixel", dtype=float).array
    radius = _distance(_WIDE)
    for candidate in range(1, LARGEST_RADIUS):
        if wide[radius <= candidate].sum() >= LIGHT_KEPT * shape.flux:
            return candidate
    return LARGEST_RADIUS


def _cut(stamp: NDArray[np.floating]) -> NDArray[np.floating]:
    centre = stamp.shape[0] // 2
    y, x = np.indices(stamp.shape) - centre
    reach = np.maximum(abs(y), abs(x))
    total = stamp.sum()
    for radius in range(1, centre):
        if radius >= LARGEST_RADIUS or stamp[reach <= radius].sum() >= LIGHT_KEPT * total:
            return stamp[centre - radius : centre + radius + 1, centre - radius : centre + radius + 1]
    return stamp
