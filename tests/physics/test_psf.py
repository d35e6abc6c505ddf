import math

import galsim
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.physics.psf import (
    PSFError,
    draw_psf,
    encircled_radius,
    light_lost,
    measured_fwhm,
    normalised,
    padded_psfs,
    resampled_psf,
)

PROFILES = ("gaussian", "moffat", "kolmogorov", "airy")


def gaussian_stamp(shape, fwhm, scale=1.0, at=(0.0, 0.0)):
    """A Gaussian on pixels `scale` wide, its centre `at` (row, column) from the middle of the stamp, in one unit."""
    y, x = (np.arange(n) - (n - 1) / 2 for n in shape)
    sigma = fwhm / 2.354820045
    return np.exp(-0.5 * (((y * scale - at[0]) / sigma)[:, None] ** 2 + ((x * scale - at[1]) / sigma) ** 2))


def centroid(psf):
    offsets = torch.arange(psf.shape[-1], dtype=psf.dtype) - psf.shape[-1] // 2
    return float(psf.sum(1) @ offsets), float(psf.sum(0) @ offsets)


@pytest.mark.parametrize("fwhm", [2.0, 2.7, 3.0, 4.5, 6.0, 8.0])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_width_is_the_one_that_was_asked_for(profile, fwhm):
    assert measured_fwhm(draw_psf(profile, fwhm)) == pytest.approx(fwhm, rel=0.01)


def test_a_gaussian_of_one_and_a_half_pixels_keeps_its_width():
    assert measured_fwhm(draw_psf("gaussian", 1.5)) == pytest.approx(1.5, rel=0.01)


@pytest.mark.parametrize("obscuration", [0.1, 0.33, 0.6, 0.9])
def test_an_airy_with_a_secondary_mirror_keeps_its_width(obscuration):
    assert measured_fwhm(draw_psf("airy", 4.0, obscuration=obscuration)) == pytest.approx(4.0, rel=0.01)


def test_a_gaussian_is_the_formula_at_the_centres_of_the_pixels():
    psf = draw_psf("gaussian", 3.0)
    expected = gaussian_stamp(psf.shape, 3.0)
    np.testing.assert_allclose(psf, expected / expected.sum(), atol=1e-7)


def test_a_moffat_is_the_formula_at_the_centres_of_the_pixels():
    psf = draw_psf("moffat", 3.0, beta=2.5).double().numpy()
    radius = np.hypot(*np.indices(psf.shape) - psf.shape[0] // 2)
    expected = (1 + (radius / (3.0 / 2 / math.sqrt(2 ** (1 / 2.5) - 1))) ** 2) ** -2.5
    np.testing.assert_allclose(psf, expected / expected.sum(), atol=1e-7)


@settings(deadline=None, max_examples=30)
@given(profile=st.sampled_from(PROFILES), fwhm=st.floats(0.2, 32))
def test_every_stamp_is_odd_centred_and_sums_to_one(profile, fwhm):
    psf = draw_psf(profile, fwhm)
    assert psf.dtype == torch.float32
    assert psf.shape[0] == psf.shape[1]
    assert psf.shape[0] % 2 == 1
    assert psf.shape[0] <= 65
    assert float(psf.sum()) == pytest.approx(1, abs=1e-5)
    assert psf.argmax() == psf.numel() // 2
    torch.testing.assert_close(psf, psf.flip(0), atol=1e-7, rtol=0)
    torch.testing.assert_close(psf, psf.T, atol=1e-7, rtol=0)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_stamp_holds_its_share_of_the_light_or_reaches_the_largest_radius(profile):
    for fwhm in (2.0, 4.0, 8.0):
        lost = light_lost(profile, fwhm)
        assert 0 <= lost < 0.05
        assert lost <= 0.005 + 1e-6 or draw_psf(profile, fwhm).shape[0] == 65


def test_wide_wings_lose_more_light_than_narrow_ones():
    assert light_lost("gaussian", 8.0) < light_lost("moffat", 8.0) < light_lost("airy", 8.0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gaussian", 0.0), "FWHM is 0 px"),
        (("gaussian", -3.0), "FWHM is -3 px"),
        (("gaussian", float("nan")), "FWHM is nan px"),
        (("gaussian", float("inf")), "FWHM is inf px"),
        (("gaussian", 80.0), "up to 32 px"),
        (("moffat", 3.0, 1.0), "beta is 1"),
        (("airy", 3.0, 2.5, 1.0), "obscuration is 1"),
        (("sinc", 3.0), "gaussian, moffat, kolmogorov and airy are known"),
    ],
)
def test_an_impossible_profile_is_refused_in_words(arguments, says):
    with pytest.raises(PSFError, match=says):
        draw_psf(*arguments)
    with pytest.raises(PSFError, match=says):
        light_lost(*arguments)


