import math
from dataclasses import replace

import galsim
import numpy as np
import pytest
from made_galaxy import drawn, exponential, gaussian
from scipy.optimize import brentq

from pipeline.measures.catalogue import list_sources
from pipeline.measures.morphology import morphology

NOISE = 0.02
SIGMA = np.full((101, 101), NOISE)


def of(image, number=0):
    return morphology(image[0], list_sources(image, 5.0), number, SIGMA)


def disc(radius, height=10.0):
    y, x = np.indices((101, 101))
    sky = NOISE * np.random.default_rng(0).normal(size=(101, 101))
    return (height * (np.hypot(y - 50, x - 50) < radius) + sky)[None]


def test_light_that_is_spread_evenly_has_a_gini_near_nothing():
    # Not 0: the pixels that count are a smoothed map, with a rim of sky.
    assert of(disc(15)).gini < 0.1


def test_the_gini_of_a_gaussian_within_its_petrosian_radius_is_the_analytic_one():
    # Where a Gaussian is a fifth of its mean within, t = r^2 / 2 sigma^2; its values there are exp(-t u), u uniform.
    t = brentq(lambda t: math.exp(-t) - 0.2 * (1 - math.exp(-t)) / t, 1, 5)
    expected = 1 / math.tanh(t / 2) - 2 / t
    assert of(drawn({(50, 50): gaussian(sigma=5, flux=5000)}, noise=NOISE)).gini == pytest.approx(expected, abs=0.015)


def test_light_in_few_pixels_has_a_high_gini():
    cusp = of(drawn({(50, 50): galsim.Sersic(5, flux=3000, half_light_radius=3)}, noise=NOISE))
    assert of(drawn({(50, 50): exponential()}, noise=NOISE)).gini < cusp.gini < 1


def test_an_even_disc_is_less_concentrated_than_an_exponential_and_that_less_than_a_spheroid():
    disc_, exp_ = of(disc(15)), of(drawn({(50, 50): exponential()}, noise=NOISE))
    spheroid = of(drawn({(50, 50): galsim.Sersic(3, flux=1000, half_light_radius=4)}, noise=NOISE))
    # Of an even disc r80 / r20 is 2, so C = 5 log10 2.
    assert disc_.concentration == pytest.approx(5 * math.log10(2), abs=0.15)
    assert disc_.concentration < exp_.concentration < spheroid.concentration


def test_a_round_galaxy_is_symmetrical_and_one_with_a_companion_is_not():
    lonely = of(drawn({(50, 50): exponential()}, noise=NOISE))
    image = drawn({(50, 50): exponential(), (50, 58): gaussian(flux=300, sigma=1.5)}, noise=NOISE)
    sources = list_sources(image, 5.0)
    one = replace(sources, segments=(sources.segments > 0).astype(np.int32))
    together = morphology(image[0], one, 0, SIGMA)
    assert abs(lonely.asymmetry) < 0.05
    assert together.asymmetry > 0.2
    assert together.m20 > lonely.m20


def test_a_galaxy_that_was_measured_well_has_no_flag_and_nothing_has_one():
    assert of(drawn({(50, 50): exponential()}, noise=NOISE)).flag == 0
    sources = list_sources(drawn({(50, 50): exponential()}, noise=NOISE), 5.0)
    nothing = morphology(-np.ones((101, 101)), sources, 0, SIGMA)
    assert nothing.flag == 4
    assert all(math.isnan(v) for v in (nothing.gini, nothing.m20, nothing.concentration, nothing.asymmetry))


def test_four_numbers_know_no_unit():
    image = drawn({(50, 50): exponential()}, noise=NOISE)
    sources = list_sources(image, 5.0)
    one, scaled = morphology(image[0], sources, 0, SIGMA), morphology(1e3 * image[0], sources, 0, 1e3 * SIGMA)
    for name in ("gini", "m20", "concentration", "asymmetry"):
        assert getattr(scaled, name) == pytest.approx(getattr(one, name), rel=1e-3, abs=1e-3)
