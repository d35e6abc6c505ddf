"""What a scene leaves of the data in units of their noise, on the grid of the data, whatever these are."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.image import Image
from pipeline.measures.discrepancy import discrepancy
from pipeline.measures.residual import residual
from pipeline.observation import Observation
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage


def whitened_residual(image: Image, seen: Observation, where: Window) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Residual over sigma, and which data are trusted: arrays of shape (C, M, N).

    Parameters
    ----------
    image : Image
        A scene on the grid of the preview, in its unit.
    seen : Observation
    where : Window
        Of the preview, whose data are looked at; where a datum sees all of it, all are.
    """
    if seen.data is None:
        left = residual(WindowedImage.of(image), WindowedImage.of(seen.preview), seen.operator, where)
        return np.divide(left.values, left.sigma, out=np.zeros_like(left.values), where=left.trusted), left.trusted
    found = discrepancy(torch.from_numpy(image.pixels)[None], seen)
    white = (found.left * found.trust.sqrt())[0].double().numpy()
    return white, (found.trust > 0)[0].numpy()
