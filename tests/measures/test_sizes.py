import numpy as np
import pytest
from made_galaxy import drawn, exponential, gaussian

from pipeline.measures.catalogue import list_sources
from pipeline.measures.sizes import half_light_radii


def radii(image, **given):
    return half_light_radii(image[0], list_sources(image, 5.0, floor=0.01), **given)


@pytest.mark.parametrize("sigma", [1.5, 3.0, 5.0])
def test_a_gaussian_holds_half_of_its_light_within_1_1774_sigma(sigma):
    # A sum over pixels takes each for evenly lit, which widens the light by a pixel's own variance, 1/12.
    expected = 1.17741 * np.sqrt(sigma**2 + 1 / 12)
    assert radii(drawn({(50, 50): gaussian(sigma=sigma)}))[0] == pytest.approx(expected, rel=0.01)


def test_an_exponential_gives_its_own_but_for_the_light_beyond_the_ellipse():
    image = drawn({(75, 75): exponential(half_light_radius=4)}, size=(151, 151))
    measured = radii(image)[0]
    scale = 4 / 1.67835
    reached = list_sources(image, 5.0, floor=0.01).a[0] / scale
    radius = np.linspace(0, reached, 10_001)
    light = 1 - (1 + radius) * np.exp(-radius)
    assert measured == pytest.approx(scale * np.interp(light[-1] / 2, light, radius), rel=0.01)
    assert measured == pytest.approx(4, rel=0.05)


def test_a_size_knows_no_unit_and_moves_with_its_source():
    image = drawn({(50, 50): gaussian()})
    np.testing.assert_allclose(radii(np.roll(image, (7, -5), (1, 2))), radii(image), rtol=1e-3)
    moved = 1e4 * image
    np.testing.assert_allclose(half_light_radii(moved[0], list_sources(moved, 5.0, floor=100)), radii(image), rtol=1e-6)


def test_a_neighbour_and_masked_pixels_hardly_change_a_size():
    alone = radii(drawn({(50, 40): gaussian()}))[0]
    both = drawn({(50, 40): gaussian(), (50, 58): gaussian(flux=2000)})
    sources = list_sources(both, 5.0, floor=0.5)
    near = half_light_radii(both[0], sources)[np.argmin(sources.x)]
    assert near == pytest.approx(alone, rel=0.1)
    mask = np.zeros((101, 101), bool)
    mask[50:52, 44] = True
    image = drawn({(50, 40): gaussian()})
    image[0][mask] = 1e3
    sources = list_sources(drawn({(50, 40): gaussian()}), 5.0, floor=0.01)
    assert half_light_radii(image[0], sources, mask)[0] == pytest.approx(alone, rel=0.05)


def test_where_there_is_no_light_there_is_no_size():
    sources = list_sources(drawn({(50, 50): gaussian()}), 5.0, floor=0.01)
    assert np.isnan(half_light_radii(np.zeros((101, 101)), sources)).all()
