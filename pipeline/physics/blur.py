"""Convolution with a point-spread function, the commonest thing that an instrument does to a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from pipeline.physics.noise import Noise
from pipeline.physics.operator import Operator
from pipeline.physics.psf import PSFError, encircled_radius, measured_fwhm, padded_psfs
from pipeline.physics.scene_spectrum import SceneSpectrum, power_on_grid
from pipeline.physics.transfer_function import transfer_function
from pipeline.physics.wiener_filter import grid_of, wiener_kernels
from pipeline.tiling import reflected_index

INVERSE_HALO = 32
"""Radius in px at which the inverse filter is cut: every pixel of a restored tile reads this far."""


@dataclass(frozen=True, eq=False)
class Blur(Operator):
    """Blur by a point-spread function: ``y = k * x`` plus noise (Schawinski et al. 2017, section 2).

    Beyond its border the scene is continued by reflection. The PSF follows the data to their device and precision.

    Parameters
    ----------
    psf : Tensor, shape (C, K, K) or (B, C, K, K)
        One kernel per band, and per image of a batch if need be; odd ``K``, centred, each summing to one.
    noise : Noise
        What the detector adds.

    Raises
    ------
    PSFError
        If the PSF is not square, ``K`` is even, a value is not finite, or a kernel does not sum to one within 1e-4.
    """

    psf: Tensor
    noise: Noise

    def __post_init__(self) -> None:
        if self.psf.ndim not in (3, 4) or self.psf.shape[-1] != self.psf.shape[-2]:
            raise PSFError(f"the PSF has the shape {tuple(self.psf.shape)}; one square kernel per band is needed")
        if self.psf.shape[-1] % 2 == 0:
            raise PSFError(f"the PSF is {self.psf.shape[-1]} px wide; an odd width is needed, so that it has a centre")
        if not self.psf.isfinite().all():
            raise PSFError("the PSF holds NaN or infinite values; a finite kernel is needed")
        total = self.psf.sum((-2, -1)).flatten()
        worst = total[(total - 1).abs().argmax()]
        if (worst - 1).abs() > 1e-4:
            raise PSFError(f"the PSF sums to {worst:.4g}; divide it by its sum first")

    def of(self, images: Tensor | slice) -> Blur:
        """The blurs of some images of a batch, by number, in any order and any often."""
        return Blur.unchecked(self.psf[images], self.noise)

    @staticmethod
    def unchecked(psf: Tensor, noise: Noise) -> Blur:
        """A blur whose PSF is known to be one: to check it, a GPU would have to be waited for."""
        return _Unchecked(psf, noise)

    def joined(self, others: Sequence[Operator]) -> Blur:
        """Make one batch of the blurs of single images: of this one, then of others."""
        kernels = [self.psf, *(other.psf for other in others if isinstance(other, Blur))]
        if all(torch.equal(kernel, self.psf) for kernel in kernels):
            return self
        return Blur.unchecked(padded_psfs(kernels), self.noise)

    def repeated(self, like: Tensor) -> Blur:
        """The same blur, quicker to apply again and again to scenes as large as ``like``, on its device."""
        from pipeline.physics.repeated_blur import RepeatedBlur  # here, since it is a blur itself

        return RepeatedBlur(self.psf.to(like), self.noise, (like.shape[-2], like.shape[-1]))

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
        return self.seen(pad_reflect(scene, self.halo))

    def seen(self, scene: Tensor) -> Tensor:
        """Blur the middle of a scene, shape (B, C, H, W), without its border: (B, C, H - 2 halo, W - 2 halo)."""
        return convolve_valid(scene, self.psf.to(scene))

    def adjoint(self, data: Tensor) -> Tensor:
        """Apply the transpose of :meth:`forward` to data, shape (B, C, H, W), borders included."""
        return fold_reflect(convolve_full(data, self.psf.to(data).flip(-2, -1)), self.halo)

    def regularised_inverse(
        self, data: Tensor, noise_to_signal: Tensor, spectrum: SceneSpectrum | None = None, inner: bool = False
    ) -> Tensor:
        """Wiener's filter as a finite kernel, so that a tile with its halo gives what the whole gives; flux is kept.

        Parameters
        ----------
        data : Tensor, shape (B, C, H, W)
        noise_to_signal : Tensor, shape (C,) or (B, C)
            Variance of the noise over variance of the scene, above 0.
        spectrum : SceneSpectrum, optional
            Of scenes such as this, in whose unit the data are; bands that look alike then help one another. By default
            that of :meth:`~pipeline.physics.scene_spectrum.SceneSpectrum.falling`.
        inner : bool
            Leave out the ``inverse_halo`` pixels at each border, instead of reflecting the data there.
        """
        psf, radius = self.psf.to(data), self.inverse_halo
        spectrum, grid = spectrum or SceneSpectrum.falling(data.shape[1]), grid_of(radius, psf.shape[-1])
        signal, transfer = power_on_grid(spectrum, grid, data.device), transfer_function(psf, (grid, grid))
        noise, data = noise_to_signal.to(data), data if inner else pad_reflect(data, radius)
        if spectrum.apart:
            # Every band is an image of one band.
            own = signal.diagonal(dim1=0, dim2=1).movedim(-1, 0)[None, None]
            kernels = wiener_kernels(transfer.unsqueeze(-3), own, noise[..., None, None], radius)[..., 0, 0, :, :]
            return convolve_valid(data, kernels / kernels.sum((-2, -1), keepdim=True))
        kernels = wiener_kernels(transfer, signal, torch.diag_embed(noise), radius)
        # What is the same everywhere stays as it is.
        kernels = torch.einsum("...om,...mihw->...oihw", torch.linalg.inv(kernels.sum((-2, -1))), kernels)
        return convolve_bands(data, kernels)

    def descriptor(self) -> dict[str, float]:
        """``fwhm_px`` and ``r80_px``, the radius of 80% of the light: width and wings in px, averaged over bands."""
        return {name: sum(values) / len(values) for name, values in self.descriptors().items()}

    def descriptors(self) -> dict[str, list[float]]:
        """The numbers of :meth:`descriptor` for each band (and each image of a batch), before they are averaged."""
        kernels = self.psf.double().cpu().flatten(0, -3)
        return {
            "fwhm_px": [measured_fwhm(k) for k in kernels],
            "r80_px": [encircled_radius(k, 0.8) for k in kernels],
        }

    def to_dict(self) -> dict[str, Any]:
        """The parameters as numbers and arrays."""
        return {"kind": "blur", "psf": self.psf.detach().cpu().numpy(), "noise": self.noise.to_dict()}


class _Unchecked(Blur):
    def __post_init__(self) -> None:
        pass


def pad_reflect(image: Tensor, margin: int) -> Tensor:
    """Continue an image, shape (B, C, H, W), by reflection; unlike torch's ``pad``, by any margin."""
    height, width = image.shape[-2:]
    rows, columns = (reflected(n, margin, margin, image.device) for n in (height, width))
    return image.index_select(-2, rows).index_select(-1, columns)


