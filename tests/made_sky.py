"""Skies that are drawn, so that what they are compared by is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from pipeline.evaluation.field.sky_blocks import blocked, blocks_of
from pipeline.image import Image
from pipeline.windowed import WindowedImage

BANDS = ("g", "r")


def drawn_sky(seed, size=(256, 256), density=4e-3, width=1.4, noise=1.0, tint=1.5):
    """Points of a power law in brightness, seen through a Gaussian, with noise: shape (2, H, W)."""
    random = np.random.default_rng(seed)
    points = np.zeros(size)
    count = int(density * points.size)
    places = tuple(random.integers(0, s, count) for s in size)
    np.add.at(points, places, 100 * np.minimum(random.pareto(1.5, count) + 0.5, 20))
    light = gaussian_filter(points, width)
    return (np.stack([light, tint * light]) + noise * random.normal(size=(2, *size))).astype(np.float32)


def field_of(pixels, bands=BANDS):
    """A field in memory."""
    return WindowedImage.of(Image("field", pixels, np.zeros(pixels.shape, bool), "nJy", bands[: len(pixels)]))


def catalogue(seed, size=(512, 512), count=800, brightness=0.0, clumps=0):
    """Sources strewn at random, or about clumps, with normal magnitudes and sizes; and where their blocks lie."""
    random = np.random.default_rng(seed)
    place = random.uniform(0, 1, (count, 2)) * size
    if clumps:
        centres = random.uniform(0, 1, (clumps, 2)) * size
        place = (centres[random.integers(0, clumps, count)] + random.normal(0, 10, (count, 2))) % size
    table = pd.DataFrame(
        {
            "field": 0, "y": place[:, 0], "x": place[:, 1], "whole": True,
            "magnitude_g": random.normal(20 + brightness, 1, count),
            "size": random.lognormal(1, 0.3, count),
        }
    )  # fmt: skip
    blocks = blocks_of([field_of(np.zeros((1, *size), np.float32))], 64)
    return blocked(table, blocks), blocks
