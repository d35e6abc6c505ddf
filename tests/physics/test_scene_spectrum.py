import json

import numpy as np
import pytest
import torch
from made_spectrum import made_spectrum

from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.physics.scene_spectrum import SceneSpectrum

NOISE = 0.1


def spectrum(*power):
    return SceneSpectrum.of_arrays(np.array([0.1, 0.4]), np.array(power)[:, None, None])


def drawn(slope, correlation, seed=0):
    """Gaussian scenes of two bands with a power law, of variance 1."""
    random = np.random.default_rng(seed)
    k = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)).clip(1 / 128)
    white = np.fft.rfft2(random.standard_normal((4, 2, 256, 256)))
    own = np.fft.irfft2(white * k ** (-slope / 2))
    mixed = np.stack([own[:, 0], correlation * own[:, 0] + np.sqrt(1 - correlation**2) * own[:, 1]], 1)
    return torch.from_numpy((mixed - mixed.mean()) / mixed.std()).float()


def error(scene, law):
    """Mean squared error of the inverse that goes by a law, seen through 2 px and noise."""
    blur = Blur(draw_psf("gaussian", 2.0).expand(2, -1, -1), GaussianNoise((NOISE,) * 2))
    data = blur.forward(scene) + NOISE * torch.randn(scene.shape, generator=torch.Generator().manual_seed(0))
    return float((blur.regularised_inverse(data, torch.full((2,), NOISE**2), law) - scene).square().mean())


def test_between_known_frequencies_a_line_and_beyond_them_the_last_value():
    found = spectrum(4.0, 1.0).at(torch.tensor([0.0, 0.1, 0.2, 0.4, 0.7]))[:, 0, 0]
    torch.testing.assert_close(found, torch.tensor([4.0, 4.0, 3.0, 1.0, 1.0]).double())


def test_rarity_is_variance_over_power_and_finite_where_scenes_hold_nothing():
    torch.testing.assert_close(spectrum(4.0, 0.5).rarity(torch.tensor([0.1, 0.4])), torch.tensor([[0.25, 2.0]]))
    assert spectrum(1.0, 0.0).rarity(torch.linspace(0, 0.7, 20)).isfinite().all()


def test_it_comes_back_from_json():
    law = made_spectrum(2.0, 0.3, bands=3)
    assert SceneSpectrum.from_dict(json.loads(json.dumps(law.to_dict()))) == law


def test_bands_that_have_nothing_in_common_are_filtered_apart_and_alike():
    law, scene = made_spectrum(2.0, bands=2), drawn(2.0, 0.5)
    nearly = made_spectrum(2.0, 1e-12, bands=2)
    assert law.apart
    assert not nearly.apart
    assert error(scene, law) == pytest.approx(error(scene, nearly), rel=1e-5)


def test_power_adds_up_to_the_variance():
    k = torch.hypot(torch.fft.fftfreq(256)[:, None], torch.fft.fftfreq(256))
    power = SceneSpectrum.falling(2).at(k).mean((0, 1))
    torch.testing.assert_close(power, torch.eye(2).double(), atol=0.05, rtol=0)


@pytest.mark.parametrize("slope", [1.0, 2.0, 4.0])
def test_the_inverse_is_best_with_the_spectrum_that_scenes_have(slope):
    scene = drawn(slope, 0.0)
    errors = {law: error(scene, made_spectrum(law, bands=2)) for law in (1.0, 2.0, 4.0)}
    assert min(errors, key=errors.__getitem__) == slope


def test_bands_that_look_alike_help_one_another():
    scene = drawn(2.0, 0.95)
    together, alone = (error(scene, made_spectrum(2.0, c, bands=2)) for c in (0.95, 0.0))
    assert together < 0.9 * alone
