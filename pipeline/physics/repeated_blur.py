"""A blur that is applied again and again to scenes of one size, as restorers that iterate apply it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from pipeline.physics.blur import Blur, reflected

LANES = 16
"""Grids are multiples of this: 160 rows of as many values are transformed in less time than 150."""


@dataclass(frozen=True, eq=False)
class RepeatedBlur(Blur):
    """A blur whose PSF is transformed once, for scenes of ``size``; others are blurred as ever.

    Reflection at the border treats rows and columns one after the other, as a Fourier transform does. So columns are
    continued before their transform and rows after that of the columns, and nothing is transformed that is only copied.
    """

    size: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        """It was checked as the blur that it repeats."""

    def forward(self, scene: Tensor) -> Tensor:
        """Blur scenes, shape (B, C, H, W)."""
        if scene.shape[-2:] != self.size:
            return super().forward(scene)
        (height, width), reach = self.size, 2 * self.halo
        rows, columns = (self._continued(n, full, scene.device) for n, full in zip(self.size, self._grid))
        spectrum = torch.fft.rfft(scene.index_select(-1, columns)).index_select(-2, rows)
        spectrum = torch.fft.ifft(torch.fft.fft(spectrum, dim=-2).mul_(self._transfer), dim=-2)
        return torch.fft.irfft(spectrum[..., reach : reach + height, :], n=self._grid[1])[..., reach : reach + width]

    def adjoint(self, data: Tensor) -> Tensor:
        """Apply the transpose, borders included."""
        if data.shape[-2:] != self.size:
            return super().adjoint(data)
        (height, width), margin = self.size, 2 * self.halo
        spectrum = torch.fft.fft(torch.fft.rfft(data, n=self._grid[1]), n=self._grid[0], dim=-2)
        spectrum = torch.fft.ifft(spectrum.mul_(self._transposed), dim=-2)
        folded = _folded(spectrum[..., : height + margin, :], -2, self.halo)
        return _folded(torch.fft.irfft(folded, n=self._grid[1])[..., : width + margin], -1, self.halo)

    @property
    def _grid(self) -> tuple[int, int]:
        height, width = (-(-(n + 2 * self.halo) // LANES) for n in self.size)
        return next_fast_len(height, real=True) * LANES, next_fast_len(width, real=True) * LANES

    def _continued(self, size: int, full: int, device: torch.device) -> Tensor:
        # Up to the whole grid: what is beyond the margin reaches no pixel that is kept.
        return reflected(size, self.halo, full - size - self.halo, device)

    @cached_property
    def _transfer(self) -> Tensor:
        return torch.fft.rfft2(self.psf, s=self._grid)

    @cached_property
    def _transposed(self) -> Tensor:
        return torch.fft.rfft2(self.psf.flip(-2, -1), s=self._grid)


def _folded(padded: Tensor, axis: int, margin: int) -> Tensor:
    """Transpose of a continuation by reflection along one axis."""
    size = padded.shape[axis] - 2 * margin
    if margin >= size:
        index = reflected(size, margin, margin, padded.device)
        shape = (*padded.shape[:axis], size, *padded.shape[axis:][1:])
        return padded.new_zeros(shape).index_add_(axis, index, padded)
    inner = padded.narrow(axis, margin, size).clone()
    inner.narrow(axis, 1, margin).add_(padded.narrow(axis, 0, margin).flip(axis))
    inner.narrow(axis, size - 1 - margin, margin).add_(padded.narrow(axis, margin + size, margin).flip(axis))
    return inner
