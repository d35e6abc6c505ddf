import math

import numpy as np

from pipeline.evaluation.blank_fields import LIMIT, point_source_limit
from pipeline.evaluation.signal_to_noise import bin_of, combined, noise_of_mean, signal_to_noise
from pipeline.image import Image
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf

PSF = draw_psf("gaussian", 3.0)[None]
OPERATOR = Blur(PSF, GaussianNoise((0.5,)))


def seen(sigma=0.5, mask=None, size=(1, 61, 61)):
    left_out = np.zeros(size, bool) if mask is None else mask
    return Image("a", np.zeros(size, np.float32), left_out, "u", ("g",), sigma=np.full(size, sigma, np.float32))


def points(*places, flux=20.0):
    light, segments = np.zeros((1, 61, 61)), np.zeros((61, 61), np.int32)
    for number, place in enumerate(places, 1):
        light[0][place], segments[place] = flux, number
    return light, segments


def test_a_point_at_the_point_source_limit_has_five_sigmas():
    flux = point_source_limit([0.5], PSF.numpy())
    np.testing.assert_allclose(signal_to_noise(*points((30, 30), flux=flux), seen(), OPERATOR), LIMIT, rtol=1e-4)


def test_it_grows_with_light_and_falls_with_noise():
    one = signal_to_noise(*points((30, 30)), seen(), OPERATOR)
    np.testing.assert_allclose(signal_to_noise(*points((30, 30), flux=60), seen(), OPERATOR), 3 * one)
    np.testing.assert_allclose(signal_to_noise(*points((30, 30)), seen(sigma=1.0), OPERATOR), one / 2)
    assert np.isinf(signal_to_noise(*points((30, 30)), seen(sigma=0.0), OPERATOR)).all()


def test_each_of_two_has_its_own_and_what_the_detector_lost_tells_nothing():
    one = signal_to_noise(*points((30, 20)), seen(), OPERATOR)[0, 0]
    np.testing.assert_allclose(signal_to_noise(*points((30, 20), (30, 45)), seen(), OPERATOR)[0], one, rtol=1e-3)
    lost = np.zeros((1, 61, 61), bool)
    lost[..., 32:] = True
    both = signal_to_noise(*points((30, 20), (30, 45)), seen(mask=lost), OPERATOR)[0]
    np.testing.assert_allclose(both, [one, 0], rtol=1e-3)


def test_nothing_has_none_and_bands_add_in_squares():
    assert signal_to_noise(*points(), seen(), OPERATOR).shape == (1, 0)
    assert combined(np.array([[3.0], [4.0]])) == 5


def test_bins_hold_their_lower_end():
    snr = np.array([0.0, 2.9, 3.0, 10.0, 30.0, math.inf, math.nan])
    assert list(bin_of(snr)) == ["under 3", "under 3", "3 to 10", "10 to 30", "above 30", "above 30", ""]


def test_the_noise_of_a_mean_of_bands_is_that_of_independent_ones():
    sigma = np.stack([np.full((9, 9), s) for s in (3.0, 4.0)]).astype(np.float32)
    image = Image("a", np.zeros_like(sigma), np.zeros(sigma.shape, bool), "u", ("g", "r"), sigma=sigma)
    assert noise_of_mean(image) == 2.5
    assert noise_of_mean(Image("a", sigma, np.zeros(sigma.shape, bool), "u", ("g", "r"))) == 0
