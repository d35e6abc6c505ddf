"""Residuals as colours, and pictures as text for a page."""

from __future__ import annotations

import base64
import io

import matplotlib as mpl
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from pipeline.display import Picture

RESIDUAL_SCALE = mpl.colormaps["PuOr_r"]
"""White at zero, purple below, orange above: the colour-blind tell the two apart."""


def residual_picture(residual: NDArray[np.floating], scale: float) -> Picture:
    """A residual as colours from ``-scale`` to ``+scale``."""
    colours = RESIDUAL_SCALE(0.5 + 0.5 * np.clip(residual / scale, -1, 1))
    return (colours[..., :3] * 255 + 0.5).astype(np.uint8)


def residual_colours() -> list[str]:
    """Colours from the lowest residual to the highest, for a legend."""
    return [mpl.colors.to_hex(RESIDUAL_SCALE(place)) for place in np.linspace(0, 1, 9)]


def residual_scale(residuals: list[NDArray[np.floating]]) -> float:
    """One symmetric scale for several residuals: what 99% of their pixels lie within."""
    return max(float(np.percentile(np.abs(np.stack(residuals)), 99)), 1e-12) if residuals else 1.0


def as_data_uri(picture: Picture) -> str:
    """A picture within a page: JPEG without loss of colour resolution, about a byte per pixel."""
    buffer = io.BytesIO()
    PIL.Image.fromarray(picture).save(buffer, "JPEG", quality=92, subsampling=0, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
