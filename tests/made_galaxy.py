"""Galaxies whose light, size and shape are known, drawn without a pixel's own blur."""

from __future__ import annotations

import galsim
import numpy as np


def drawn(profiles, size=(101, 101), noise=0.0, seed=0):
    """Profiles by their place (y, x) in px as an image, shape (1, H, W)."""
    image = galsim.Image(size[1], size[0], xmin=0, ymin=0, scale=1, dtype=float)
    for (y, x), profile in profiles.items():
        profile.drawImage(image, center=galsim.PositionD(x, y), add_to_image=True, method="no_pixel")
    return image.array[None] + noise * np.random.default_rng(seed).normal(size=(1, *size))


def gaussian(flux=1000.0, sigma=3.0, g1=0.0, g2=0.0):
    return galsim.Gaussian(flux=flux, sigma=sigma).shear(g1=g1, g2=g2)


def exponential(flux=1000.0, half_light_radius=4.0):
    return galsim.Exponential(flux=flux, half_light_radius=half_light_radius)
