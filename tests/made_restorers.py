"""Restorers that do one thing, and sky for them: for tests of what an audit finds."""

from __future__ import annotations

import numpy as np
import torch
from made_scene import made_item

from pipeline.audit.empty_sky import EmptySky
from pipeline.audit.point_sources import noise_levels
from pipeline.audit.specimen import Specimen
from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.psf import draw_psf
from pipeline.restorers.restorer import Restorer
from pipeline.restorers.wiener import Wiener
from pipeline.tiling import Window

BANDS, NOISE = ("g", "r"), 0.5


class Identity(Restorer):
    """Returns its input."""

    def restore(self, observation):
        return observation.preview


class Knowing(Restorer):
    """Returns the scene of each observation that it is told of."""

    def __init__(self, truth):
        self._truth = truth

    def restore(self, observation):
        return observation.preview.with_pixels(self._truth.pixels)


class Painter(Restorer):
    """Puts a source of a signal-to-noise between 3 and 5 into a share of what another restorer makes."""

    def __init__(self, other, share=0.05):
        self._other, self._share = other, share

    def restore(self, observation):
        restored = self._other.restore(observation)
        pixels = restored.pixels.copy()
        # By lot, but of the data alone: the same field is painted again.
        generator = addressed_generator(observation.preview.pixels.tobytes())
        lot, snr, y, x = torch.rand(4, generator=generator).tolist()
        if lot < self._share:
            halo, (height, width) = observation.operator.halo, pixels.shape[-2:]
            at = (halo + int(y * (height - 2 * halo)), halo + int(x * (width - 2 * halo)))
            kernel = observation.operator.psf.double().numpy()
            power = (kernel**2).sum((-2, -1)) / noise_levels(observation) ** 2
            pixels[(slice(None), *at)] += (3 + 2 * snr) / np.sqrt(power.sum())
        return restored.with_pixels(pixels)


def wiener(seed=0):
    """A Wiener filter that has learned of made galaxies."""
    truth, _, _ = made_item(seed=seed)
    return Wiener({"strength": 1.0, **Wiener.learned([truth])})


def specimens(count=2):
    """The same galaxies under noise of several draws."""
    found = []
    for seed in range(count):
        truth, seen, item = made_item(seed=seed)
        found.append(Specimen(seen, item.window.grown(-12), truth))
    return found


def empty(size=64, seed=0, noise=NOISE):
    """Empty sky behind a PSF of 3 px."""
    pixels = np.zeros((2, size, size), np.float32)
    like = Image("sky", pixels, np.zeros(pixels.shape, bool), "nanomaggy", BANDS, sigma=np.full_like(pixels, noise))
    operator = Blur(draw_psf("gaussian", 3.0).expand(2, -1, -1).contiguous(), GaussianNoise((noise, noise)))
    return EmptySky(Observation(like, operator), (0.0, 0.0), size, (seed, "made"))


def through_nothing(size=120, seed=0):
    """A specimen whose instrument neither blurs nor adds noise to speak of, so that the data are the truth."""
    random = np.random.default_rng(seed)
    pixels = random.normal(0, 1, (2, size, size)).astype(np.float32)
    point = torch.zeros(2, 3, 3)
    point[:, 1, 1] = 1
    image = Image("bare", pixels, np.zeros(pixels.shape, bool), "nanomaggy", BANDS, sigma=np.full_like(pixels, 0.01))
    operator = Blur(point, GaussianNoise((0.01, 0.01)))
    return Specimen(Observation(image, operator), Window(0, 0, size, size), image)
