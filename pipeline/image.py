"""An image with everything that a measurement on it needs: values, mask, noise, unit, bands and where it points."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError

Pixels = NDArray[np.float32]
Mask = NDArray[np.bool_]

DISPLAY = "display"
"""Unit of an image whose values were stretched for the eye: no flux can be measured on it."""

SOUND, LESION = 1, 2
"""What ``Image.findings`` says of a pixel: tissue in which lesions are looked for, and a lesion; of the rest, 0."""

UNKNOWN = "unknown"
"""Unit of an image of which neither the file nor the configuration names one."""


def unit_in_words(unit: str) -> str:
    """The unit of an image's values, as it follows a number or stands after ``in``."""
    return {DISPLAY: "display units", UNKNOWN: "the files’ own units"}.get(unit, unit)


class ImageError(ClearfieldError):
    """Values, mask, noise and bands that do not make one image."""


@dataclass(frozen=True, eq=False)
class Image:
    """Values on a grid of pixels, one plane per band.

    Parameters
    ----------
    id : str
        Name of the image within its study.
    pixels : array, shape (C, H, W), float32
        Physical values in ``unit``; finite everywhere (masked pixels hold a placeholder).
    mask : array, shape (C, H, W), bool
        True where a pixel must not be trusted: no data, flagged, or filled in.
    unit : str
        Unit of ``pixels``, such as ``nanomaggy``, ``electron/s`` or ``display``.
    bands : tuple of str
        One name per plane.
    group : str
        Images of one group never stand on both sides of a split (one galaxy, one patient).
    sigma : array, shape (C, H, W), float32, optional
        Standard deviation of the noise that the image already holds, in ``unit``.
    background : array, shape (C, H, W), float32, optional
        What ``images.background`` took off, in ``unit``; added again when a result is written out.
    pixel_scale : float, optional
        Width of a pixel in arcsec.
    pixel_mm : float, optional
        Width of a pixel in mm, of a slice through a body.
    findings : array, shape (C, H, W), uint8, optional
        Where lesions are, if somebody knows: 2 of a lesion, 1 of sound tissue in which lesions are looked for, 0 of
        what is left.
    header : str, optional
        FITS header of the science image as text, for WCS and provenance.

    Raises
    ------
    ImageError
        If a plane has another shape than the pixels, or there is not one name for each band.
    """

    id: str
    pixels: Pixels
    mask: Mask
    unit: str
    bands: tuple[str, ...]
    group: str = ""
    sigma: Pixels | None = None
    background: Pixels | None = None
    pixel_scale: float | None = None
    header: str | None = None
    pixel_mm: float | None = None
    findings: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        for name in ("mask", "sigma", "background", "findings"):
            values = getattr(self, name)
            if values is not None and values.shape != self.pixels.shape:
                raise ImageError(f"{self.id}: {name} has the shape {values.shape}, the pixels {self.pixels.shape}")
        if len(self.bands) != len(self.pixels):
            raise ImageError(f"{self.id}: {len(self.bands)} bands are named, and there are {len(self.pixels)} planes")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of ``pixels``, (C, H, W)."""
        return self.pixels.shape

    def with_size(self, height: int, width: int) -> Image:
        """An empty image of another size that is like this one in all else."""
        shape = len(self.bands), height, width
        pixels, mask = np.zeros(shape, np.float32), np.zeros(shape, bool)
        return replace(self, pixels=pixels, mask=mask, sigma=None, background=None, findings=None)

    def with_pixels(self, pixels: Pixels) -> Image:
        """Return the same image with other values, of the same shape and unit."""
        return replace(self, pixels=pixels)
