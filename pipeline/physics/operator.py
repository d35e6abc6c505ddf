"""What an instrument does to a scene, and the questions that every restorer and every check asks of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from pipeline.physics.noise import Noise
from pipeline.physics.scene_spectrum import SceneSpectrum


class Operator(ABC):
    """A linear instrument ``y = A x`` followed by noise.

    Scenes have the shape (B, C, H, W) in the physical unit of the image, on any device. Data are real numbers of the
    shape (B, C, M, N): an image like the scene behind a blur, where ``M, N`` is ``H, W``; rows of detector bins in
    tomography, lines of k-space in magnetic resonance. A restorer uses these methods only and never asks which
    instrument it has before it.
    """

    noise: Noise

    @abstractmethod
    def forward(self, scene: Tensor) -> Tensor:
        """Noise-free data of a scene."""

    @abstractmethod
    def seen(self, scene: Tensor) -> Tensor:
        """Noise-free data of the middle of a scene: what lies at least ``halo`` pixels from its border."""

    @abstractmethod
    def of(self, images: Tensor | slice) -> Operator:
        """The instruments of some images of a batch, by number, in any order and any often."""

    @abstractmethod
    def joined(self, others: Sequence[Operator]) -> Operator:
        """Make one batch of the instruments of single images: of this one, then of others of its kind."""

    @property
    def whole(self) -> bool:
        """Whether a datum reads the whole scene, so that no window of either can be seen or restored alone."""
        return False

    @property
    def magnitude(self) -> bool:
        """Whether the preview is the length of complex numbers, whose noise is that of Rice."""
        return False

    def preview(self, data: Tensor) -> Tensor:
        """The data brought to the grid of the scene without further ado; the data themselves where they are on it."""
        return data

    def preview_sigma(self, sigma: Tensor) -> Tensor:
        """Standard deviation of the noise of :meth:`preview`, from that of the data."""
        return sigma

    def repeated(self, like: Tensor) -> Operator:  # noqa: ARG002
        """The same instrument for many scenes as large as ``like``, on its device; some are quicker if they know."""
        return self

    def adjoint(self, data: Tensor) -> Tensor:
        """Apply the transpose of :meth:`forward`, so that ``<A x, y> = <x, A^T y>``, borders included.

        Here it is read off the gradient of :meth:`forward`, for data of the scene's shape; an instrument that knows a
        quicker way overrides it.
        """
        zero = torch.zeros_like(data, requires_grad=True)
        with torch.enable_grad():
            (transposed,) = torch.autograd.grad(self.forward(zero), zero, data)
        return transposed

    @abstractmethod
    def regularised_inverse(
        self, data: Tensor, noise_to_signal: Tensor, spectrum: SceneSpectrum | None = None, inner: bool = False
    ) -> Tensor:
        """A quick linear estimate of the scene.

        Parameters
        ----------
        data : Tensor, shape (B, C, M, N)
        noise_to_signal : Tensor, shape (C,) or (B, C)
            Variance of the noise over variance of the scene: the larger, the smoother the estimate.
        spectrum : SceneSpectrum, optional
            How scenes such as this share their variance among frequencies, of data in units of each band's standard
            deviation of the scene; by default as the instrument supposes.
        inner : bool
            Leave out the ``inverse_halo`` pixels at each border, for data that were read with so much more.
        """

    @property
    @abstractmethod
    def halo(self) -> int:
        """Pixels of scene that one datum reads on each side."""

    @property
    @abstractmethod
    def inverse_halo(self) -> int:
        """Pixels of data that one pixel of :meth:`regularised_inverse` reads on each side."""

    @abstractmethod
    def descriptor(self) -> dict[str, float]:
        """The numbers by which a network tells one such instrument from another, by name."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The parameters as numbers and arrays, for :func:`pipeline.physics.operator_from`."""

    def residual_chi2(self, restored: Tensor, data: Tensor, sigma: Tensor, mask: Tensor) -> Tensor:
        """How well a restored scene explains the data: ``mean(((A x - y) / sigma)^2)`` over trusted pixels.

        About 1 where ``restored`` is the truth; well below 1 where noise was fitted, well above where the data are
        contradicted.

        Parameters
        ----------
        restored : Tensor, shape (B, C, H, W)
        data, sigma : Tensor, shape (B, C, M, N)
        mask : Tensor, shape (B, C, M, N), bool
            True where a datum is not to be trusted.

        Returns
        -------
        Tensor, shape (B,)
            NaN for an image without a trusted pixel.
        """
        squared = ((self.forward(restored) - data) / sigma).square().masked_fill(mask, 0.0)
        return squared.flatten(1).sum(1) / (~mask).flatten(1).sum(1)
