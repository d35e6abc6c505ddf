import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pipeline.measures.fidelity import EQUAL, mae, psnr, ssim


def scene(seed=0, shape=(2, 32, 40)):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def noisy(truth, seed=1):
    return truth + 0.3 * scene(seed, truth.shape)


def test_a_constant_offset_of_a_tenth_of_the_range_is_20_db():
    truth = scene()
    assert psnr(truth + 0.5, truth, data_range=5.0) == pytest.approx(20, abs=1e-5)
    assert mae(truth + 0.5, truth) == pytest.approx(0.5, abs=1e-6)


def test_equal_images_are_perfect():
    truth = scene()
    assert psnr(truth, truth, 1.0) == EQUAL
    assert ssim(truth, truth, 1.0) == pytest.approx(1.0)
    assert mae(truth, truth) == 0.0


def test_psnr_is_what_scikit_image_says():
    truth = scene()
    expected = peak_signal_noise_ratio(truth, noisy(truth), data_range=4.0)
    assert psnr(noisy(truth), truth, 4.0) == pytest.approx(expected, abs=1e-4)


def test_ssim_without_a_mask_is_the_mean_of_what_scikit_image_says_per_band():
    truth, restored = scene().astype(float), noisy(scene()).astype(float)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 4.0}
    expected = np.mean([structural_similarity(t, r, **options) for t, r in zip(truth, restored)])
    assert ssim(restored, truth, 4.0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("score", [lambda r, t, m: psnr(r, t, 4.0, m), lambda r, t, m: ssim(r, t, 4.0, m), mae])
def test_what_stands_under_the_mask_changes_nothing(score):
    truth, mask = scene(), np.zeros((2, 32, 40), bool)
    mask[:, 14:17, 20:23] = True
    restored = noisy(truth)
    spoilt = np.where(mask, 1e3, restored)
    assert score(spoilt, truth, mask) == pytest.approx(score(restored, truth, mask), rel=1e-9)
    assert score(spoilt, truth, mask) != pytest.approx(score(spoilt, truth, None), rel=1e-3)


def test_where_no_pixel_is_left_there_is_no_score():
    truth, mask = scene(), np.ones((2, 32, 40), bool)
    assert math.isnan(psnr(truth, truth, 1.0, mask))
    assert math.isnan(ssim(truth, truth, 1.0, mask))
    assert math.isnan(mae(truth, truth, mask))
    assert math.isnan(ssim(truth[..., :8], truth[..., :8], 1.0))


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(1e-3, 1e3), offset=st.floats(-10, 10))
def test_a_change_of_unit_or_of_zero_point_changes_no_relative_score(factor, offset):
    truth = scene().astype(float)
    restored = noisy(truth)
    assert psnr(factor * restored + offset, factor * truth + offset, 4 * factor) == pytest.approx(
        psnr(restored, truth, 4.0), abs=1e-4
    )
    assert ssim(factor * restored, factor * truth, 4 * factor) == pytest.approx(ssim(restored, truth, 4.0), abs=1e-6)
    assert mae(factor * restored, factor * truth) == pytest.approx(factor * mae(restored, truth), rel=1e-9)
