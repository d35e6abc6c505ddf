"""A crop of the Hubble image as an instrument saw it."""

import numpy as np
import pytest
import torch
from skimage.data import hubble_deep_field

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.psf import draw_psf


@pytest.fixture(scope="session")
def hubble():
    """The Hubble image, shape (3, 872, 1000), in [0, 1]."""
    return np.ascontiguousarray(hubble_deep_field().transpose(2, 0, 1).astype(np.float32) / 255)


@pytest.fixture(scope="session")
def look():
    """Look at a scene through a Gaussian PSF and noise."""

    def observe(scene, fwhm=3.0, sigma=0.05, mask=None, unit="display"):
        bands = len(scene)
        operator = Blur(draw_psf("gaussian", fwhm).expand(bands, -1, -1).contiguous(), GaussianNoise((sigma,) * bands))
        generators = [addressed_generator("restorers", band) for band in range(bands)]
        data = operator.noise.draw(operator.forward(torch.from_numpy(scene)[None]), generators)[0].numpy()
        mask = np.zeros(scene.shape, bool) if mask is None else mask
        noise = np.full(scene.shape, sigma, np.float32)
        names = tuple("rgb"[:bands])
        return Observation(Image("field", data, mask, unit, names, group="g", sigma=noise), operator)

    return observe


@pytest.fixture(scope="session")
def truth(hubble):
    """A crop with galaxies, shape (3, 128, 160)."""
    return np.ascontiguousarray(hubble[:, 300:428, 700:860])


@pytest.fixture(scope="session")
def scenes(hubble):
    """Crops elsewhere, of which power spectra are taken."""
    corners = [(0, 0), (0, 200), (500, 100), (600, 400)]
    crops = [hubble[:, y : y + 128, x : x + 160] for y, x in corners]
    return [
        Image(f"s{i}", crop, np.zeros(crop.shape, bool), "display", ("r", "g", "b")) for i, crop in enumerate(crops)
    ]


@pytest.fixture(scope="session")
def settings(scenes, tmp_path_factory):
    """Sensible settings of every classical method for noise of 0.05 on the Hubble image."""
    from made_denoiser import make_denoiser

    from pipeline.restorers.wiener import Wiener

    denoiser = make_denoiser(tmp_path_factory.mktemp("denoiser") / "denoised.safetensors")
    return {
        "degraded": {},
        "wiener": Wiener.learned(scenes) | {"strength": 0.8},
        "unsupervised_wiener": {},
        "richardson_lucy": {"pedestal": 0.6, "iterations": 5},
        "total_variation": {"weight": 0.3},
        "richardson_lucy_tv": {"weight": 0.02, "pedestal": 0.6, "iterations": 8},
        "scaled_gradient_projection": {"pedestal": 0.6, "iterations": 4},
        "starlet": {"weight": 0.8},
        "blind_richardson_lucy": {"pedestal": 0.6, "iterations": 5},
        "plug_and_play": {"strength": 2.0, "iterations": 5, "denoiser": str(denoiser)},
    }
