import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_galaxy import drawn, exponential, gaussian

from pipeline.measures.catalogue import list_sources
from pipeline.measures.fluxes import colours, inside, light_within_circles, light_within_ellipses, magnitudes

IMAGE = drawn({(50, 50): gaussian(flux=500, sigma=3)})
SOURCES = list_sources(IMAGE, 5.0, floor=0.05)


@pytest.mark.parametrize("radius", [2.5, 6.0])
def test_a_gaussians_light_within_a_circle_is_the_analytic_one(radius):
    analytic = 500 * (1 - np.exp(-(radius**2) / (2 * 3**2)))
    assert light_within_circles(IMAGE[0], SOURCES, radius)[0] == pytest.approx(analytic, rel=0.01)


@pytest.mark.parametrize(
    ("profile", "held"), [(gaussian(flux=500), 0.999), (gaussian(flux=500, g1=0.4), 0.999), (exponential(500), 0.99)]
)
def test_the_total_is_all_but_a_percent_of_the_light(profile, held):
    image = drawn({(50, 50): profile})
    total = light_within_ellipses(image[0], list_sources(image, 5.0, floor=0.05))[0]
    assert held * 500 < total <= 500.5


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1e-6, 1e6), dy=st.integers(-20, 20), dx=st.integers(-20, 20))
def test_light_scales_with_the_image_and_moves_with_its_source(factor, dy, dx):
    moved = factor * np.roll(IMAGE, (dy, dx), (1, 2))
    sources = list_sources(moved, 5.0, floor=0.05 * factor)
    np.testing.assert_allclose(
        light_within_ellipses(moved[0], sources), factor * light_within_ellipses(IMAGE[0], SOURCES), rtol=1e-3
    )


def test_an_aperture_is_inside_until_it_touches_the_border():
    assert inside(SOURCES, 50.4, (101, 101)).all()
    assert not inside(SOURCES, 50.6, (101, 101)).any()


def test_magnitudes_and_colours_are_differences_of_logarithms():
    assert list(magnitudes(np.array([1.0, 100.0]), "nanomaggy")) == [22.5, 17.5]
    assert magnitudes(np.array([10.0]), "electron/s") == pytest.approx(-2.5)
    assert colours(np.array([1.0]), np.array([2.0])) == pytest.approx(2.5 * np.log10(2))
    assert np.isnan(colours(np.array([-1.0, 1.0]), np.array([1.0, 0.0]))).all()
