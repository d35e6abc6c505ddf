import numpy as np
import pytest
from made_galaxy import drawn, gaussian

from pipeline.measures.catalogue import list_sources
from pipeline.measures.light_distribution import gini_coefficient, light_distribution


def test_gini_is_0_where_light_is_even_and_1_where_a_pixel_has_it_all():
    assert gini_coefficient(np.ones(50)) == pytest.approx(0)
    assert gini_coefficient(np.eye(1, 50)[0]) == pytest.approx(1)
    # Two pixels of which one is three times as bright: the difference, 2, over twice the mean, 2 x 2.
    assert gini_coefficient(np.array([1.0, 3.0])) == pytest.approx(0.5)
    assert np.isnan(gini_coefficient(np.zeros(5)))


def test_m20_of_a_gaussian_is_that_of_its_formula():
    # The fifth within r^2 = 2 s^2 ln(1/0.8) has the moment 1 - 0.8 (1 + ln 1.25) of the whole.
    image = drawn({(75, 75): gaussian(sigma=6)}, size=(151, 151))
    found = light_distribution(image[0], list_sources(image, 5.0, floor=1e-3))
    assert found.m20[0] == pytest.approx(np.log10(1 - 0.8 * (1 + np.log(1.25))), abs=0.03)
