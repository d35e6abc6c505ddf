import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.measures.photometry import (
    aperture_metric_names,
    bias_and_scatter,
    find_sources,
    relative_errors,
)

PLACES = [(20, 22), (20, 70), (60, 25), (62, 75), (40, 48)]


def field(places=PLACES, bands=2, size=(80, 96), sky=0.0, seed=0):
    y, x = np.indices(size)
    light = sum(100.0 * np.exp(-((y - a) ** 2 + (x - b) ** 2) / (2 * 1.5**2)) for a, b in places)
    return light + sky + np.random.default_rng(seed).normal(size=(bands, *size))


def errors(restored, truth, radius=3.0, mask=None):
    return relative_errors(restored, truth, find_sources(truth, 5.0, mask), radius, mask)


def test_sources_are_found_where_they_are():
    sources = find_sources(field(), 5.0)
    found = sorted(zip(sources.y.round().astype(int), sources.x.round().astype(int)))
    assert found == sorted(PLACES)


def test_an_empty_sky_has_no_sources():
    sources = find_sources(field(places=[], seed=3), 5.0)
    assert len(sources.y) == 0
    assert all(math.isnan(v) for v in bias_and_scatter(errors(field([]), field([]))))
    assert len(find_sources(np.ones((1, 32, 32)), 5.0).y) == 0
    assert len(find_sources(field(), 5.0, np.ones((2, 80, 96), bool)).y) == 0


def test_nine_tenths_of_the_light_is_a_bias_of_minus_a_tenth_without_scatter():
    truth = field()
    sky = find_sources(truth, 5.0).sky[:, None, None]
    bias, scatter = bias_and_scatter(errors(sky + 0.9 * (truth - sky), truth))
    assert bias == pytest.approx(-0.1)
    assert scatter == pytest.approx(0.0, abs=1e-6)


def test_a_sky_that_a_restorer_shifts_counts_as_bias():
    truth = field(sky=50.0)
    bias, _ = bias_and_scatter(errors(truth + 1.0, truth))
    in_aperture = math.pi * 9 / (2 * math.pi * 1.5**2 * 100 * (1 - math.exp(-9 / (2 * 1.5**2))))
    assert bias == pytest.approx(in_aperture, rel=0.05)


def test_scatter_is_the_sigma_of_gaussian_errors():
    drawn = np.random.default_rng(1).normal(0.02, 0.1, size=(2, 20_000))
    bias, scatter = bias_and_scatter(drawn)
    assert bias == pytest.approx(0.02, abs=0.002)
    assert scatter == pytest.approx(0.1, rel=0.02)


def test_one_failure_among_many_sources_moves_neither():
    drawn = np.random.default_rng(1).normal(0, 0.1, size=(1, 200))
    failed = drawn.copy()
    failed[0, 0] = 1e6
    np.testing.assert_allclose(bias_and_scatter(failed), bias_and_scatter(drawn), atol=0.005)


def test_apertures_that_touch_the_border_or_a_masked_pixel_are_left_out():
    truth = field(places=[*PLACES, (1, 50)])
    sources = find_sources(truth, 5.0)
    at_border = sources.y < 3
    assert at_border.any()
    mask = np.zeros(truth.shape, bool)
    mask[1, 20, 25] = True
    counted = np.isfinite(relative_errors(truth, truth, sources, 3.5, mask))
    touched = (abs(sources.y - 20) < 2) & (abs(sources.x - 22) < 2)
    assert not counted[:, at_border].any()
    np.testing.assert_array_equal(counted[0], ~at_border)
    np.testing.assert_array_equal(counted[1], ~at_border & ~touched)


def test_a_band_without_light_is_not_divided_by():
    truth = field()
    truth[1] = np.random.default_rng(9).normal(size=truth.shape[1:])
    counted = np.isfinite(errors(truth, truth))
    assert counted[0].all()
    assert not counted[1].any()


def test_two_sources_give_a_bias_but_no_scatter():
    truth = field(places=PLACES[:2])
    bias, scatter = bias_and_scatter(errors(truth, truth))
    assert bias == 0.0
    assert math.isnan(scatter)


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1e-6, 1e6), offset=st.floats(-10, 10))
def test_relative_errors_know_no_unit_and_no_zero_point(factor, offset):
    truth = field()
    restored = truth + 0.5 * field(places=[], seed=5)
    changed = errors(factor * (restored + offset), factor * (truth + offset))
    np.testing.assert_allclose(changed, errors(restored, truth), rtol=1e-3, atol=1e-4)


def test_only_a_unit_of_flux_makes_a_sum_a_flux():
    assert aperture_metric_names("display", 3.0) == ("aperture_bias_r3", "aperture_nmad_r3")
    assert aperture_metric_names("nanomaggy", 2.5) == ("flux_bias_r2.5", "flux_nmad_r2.5")
