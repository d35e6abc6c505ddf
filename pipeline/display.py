"""Physical values as the eye sees them: one scaling for every picture of a study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.image import DISPLAY, Pixels

Picture = NDArray[np.uint8]
"""An RGB picture, shape (H, W, 3)."""

SOFTENING = 3.0
"""Sigmas of the sky above which the scaling of a linear image turns logarithmic."""


@dataclass(frozen=True)
class Scaling:
    """How values become brightness, the same for every picture of a study.

    Parameters
    ----------
    unit : str
        ``display`` is shown linearly; any other unit by an arcsinh about the sky (Lupton et al. 2004, PASP 116, 133).
    bands : tuple of str
        Names of the bands, in the order of the pixels.
    sky, sky_sigma : list of float
        Level and noise of the truth's sky, per band.
    data_range : float
        Span of the truth.
    window : tuple of float, optional
        Values that are black and white, between which every unit is shown linearly.
    """

    unit: str
    bands: tuple[str, ...]
    sky: list[float]
    sky_sigma: list[float]
    data_range: float
    window: tuple[float, float] | None = None

    @property
    def shown(self) -> tuple[int, ...]:
        """Indices of the bands that are red, green and blue; one index for a grey picture."""
        count = len(self.bands)
        if count < 3:
            return (0,)
        if {band.lower() for band in self.bands[:3]} == {"red", "green", "blue"}:
            return 0, 1, 2
        # Bands are named from blue to red, as g, r, i: the reddest is shown red.
        return count - 1, (count - 1) // 2, 0

    @property
    def shown_as(self) -> str:
        """The bands of a picture in words."""
        names = [self.bands[i] for i in self.shown]
        if len(names) == 1:
            return f"in {names[0]} alone"
        own = [name.lower() for name in names] == ["red", "green", "blue"]
        return "in their own colours" if own else f"with {names[0]}, {names[1]} and {names[2]} as red, green and blue"

    def picture(self, pixels: Pixels) -> Picture:
        """Values, shape (C, H, W), as an RGB picture."""
        planes = [self._brightness(pixels[i], i) for i in self.shown]
        if len(planes) == 1:
            planes *= 3
        return (np.clip(np.stack(planes, -1), 0, 1) * 255 + 0.5).astype(np.uint8)

    def _brightness(self, plane: NDArray[np.floating], band: int) -> NDArray[np.floating]:
        if self.window is not None:
            black, white = self.window
            return (plane - black) / (white - black)
        sigma = max(self.sky_sigma[band], 1e-4 * self.data_range)
        if self.unit == DISPLAY:
            return (plane - self.sky[band] + 2 * sigma) / self.data_range
        u = np.arcsinh((plane - self.sky[band]) / (SOFTENING * sigma))
        dark, bright = np.arcsinh(-1 / SOFTENING * 2), np.arcsinh(self.data_range / (SOFTENING * sigma))
        return (u - dark) / (bright - dark)

    def residual(self, restored: Pixels, truth: Pixels) -> NDArray[np.floating]:
        """``restored - truth``, averaged over the bands that are shown, shape (H, W)."""
        shown = list(self.shown)
        return (restored[shown].astype(float) - truth[shown]).mean(0)
