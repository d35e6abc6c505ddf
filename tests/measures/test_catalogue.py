import numpy as np
import pytest
from made_galaxy import drawn, gaussian

from pipeline.measures.catalogue import KRON_FACTOR, list_sources, match

PLACES = [(30.0, 25.0), (70.0, 30.0), (50.0, 72.0)]


def listed(places, **made):
    return list_sources(drawn({place: gaussian() for place in places}, noise=0.05, **made), 5.0)


def test_a_list_has_every_source_at_its_place_with_its_segment():
    sources = listed(PLACES)
    assert len(sources) == 3
    for y, x in PLACES:
        number = np.argmin(np.hypot(sources.y - y, sources.x - x))
        assert np.hypot(sources.y - y, sources.x - x)[number] < 0.05
        assert sources.segments[int(y), int(x)] == number + 1


def test_the_ellipse_of_a_source_holds_nearly_all_of_its_light():
    sources = listed(PLACES)
    # Kron's radius of a Gaussian is sqrt(pi / 2) sigma.
    np.testing.assert_allclose(sources.a, 3 * KRON_FACTOR * np.sqrt(np.pi / 2), rtol=0.1)
    np.testing.assert_allclose(sources.b, sources.a, rtol=0.1)


def test_a_sky_an_empty_image_and_one_that_is_masked_hold_nothing():
    assert len(listed([])) == 0
    assert len(list_sources(np.ones((2, 40, 40)), 5.0)) == 0
    assert len(list_sources(drawn({(50, 50): gaussian()}), 5.0, np.ones((1, 101, 101), bool))) == 0


def test_a_floor_keeps_faint_sources_off_the_list():
    image = drawn({(30, 30): gaussian(flux=1000), (70, 70): gaussian(flux=100)}, noise=0.05)
    assert len(list_sources(image, 5.0)) == 2
    assert len(list_sources(image, 5.0, floor=3.0)) == 1


def test_each_is_matched_to_the_nearest_once_and_the_rest_to_none():
    truth = listed(PLACES)
    other = listed([(30.8, 25.0), (50.0, 72.6), (85.0, 85.0)])
    found = match(truth, other, 2.0)
    matched = {(round(truth.y[i]), round(truth.x[i])): (other.y[j], other.x[j]) for i, j in enumerate(found) if j >= 0}
    assert matched[30, 25] == pytest.approx((30.8, 25.0), abs=0.1)
    assert matched[50, 72] == pytest.approx((50.0, 72.6), abs=0.1)
    assert (found == -1).sum() == 1


def test_two_at_one_place_share_no_partner():
    one, two = listed([(50, 50)]), listed([(50, 43), (50, 57)])
    assert len(two) == 2
    assert sorted(match(two, one, 20.0)) == [-1, 0]
    assert list(match(one, listed([]), 9.0)) == [-1]
    assert len(match(listed([]), one, 9.0)) == 0
