"""The PSF of an image after it was interpolated onto a finer grid: the interpolation blurs too."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import affine_transform
from torch import Tensor

from pipeline.pairing.resampling import TAPS, cubic_convolution

SAMPLES = 64
"""Points across a pixel at which the interpolating function is integrated."""
UPRIGHT = 1e-3
"""How far from the identity a rotation may be that is no rotation."""


def interpolated_psf(psf: Tensor, jacobian: NDArray[np.float64]) -> Tensor:
    """The PSF, on the sharp image's pixels, of a blurred image that was interpolated there.

    A point at any place is sampled by the coarse pixels and interpolated with the weights ``w``. Over all places that a
    point may have beside the coarse grid, this is on average a convolution of the PSF with ``w``.

    Parameters
    ----------
    psf : Tensor, shape (..., K, K)
        What the blurred image's pixels see of a point, on the sharp image's pixels.
    jacobian : array, shape (2, 2)
        Pixels of the blurred image for a pixel of the sharp one.

    Returns
    -------
    Tensor, shape (..., K, K)
        Of as many pixels, summing to one.
    """
    width = psf.shape[-1]
    # Room for what comes in at the other end of a periodic grid.
    size = 2 * width
    frequencies = np.stack(np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing="ij"))
    coarse = np.einsum("ji,jhw->ihw", np.linalg.inv(jacobian), frequencies)
    transfer = torch.from_numpy(_spectrum(coarse[0]) * _spectrum(coarse[1]))
    wider = torch.fft.ifft2(torch.fft.fft2(psf.double(), s=(size, size)) * transfer).real[..., :width, :width]
    return (wider / wider.sum((-2, -1), keepdim=True)).float()


def turned(stamp: NDArray[np.floating], jacobian: NDArray[np.float64]) -> NDArray[np.floating]:
    """A PSF as it stands in the blurred image, shape (C, H, W), turned or mirrored as the sharp image sees it."""
    left, _, right = np.linalg.svd(jacobian)
    rotation = left @ right
    if np.abs(rotation - np.eye(2)).max() < UPRIGHT:
        return stamp
    middle = (np.array(stamp.shape[-2:]) - 1) / 2
    return np.stack([affine_transform(plane, rotation, middle - rotation @ middle) for plane in stamp])


def _spectrum(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fourier transform of the interpolating function at frequencies in cycles per pixel of the blurred image."""
    reach = TAPS / 2
    at = np.linspace(0, reach, round(reach * SAMPLES) + 1)
    # An even function, zero at the far end.
    weights = cubic_convolution(at) * np.where(at == 0, 1.0, 2.0) / SAMPLES
    found, where = np.unique(frequency.round(12), return_inverse=True)
    return (np.cos(2 * np.pi * np.outer(found, at)) @ weights)[where].reshape(frequency.shape)
