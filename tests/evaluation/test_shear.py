import numpy as np
import pytest
from made_galaxy import drawn, gaussian

from pipeline.evaluation.shear import shear_bias
from pipeline.evaluation.statistics import Bootstrap
from pipeline.measures.catalogue import list_sources
from pipeline.measures.moments import adaptive_moments

BOOTSTRAP = Bootstrap([f"g{i // 4}" for i in range(400)], 200, 0)


def test_a_known_response_is_recovered_within_its_interval():
    random = np.random.default_rng(0)
    true = 0.3 * random.normal(size=400)
    m, c = shear_bias((1 - 0.12) * true + 0.01 + 0.02 * random.normal(size=400), true, BOOTSTRAP)
    assert m.value == pytest.approx(-0.12, abs=0.01)
    assert c.value == pytest.approx(0.01, abs=0.003)
    assert m.low < -0.12 < m.high
    assert c.low < 0.01 < c.high


def test_without_noise_the_response_is_exact_and_the_interval_narrow():
    true = np.linspace(-0.4, 0.4, 400)
    m, c = shear_bias(1.05 * true - 0.002, true, BOOTSTRAP)
    assert (m.value, m.low, m.high) == pytest.approx((0.05,) * 3, abs=1e-9)
    assert (c.value, c.low, c.high) == pytest.approx((-0.002,) * 3, abs=1e-9)


def test_what_was_not_measured_is_left_out():
    true = np.linspace(-0.4, 0.4, 400)
    measured = 0.9 * true
    measured[::3] = np.nan
    assert shear_bias(measured, true, BOOTSTRAP)[0].value == pytest.approx(-0.1)


def test_too_few_or_all_alike_give_no_line():
    few = np.where(np.arange(400) < 2, 0.1, np.nan)
    alike = np.full(400, 0.1)
    for true in (few, alike):
        assert all(np.isnan(e.value) for e in shear_bias(true, true, BOOTSTRAP))


def test_a_round_blur_answers_as_adaptive_moments_of_gaussians_say():
    """Seen through a round Gaussian of variance s^2, a^2 and b^2 become a^2 + s^2 and b^2 + s^2."""
    import galsim

    true, seen, expected = [], [], []
    for g1 in np.linspace(-0.3, 0.3, 7):
        galaxy = gaussian(g1=g1)
        for profile, into in ((galaxy, true), (galsim.Convolve(galaxy, galsim.Gaussian(sigma=2)), seen)):
            image = drawn({(50, 50): profile})
            into.append(adaptive_moments(image[0], list_sources(image, 5.0, floor=0.01)).g1[0])
        a2, b2 = (9 * (1 + s * g1) / (1 - s * g1) + 4 for s in (1, -1))
        expected.append((np.sqrt(a2) - np.sqrt(b2)) / (np.sqrt(a2) + np.sqrt(b2)))
    np.testing.assert_allclose(seen, expected, atol=1e-3)
    m, _ = shear_bias(np.array(seen), np.array(true), Bootstrap(["a"] * 7, 100, 0))
    assert m.value == pytest.approx(np.polyfit(true, expected, 1)[0] - 1, abs=5e-3)
