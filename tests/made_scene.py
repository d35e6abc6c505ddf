"""An item with galaxies of known light, size and shape, and what an instrument saw of it."""

from __future__ import annotations

import numpy as np
import torch
from made_galaxy import drawn, gaussian

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.splits import Item
from pipeline.tiling import Window

SIZE = (140, 140)
GALAXIES = {
    (45.0, 45.0): gaussian(flux=3000, sigma=3.0, g1=0.2),
    (45.0, 95.0): gaussian(flux=800, sigma=2.5, g1=-0.1, g2=0.15),
    (95.0, 45.0): gaussian(flux=300, sigma=2.0, g2=-0.2),
    (95.0, 95.0): gaussian(flux=100, sigma=2.0),
}
TINTS = (1.0, 0.5)
NOISE = 0.5


def made_item(unit="nanomaggy", mask=None, sigma=NOISE, galaxies=GALAXIES, seed=0):
    """Truth without noise in two bands, its observation, and the item that is both."""
    pixels = np.concatenate([tint * drawn(galaxies, SIZE) for tint in TINTS]).astype(np.float32)
    operator = Blur(draw_psf("gaussian", 3.0).expand(2, -1, -1).contiguous(), GaussianNoise((sigma, sigma)))
    left_out = np.zeros(pixels.shape, bool) if mask is None else mask
    truth = Image("a", pixels, left_out, unit, ("g", "r"), group="a")
    blurred = operator.forward(torch.from_numpy(pixels)[None])[0].numpy()
    seen = blurred + sigma * np.random.default_rng(seed).standard_normal(pixels.shape).astype(np.float32)
    spread = np.full(pixels.shape, sigma, np.float32)
    preview = Image("a", seen, np.zeros(pixels.shape, bool), unit, ("g", "r"), group="a", sigma=spread)
    return truth, Observation(preview, operator), Item("a", "a", Window(0, 0, *SIZE), "a", 0, "test", 0)
