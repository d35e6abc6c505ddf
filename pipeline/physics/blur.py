"""Convolution with a point-spread function, the commonest thing that an instrument does to a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipeline.physics.noise import Noise
from pipeline.physics.operator import Operator
from pipeline.physics.psf import PSFError, encircled_radius, measured_fwhm
from pipeline.tiling import reflected_index

INVERSE_HALO = 32
"""Radius in px at which the inverse filter is cut: what lies beyond is below 1e-6 of the range for PSFs up to 8 px wide."""


@dataclass(frozen=True)
class Blur(Operator):
    """Blur by a point-spread function: ``y = k * x`` plus noise (Schawinski et al. 2017, section 2).

    Beyond its border the scene is continued by reflection.

    Parameters
    ----------
    psf : Tensor, shape (C, K, K) or (B, C, K, K)
        One kernel per band, and per image of a batch if need be; odd ``K``, centred, each summing to one.
    noise : Noise
        What the detector adds.

    Raises
    ------
    PSFError
        If ``K`` is even, a value is not finite, or a kernel does not sum to one within 1e-4.
    """

    psf: Tensor
    noise: Noise

    def __post_init__(self) -> None:
        if self.psf.shape[-1] % 2 == 0:
            raise PSFError(f"the PSF is {self.psf.shape[-1]} px wide; an odd width is needed, so that it has a centre")
        if not self.psf.isfinite().all():
            raise PSFError("the PSF holds NaN or infinite values; a finite kernel is needed")
        total = self.psf.sum((-2, -1))
        if (total - 1).abs().max() > 1e-4:
            raise PSFError(f"the PSF sums to {total.min():.4g}; divide it by its sum first")

    @property
    def halo(self) -> int:
        """Pixels of scene that one datum reads on each side."""
        return self.psf.shape[-1] // 2

    @property
    def inverse_halo(self) -> int:
        """Pixels of data that one pixel of :meth:`regularised_inverse` reads on each side."""
        return INVERSE_HALO

    def forward(self, scene: Tensor) -> Tensor:
        """Blur a scene, shape (B, C, H, W), in any linear unit; the result has the same."""
        return convolve_valid(pad_reflect(scene, self.halo), self.psf)

    def regularised_inverse(self, data: Tensor, noise_to_signal: Tensor) -> Tensor:
        """Wiener's filter as a finite kernel, so that a tile with its halo gives what the whole gives."""
        kernel = wiener_kernel(self.psf, noise_to_signal, self.inverse_halo)
        return convolve_valid(pad_reflect(data, self.inverse_halo), kernel)

    def descriptor(self) -> dict[str, float]:
        """Width and wings of the PSF in px, averaged over the bands."""
        bands = self.psf.double().cpu()
        return {
            "fwhm_px": sum(measured_fwhm(k) for k in bands) / len(bands),
            "r80_px": sum(encircled_radius(k, 0.8) for k in bands) / len(bands),
        }

    def to_dict(self) -> dict[str, Any]:
        """The parameters as numbers and arrays."""
        return {"kind": "blur", "psf": self.psf.cpu().numpy(), "noise": self.noise.to_dict()}


def pad_reflect(image: Tensor, margin: int) -> Tensor:
    """Continue an image, shape (B, C, H, W), by reflection; unlike torch's ``pad``, by any margin."""
    height, width = image.shape[-2:]
    rows = torch.from_numpy(reflected_index(-margin, height + margin, height)).to(image.device)
    columns = torch.from_numpy(reflected_index(-margin, width + margin, width)).to(image.device)
    return image.index_select(-2, rows).index_select(-1, columns)


def convolve_valid(image: Tensor, kernel: Tensor) -> Tensor:
    """Convolve where the kernel lies wholly inside the image.

    By FFT: at the usual widths (21 px and more) it is cheaper than sliding the kernel, on CPU and GPU alike.

    Parameters
    ----------
    image : Tensor, shape (B, C, H, W)
    kernel : Tensor, shape (C, K, K) or (B, C, K, K)

    Returns
    -------
    Tensor, shape (B, C, H - K + 1, W - K + 1)
    """
    size, reach = image.shape[-2:], kernel.shape[-1] - 1
    spectrum = torch.fft.rfft2(image) * torch.fft.rfft2(kernel, s=size)
    return torch.fft.irfft2(spectrum, s=size)[..., reach:, reach:]


def wiener_kernel(psf: Tensor, noise_to_signal: Tensor, radius: int) -> Tensor:
    """Wiener's inverse of a PSF as a kernel of ``2 radius + 1`` pixels, which sums to one: flux is kept.

    ``G = conj(H) / (|H|^2 + r q)`` with ``r`` the noise-to-signal ratio and ``q = |k|^2 / mean(|k|^2)``: scenes hold less power at
    high frequencies, so the filter trusts these less (Wiener 1949; Gonzalez and Woods, eq. 5.9-4, constrained by the Laplacian).

    Parameters
    ----------
    psf : Tensor, shape (C, K, K) or (B, C, K, K)
    noise_to_signal : Tensor, shape (C,) or (B, C)
    radius : int
        Half width of the result in px.
    """
    size = 4 * radius
    transfer = torch.fft.rfft2(psf, s=(size, size))
    vertical = torch.fft.fftfreq(size, device=psf.device, dtype=psf.dtype)[:, None]
    horizontal = torch.fft.rfftfreq(size, device=psf.device, dtype=psf.dtype)
    # sin^2 is the discrete Laplacian's k^2, smooth across the Nyquist frequency, so the kernel falls off fast; its mean is 1.
    roughness = torch.sin(torch.pi * vertical) ** 2 + torch.sin(torch.pi * horizontal) ** 2
    inverse = transfer.conj() / (transfer.abs().square() + noise_to_signal[..., None, None] * roughness)
    kernel = torch.fft.irfft2(inverse, s=(size, size)).roll((radius + psf.shape[-1] // 2,) * 2, (-2, -1))
    kernel = kernel[..., : 2 * radius + 1, : 2 * radius + 1]
    return kernel / kernel.sum((-2, -1), keepdim=True)