@pytest.mark.parametrize(("stamp_scale", "image_scale"), [(0.03, 0.05), (0.05, 0.03), (0.2, 0.2), (0.1, 0.23)])
def test_a_resampled_stamp_keeps_its_width_in_arcsec(stamp_scale, image_scale):
    fwhm = 6 * max(stamp_scale, image_scale) / 2
    stamp = gaussian_stamp((101, 101), fwhm, stamp_scale)
    psf = resampled_psf(stamp, stamp_scale, image_scale)
    assert measured_fwhm(psf) * image_scale == pytest.approx(fwhm, rel=0.01)
    assert float(psf.sum()) == pytest.approx(1, abs=1e-5)


def test_an_odd_centred_stamp_of_the_same_pixels_is_taken_as_it_is():
    stamp = 7.0 * gaussian_stamp((13, 13), 3.0)
    psf = resampled_psf(stamp, 0.2, 0.2)
    margin = (13 - psf.shape[0]) // 2
    torch.testing.assert_close(psf, normalised(stamp[margin : 13 - margin, margin : 13 - margin]))


@pytest.mark.parametrize("shape", [(40, 40), (41, 41), (40, 41), (33, 48), (64, 30)])
@pytest.mark.parametrize("at", [(0.0, 0.0), (0.3, -0.4), (-2.5, 1.2)])
def test_even_rectangular_and_off_centre_stamps_are_centred_by_their_centroid(shape, at):
    psf = resampled_psf(gaussian_stamp(shape, 4.0, at=at), 1.0, 1.0)
    assert psf.shape[0] == psf.shape[1]
    assert psf.shape[0] % 2 == 1
    assert centroid(psf) == pytest.approx((0, 0), abs=0.02)
    assert measured_fwhm(psf) == pytest.approx(4.0, rel=0.01)


def test_a_lopsided_stamp_is_not_turned_or_mirrored():
    stamp = galsim.Gaussian(fwhm=3.0).shear(g1=0.3, g2=0.2).drawImage(nx=31, ny=31, scale=1, method="no_pixel").array
    psf = resampled_psf(np.pad(stamp, ((0, 1), (2, 0))), 1.0, 1.0).numpy()
    margin = (31 - psf.shape[0]) // 2
    np.testing.assert_allclose(psf, stamp[margin : 31 - margin, margin : 31 - margin], atol=2e-3)


def test_a_stamp_much_larger_than_needed_is_cut_where_the_light_is():
    assert resampled_psf(gaussian_stamp((201, 201), 3.0), 1.0, 1.0).shape[0] <= 11
    assert resampled_psf(gaussian_stamp((301, 301), 60.0), 1.0, 1.0).shape == (65, 65)


@pytest.mark.parametrize(
    ("stamp", "scales", "says"),
    [
        (np.zeros((5, 5)), (1, 1), "sums to 0"),
        (-np.ones((5, 5)), (1, 1), "sums to -25"),
        (np.array([[1.0, -1.0], [-1.0, 1.0]]), (1, 1), "sums to 0"),
        (np.array([[1.0, np.nan], [1.0, 1.0]]), (1, 1), "NaN"),
        (np.array([[1.0, np.inf], [1.0, 1.0]]), (1, 1), "infinite"),
        (np.ones((2, 5, 5)), (1, 1), "a stamp of rows and columns"),
        (np.ones((5, 5)), (0, 1), "above 0"),
        (np.ones((5, 5)), (1, -1), "above 0"),
    ],
)
def test_an_impossible_stamp_is_refused_in_words(stamp, scales, says):
    with pytest.raises(PSFError, match=says):
        resampled_psf(stamp, *scales)


def test_kernels_of_different_widths_are_padded_about_their_centres():
    both = padded_psfs([torch.ones(1, 1), torch.ones(5, 5)])
    assert both.shape == (2, 5, 5)
    assert both[0, 2, 2] == both[0].sum() == 1


def test_kernels_of_several_bands_are_padded_band_by_band():
    both = padded_psfs([torch.ones(2, 1, 1), torch.ones(2, 3, 3)])
    assert both.shape == (2, 2, 3, 3)
    assert both[0].sum((-2, -1)).tolist() == both[0, :, 1, 1].tolist() == [1, 1]


def test_the_radius_of_a_share_of_the_light_is_that_of_a_gaussian():
    sigma = 6.0 / 2.354820045
    expected = sigma * math.sqrt(-2 * math.log(1 - 0.8))
    assert encircled_radius(draw_psf("gaussian", 6.0), 0.8) == pytest.approx(expected, rel=0.05)


def test_a_single_pixel_has_no_width():
    assert measured_fwhm(torch.ones(1, 1)) == 0
