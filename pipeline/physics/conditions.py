"""From the words of a condition to the instrument that acts on one image: widths in px, noise in the image's unit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config import Condition, Degrade, Images, parse_width
from pipeline.config import Noise as NoiseSettings
from pipeline.config import Psf as PsfSettings
from pipeline.image import Image
from pipeline.physics.blur import Blur
from pipeline.physics.final_width import width_to_add
from pipeline.physics.galaxygan import added_sigma, sky_sigma
from pipeline.physics.noise import GaussianNoise, Noise, PoissonNoise
from pipeline.physics.psf import PSFError, draw_psf, padded_psfs, resampled_psf

Stamp = tuple[NDArray[np.floating], float | None]
"""A measured PSF, shape (H, W) or (C, H, W), and the width of its pixels in arcsec where it is known."""


def operator_for(
    image: Image,
    condition: Condition,
    degrade: Degrade,
    images: Images,
    psf_stamp: Stamp | None,
    sky_sigma: Sequence[float],
) -> Blur:
    """The instrument of a condition, for one image.

    Parameters
    ----------
    image : Image
        The truth. Its bands and pixel scale count; under the protocol ``galaxygan`` the noise is measured on it too.
    condition : Condition
        One PSF with one noise level.
    degrade : Degrade
        For the protocol.
    images : Images
        For the pixel scale and the PSF that the images have, where their files do not say.
    psf_stamp : Stamp, optional
        What the file of the PSF holds, for the profile ``file``.
    sky_sigma : sequence of float
        The image's own sky noise, per band, in its unit; for noise that is given as a ratio.

    Returns
    -------
    Blur
        With a PSF of shape (C, K, K).

    Raises
    ------
    PSFError
        If the PSF cannot be drawn on the pixels of the image.
    ConfigError
        If a width is in arcsec and no pixel scale is known.
    ProtocolError
        If the protocol ``galaxygan`` finds no sky.
    """
    psf = psf_for(condition.psf, images, image.shape[0], image.pixel_scale or images.pixel_scale, psf_stamp)
    if degrade.protocol == "galaxygan" and condition.noise.ratio:
        return Blur(psf, _galaxygan_noise(image, psf, condition.noise.ratio[0]))
    return Blur(psf, noise_for(condition.noise, psf, sky_sigma, degrade.protocol))


def psf_for(
    settings: PsfSettings,
    images: Images,
    bands: int,
    pixel_scale: float | None,
    stamp: Stamp | None,
    widened: float = 1.0,
) -> Tensor:
    """The PSF of a condition on the pixels of an image.

    Parameters
    ----------
    settings : Psf
        With one width.
    images : Images
        For the width that the images have already.
    bands : int
        Number of planes, C.
    pixel_scale : float, optional
        Width of the image's pixels in arcsec.
    stamp : Stamp, optional
        What the file holds, for the profile ``file``.
    widened : float
        Factor on its width, of an analytic profile and of a stamp alike: the PSF as one takes it to be who mistakes it.

    Returns
    -------
    Tensor, shape (C, K, K)

    Raises
    ------
    PSFError
        If the final width is not above the image's own, or the stamp does not fit the bands or the pixels.
    """
    if settings.profile != "file":
        width = widened * added_width(settings, images, pixel_scale)
        kernel = draw_psf(settings.profile, width, settings.beta, settings.obscuration)
        return kernel.expand(bands, -1, -1).contiguous()
    if stamp is None:
        raise PSFError(f"{settings.file}: was not read; the profile `file` needs its stamp")
    try:
        return psf_from_stamp(stamp, bands, pixel_scale, widened)
    except PSFError as error:
        raise PSFError(f"{settings.file}: {error}") from None


def psf_from_stamp(stamp: Stamp, bands: int, pixel_scale: float | None, widened: float = 1.0) -> Tensor:
    """A measured PSF on the pixels of an image; a single stamp serves every band.

    Where neither the stamp nor the image says how wide its pixels are, as in microscopy, they are taken to be the same.

    Parameters
    ----------
    stamp : Stamp
    bands : int
        Number of planes, C.
    pixel_scale : float, optional
        Width of the image's pixels in arcsec.
    widened : float
        Factor on its width.

    Returns
    -------
    Tensor, shape (C, K, K)

    Raises
    ------
    PSFError
        If there is neither one plane nor one per band, or only one of the two pixel scales is known.
    """
    planes, stamp_scale, image_scale = planes_and_scales(stamp, pixel_scale)
    if len(planes) not in (1, bands):
        raise PSFError(f"the PSF has {len(planes)} planes and the image {bands} bands; give one plane, or one per band")
    kernels = [resampled_psf(plane, widened * stamp_scale, image_scale) for plane in planes]
    return padded_psfs(kernels).expand(bands, -1, -1).contiguous()


def planes_and_scales(stamp: Stamp, pixel_scale: float | None) -> tuple[NDArray[np.floating], float, float]:
    """A measured PSF plane by plane, shape (N, H, W), and the widths of its pixels and the image's, in one unit.

    Raises
    ------
    PSFError
        If only one of the two pixel scales is known.
    """
    planes, scale = stamp
    if (scale is None) != (pixel_scale is None):
        unknown, key = ("PSF", "degrade.psf.file_scale") if scale is None else ("image", "images.pixel_scale")
        raise PSFError(
            f"the pixel scale of the {unknown} is not known, so the PSF cannot be resampled; set {key} in arcsec"
        )
    return (planes[None] if planes.ndim == 2 else planes), scale or 1.0, pixel_scale or 1.0


def added_width(settings: PsfSettings, images: Images, pixel_scale: float | None) -> float:
    """FWHM in px of the blur that is added; for a final width, see :func:`~pipeline.physics.final_width.width_to_add`.

    Parameters
    ----------
    settings : Psf
        With one width.
    images : Images
        For the width that the images have already.
    pixel_scale : float, optional
        Width of the image's pixels in arcsec.

    Raises
    ------
    PSFError
        If the final width is not above the image's own, or cannot be reached.
    """
    if settings.fwhm:
        return parse_width(settings.fwhm[0]).in_pixels(pixel_scale)
    if settings.profile == "file" or not settings.fwhm_final:
        raise PSFError("the PSF has no width; set degrade.psf.fwhm, such as [3px, 4px]")
    final, own = parse_width(settings.fwhm_final[0]), parse_width(images.psf_fwhm)
    wide, narrow = final.in_pixels(pixel_scale), own.in_pixels(pixel_scale)
    if wide <= narrow:
        raise PSFError(
            f"degrade.psf.fwhm_final is {final}, and the images are {own} wide already; a larger width is needed"
        )
    try:
        return width_to_add(settings.profile, narrow, wide, settings.beta, settings.obscuration)
    except PSFError as error:
        raise PSFError(f"degrade.psf.fwhm_final is {final}, and images.psf_fwhm {own}: {error}") from None


def noise_for(
    settings: NoiseSettings,
    psf: Tensor,
    sky_sigma: Sequence[float],
    protocol: str = "physical",
    background: Sequence[float] = (),
) -> Noise:
    """The noise of a condition, in the unit of an image.

    A ratio asks for that multiple of the image's own sky noise after the blur. What the blur leaves of white noise,
    ``sigma sqrt(sum(psf^2))``, counts towards it, in variance.

    Parameters
    ----------
    settings : Noise
        With one level.
    psf : Tensor, shape (C, K, K)
    sky_sigma : sequence of float
        The image's own sky noise, per band.
    protocol : {"physical", "galaxygan"}
        ``galaxygan`` gives all bands one realisation. :func:`operator_for` measures its level on the image; here, where
        there is none, it is predicted from the sky noise.
    background : sequence of float
        Level of the light that was taken off the image, per band; none by default.
    """
    bands = len(psf)
    if settings.kind == "poisson":
        gain = (settings.gain or [1.0])[0]
        sky = tuple(settings.sky + max(level, 0.0) for level in background or (0.0,) * bands)
        return PoissonNoise((gain,) * bands, (settings.read_noise,) * bands, sky)
    shared = protocol == "galaxygan"
    if settings.sigma:
        return GaussianNoise((settings.sigma[0],) * bands, shared)
    ratio, kept = (settings.ratio or [1.0])[0], psf.double().square().sum((-2, -1)).tolist()
    own = [float(s) for s in sky_sigma]
    if shared:
        pooled = math.sqrt(sum(s**2 for s in own) / len(own))
        left = math.sqrt(sum(s**2 * k for s, k in zip(own, kept, strict=True)) / len(own))
        return GaussianNoise((added_sigma(pooled, left, ratio),) * bands, shared)
    return GaussianNoise(tuple(s * math.sqrt(max(ratio**2 - k, 0.0)) for s, k in zip(own, kept, strict=True)))


def _galaxygan_noise(image: Image, psf: Tensor, ratio: float) -> GaussianNoise:
    blurred = Blur(psf, GaussianNoise((0.0,) * len(psf))).forward(torch.from_numpy(image.pixels)[None])[0].numpy()
    trusted = ~image.mask
    level = added_sigma(sky_sigma(image.pixels[trusted]), sky_sigma(blurred[trusted]), ratio)
    return GaussianNoise((level,) * len(psf), shared=True)
