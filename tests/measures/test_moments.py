import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_galaxy import drawn, gaussian

from pipeline.measures.catalogue import list_sources
from pipeline.measures.moments import adaptive_moments


def measured(image, mask=None):
    return adaptive_moments(image[0], list_sources(image, 5.0, floor=0.01), mask)


@settings(max_examples=20, deadline=None)
@given(g1=st.floats(-0.4, 0.4), g2=st.floats(-0.4, 0.4), dy=st.floats(-0.5, 0.5), dx=st.floats(-0.5, 0.5))
def test_the_shear_of_a_gaussian_is_recovered_to_a_thousandth(g1, g2, dy, dx):
    found = measured(drawn({(50 + dy, 50 + dx): gaussian(g1=g1, g2=g2)}))
    assert np.hypot(found.g1[0] - g1, found.g2[0] - g2) < 1e-3
    assert np.hypot(found.y[0] - 50 - dy, found.x[0] - 50 - dx) < 1e-3


def test_a_quarter_turn_turns_the_sign_of_both_components():
    image = drawn({(50, 50): gaussian(g1=0.2, g2=-0.1)})
    one, turned = measured(image), measured(np.rot90(image, axes=(1, 2)).copy())
    assert turned.g1[0] == pytest.approx(-one.g1[0], abs=1e-4)
    assert turned.g2[0] == pytest.approx(-one.g2[0], abs=1e-4)


def test_a_mirrored_source_keeps_the_first_component_and_turns_the_second():
    image = drawn({(50, 50): gaussian(g1=0.2, g2=-0.1)})
    one, mirrored = measured(image), measured(image[..., ::-1].copy())
    assert mirrored.g1[0] == pytest.approx(one.g1[0], abs=1e-4)
    assert mirrored.g2[0] == pytest.approx(-one.g2[0], abs=1e-4)


def test_a_shape_knows_no_unit_and_moves_with_its_source():
    image = drawn({(50, 50): gaussian(g1=0.2)})
    one, moved = measured(image), measured(np.roll(image, (9, -4), (1, 2)))
    assert moved.g1[0] == pytest.approx(one.g1[0], abs=1e-5)
    assert (moved.y[0] - one.y[0], moved.x[0] - one.x[0]) == pytest.approx((9, -4), abs=1e-4)
    sources = list_sources(image, 5.0, floor=0.01)
    scaled = adaptive_moments(1e-7 * image[0], sources)
    assert scaled.g1[0] == pytest.approx(one.g1[0], abs=1e-5)


def test_a_masked_hot_pixel_does_not_count():
    image = drawn({(50, 50): gaussian(g1=0.1)})
    sources = list_sources(image, 5.0, floor=0.01)
    mask = np.zeros((101, 101), bool)
    mask[50, 55] = True
    hot = image.copy()
    hot[0][mask] = 1e4
    assert adaptive_moments(hot[0], sources, mask).g1[0] == pytest.approx(0.1, abs=0.02)


def test_where_there_is_no_source_there_is_no_shape():
    sources = list_sources(drawn({(50, 50): gaussian()}), 5.0, floor=0.01)
    empty = adaptive_moments(np.zeros((101, 101)), sources)
    assert np.isnan([empty.g1, empty.g2, empty.y, empty.x]).all()
    elsewhere = adaptive_moments(drawn({(57, 57): gaussian(sigma=1)})[0], sources)
    assert np.isnan(elsewhere.g1).all()
    nothing = adaptive_moments(np.zeros((40, 40)), list_sources(np.zeros((1, 40, 40)), 5.0))
    assert len(nothing.g1) == 0
