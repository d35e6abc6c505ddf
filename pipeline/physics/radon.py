"""Computed tomography by parallel beams: line integrals of a slice from all sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from pipeline.errors import ClearfieldError
from pipeline.physics.edges import rarity
from pipeline.physics.filtered_back_projection import SpectralWindow, filtered, ramp, spread_of_filtered
from pipeline.physics.footprints import Footprints, footprints, mirror_images, mirrored_back
from pipeline.physics.noise import Noise
from pipeline.physics.operator import Operator
from pipeline.physics.scene_spectrum import SceneSpectrum


class GeometryError(ClearfieldError):
    """A scanner that cannot be one, or a slice that it was not made for."""


@dataclass(frozen=True, eq=False)
class Radon(Operator):
    """Projections of a slice in parallel beams, evenly over 180 degrees (Kak and Slaney 1988, section 3.1).

    Data have the shape (B, C, views, bins): the mean, over each bin, of line integrals, which have no unit. The view
    ``j`` lies at the angle ``a = 180 j / views`` degrees, and a pixel ``x`` to the right of and ``y`` above the middle
    of the slice falls on the bin ``x cos a + y sin a`` from the detector's middle. Half as many views are every second
    of these. Beyond its border the slice is surrounded by air.

    Parameters
    ----------
    shape : tuple of int
        Height and width of slices in px.
    views : int
        Over 180 degrees.
    pixel : float
        Width of a pixel, and of a bin, in mm.
    noise : Noise
        What is random in the line integrals.
    bins : int, optional
        Of the detector. By default no shadow falls beside it.
    per_unit : float
        Attenuation in 1/mm of one unit of the scene; 1 where the scene is in 1/mm itself.

    Raises
    ------
    GeometryError
        If a number is not above 0.
    """

    shape: tuple[int, int]
    views: int
    pixel: float
    noise: Noise
    bins: int = 0
    per_unit: float = 1.0

    def __post_init__(self) -> None:
        height, width = self.shape
        numbers = {"height": height, "width": width, "views": self.views, "pixel": self.pixel, "unit": self.per_unit}
        for name, value in numbers.items():
            if not 0 < value < math.inf:
                raise GeometryError(f"a scanner's {name} is {value:g}; a finite number above 0 is needed")
        if not self.bins:
            # As many more as keep the detector's middle on that of the slice, and a shadow's rim on the detector.
            object.__setattr__(self, "bins", self.size + 2 * math.ceil(self.size * (math.sqrt(2) - 1) / 2 + 1))

    @property
    def size(self) -> int:
        """Width in px of the square in whose middle slices lie."""
        return max(self.shape)

    def forward(self, scene: Tensor) -> Tensor:
        """Line integrals of a slice, shape (B, C, H, W), whose shape is (B, C, views, bins)."""
        if scene.shape[-2:] != self.shape:
            (height, width), (rows, columns) = scene.shape[-2:], self.shape
            raise GeometryError(
                f"a slice has {height} x {width} px and its scanner {rows} x {columns}; they must agree"
            )
        square = pad(scene, self._around).flatten(0, 1)
        seen: Tensor = _Projection.apply(square, self._footprints(scene))
        return (self.per_unit * self.pixel) * seen.unflatten(0, scene.shape[:2])

    def seen(self, scene: Tensor) -> Tensor:
        """Same as :meth:`forward`: every datum reads the whole slice, and nothing lies beyond it."""
        return self.forward(scene)

    def adjoint(self, data: Tensor) -> Tensor:
        """Back projection without a filter: the transpose of :meth:`forward`."""
        shadows = self._footprints(data)
        back: Tensor = _BackProjection.apply(data.flatten(0, 1), shadows)
        within = pad(back, [-margin for margin in self._around])
        return (self.per_unit * self.pixel) * within.unflatten(0, data.shape[:2])

    def preview(self, data: Tensor, window: SpectralWindow = ramp) -> Tensor:
        """Filtered back projection, shape (B, C, H, W), in the unit of the scene.

        ``f = pi / views sum_j Q_j(x cos a_j + y sin a_j)`` (Kak and Slaney 1988, equation 3.50) with ``Q_j`` the
        filtered view ``j``; the shadow of a pixel takes the place of interpolation between bins.
        """
        return self._scale * self.adjoint(filtered(data, window))

    def preview_sigma(self, sigma: Tensor) -> Tensor:
        """Standard deviation of the noise of :meth:`preview` without a window, from that of the data, pixel by pixel.

        For noise that differs little from bin to bin and not at all from its neighbours'; see
        :func:`~pipeline.physics.filtered_back_projection.spread_of_filtered`.
        """
        # The shadows add up to one pixel in each view, so their back projection is a mean over views.
        variance = self.adjoint(spread_of_filtered(sigma).square()) / (self.per_unit * self.pixel)
        return variance.clamp_min(0).sqrt() * (self._scale * self.per_unit * self.pixel)

    def regularised_inverse(
        self,
        data: Tensor,
        noise_to_signal: Tensor,
        spectrum: SceneSpectrum | None = None,
        inner: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Wiener's estimate for slices of regions with edges, which is a filtered back projection (Wiener 1949).

        ``A' A`` is ``c / |k|`` in Fourier space, with ``c = views (pixel per_unit)^2 / pi``; so
        ``(A' A + r q)^-1 A'`` is the ramp filter divided by ``1 + r q |k| / c``, ``q`` being
        :func:`~pipeline.physics.edges.rarity`.

        Parameters
        ----------
        data : Tensor, shape (B, C, views, bins)
        noise_to_signal : Tensor, shape (C,) or (B, C)
            Variance of the noise of the line integrals over that of the scene in its unit.
        spectrum : SceneSpectrum, optional
            Whose rarity takes the place of ``q``.
        inner : bool
            Makes no difference: nothing is cut away.

        Returns
        -------
        Tensor, shape (B, C, H, W)
        """
        strength = noise_to_signal.to(data)[..., None, None] * self._scale

        def window(k: Tensor) -> Tensor:
            q = rarity(k, self.size) if spectrum is None else spectrum.rarity(k)[:, None]
            return 1 / (1 + strength * q * k)

        return self.preview(data, window)

    def of(self, images: Tensor | slice) -> Radon:  # noqa: ARG002
        """The same scanner: it is one for all images of a batch."""
        return self

    def joined(self, others: Sequence[Operator]) -> Radon:
        """One scanner for a batch.

        Raises
        ------
        GeometryError
            If another has another geometry.
        """
        if any(not isinstance(other, Radon) or other._geometry != self._geometry for other in others):
            raise GeometryError("slices were seen by scanners of several geometries, so they make no batch; take each")
        return self

    @property
    def halo(self) -> int:
        """Nothing: no light comes from beyond the slice."""
        return 0

    @property
    def inverse_halo(self) -> int:
        """Nothing: the inverse of whole data is cut nowhere."""
        return 0

    @property
    def whole(self) -> bool:
        """A window of the slice cannot be seen alone."""
        return True

    def descriptor(self) -> dict[str, float]:
        """``view_spacing_px``: how far apart two views look at the rim of the slice, in px."""
        return {"view_spacing_px": math.pi / self.views * self.size / 2}

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain numbers."""
        numbers = {name: getattr(self, name) for name in ("views", "pixel", "bins", "per_unit")}
        return {"kind": "radon", "shape": list(self.shape), "noise": self.noise.to_dict()} | numbers

    @property
    def _geometry(self) -> tuple[Any, ...]:
        return self.shape, self.views, self.pixel, self.bins, self.per_unit

    @property
    def _around(self) -> tuple[int, int, int, int]:
        """Air to the left and right of the slice, above and below it, that makes a square of it."""
        height, width = self.shape
        left, top = (self.size - width) // 2, (self.size - height) // 2
        return left, self.size - width - left, top, self.size - height - top

    @property
    def _scale(self) -> float:
        return math.pi / self.views / (self.pixel * self.per_unit) ** 2

    def _footprints(self, like: Tensor) -> Footprints:
        return footprints(self.size, self.views, self.bins, like.dtype, like.device)


class _Projection(torch.autograd.Function):
    """Projection of square slices, shape (B, N, N) to (B, views, bins), one pixel and one bin being 1 wide."""

    @staticmethod
    def forward(ctx: Any, squares: Tensor, shadows: Footprints) -> Tensor:
        ctx.shadows = shadows
        images = mirror_images(squares)
        seen = shadows.project @ images.flatten(0, 1).flatten(1).T.contiguous()
        views = seen.T.unflatten(0, images.shape[:2]).unflatten(-1, (-1, shadows.bins))
        return views.transpose(1, 2)[shadows.mirrored, shadows.stored].transpose(0, 1).contiguous()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _BackProjection.apply(gradient, ctx.shadows), None


class _BackProjection(torch.autograd.Function):
    """Transpose of :class:`_Projection`."""

    @staticmethod
    def forward(ctx: Any, data: Tensor, shadows: Footprints) -> Tensor:
        ctx.shadows = shadows
        stored, size = shadows.back.shape[1] // shadows.bins, math.isqrt(shadows.back.shape[0])
        views = data.new_zeros(4, stored, len(data), data.shape[-1])
        views[shadows.mirrored, shadows.stored] = data.transpose(0, 1)
        spread = shadows.back @ views.permute(1, 3, 0, 2).flatten(2).flatten(0, 1)
        return mirrored_back(spread.T.reshape(4, len(data), size, size))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Projection.apply(gradient, ctx.shadows), None