def fold_reflect(padded: Tensor, margin: int) -> Tensor:
    """Transpose of :func:`pad_reflect`: what lies in the margin is added to the pixels from which it was copied."""
    height, width = (n - 2 * margin for n in padded.shape[-2:])
    rows, columns = (reflected(n, margin, margin, padded.device) for n in (height, width))
    folded = padded.new_zeros((*padded.shape[:-2], height, padded.shape[-1])).index_add_(-2, rows, padded)
    return padded.new_zeros((*padded.shape[:-2], height, width)).index_add_(-1, columns, folded)


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
    (height, width), reach = image.shape[-2:], kernel.shape[-1] - 1
    return _product_of_spectra(image, kernel, height, width)[..., reach:height, reach:width]


def convolve_full(image: Tensor, kernel: Tensor) -> Tensor:
    """Convolve wherever the kernel touches the image, which is zero beyond its border.

    Parameters
    ----------
    image : Tensor, shape (B, C, H, W)
    kernel : Tensor, shape (C, K, K) or (B, C, K, K)

    Returns
    -------
    Tensor, shape (B, C, H + K - 1, W + K - 1)
    """
    height, width = (n + kernel.shape[-1] - 1 for n in image.shape[-2:])
    return _product_of_spectra(image, kernel, height, width)[..., :height, :width]


def convolve_bands(image: Tensor, kernels: Tensor) -> Tensor:
    """Convolve all bands into each, where the kernels lie wholly inside the image.

    Parameters
    ----------
    image : Tensor, shape (B, C, H, W)
    kernels : Tensor, shape (C, C, K, K) or (B, C, C, K, K)
        Band out, band in.

    Returns
    -------
    Tensor, shape (B, C, H - K + 1, W - K + 1)
    """
    (height, width), reach = image.shape[-2:], kernels.shape[-1] - 1
    size = _quick_size(height, width)
    mixed = (torch.fft.rfft2(image, s=size)[:, None] * torch.fft.rfft2(kernels, s=size)).sum(2)
    return torch.fft.irfft2(mixed, s=size)[..., reach:height, reach:width]


def _product_of_spectra(image: Tensor, kernel: Tensor, height: int, width: int) -> Tensor:
    size = _quick_size(height, width)
    return torch.fft.irfft2(torch.fft.rfft2(image, s=size) * torch.fft.rfft2(kernel, s=size), s=size)


def _quick_size(height: int, width: int) -> tuple[int, int]:
    # Lengths of small prime factors, since a long prime costs several times as much; zeros fill up.
    return next_fast_len(height, real=True), next_fast_len(width, real=True)


@lru_cache(maxsize=64)
def reflected(size: int, before: int, after: int, device: torch.device) -> Tensor:
    """Which of ``size`` rows stand for those from ``before`` ahead of them to ``after`` behind, by reflection."""
    # Whoever asks first, others may need it for a gradient.
    with torch.inference_mode(False):
        return torch.from_numpy(reflected_index(-before, size + after, size)).to(device)
