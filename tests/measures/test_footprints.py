import time

import numpy as np
import pytest

from pipeline.measures.footprints import overlapping

ARCMIN = np.radians(1 / 60)


def square(right_ascension, declination, width=1.0, turned=0.0):
    """A square about a place in degrees, ``width`` arcmin wide, turned by so many degrees."""
    a, d, t = np.radians([right_ascension, declination, turned])
    centre = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    east = np.array([-np.sin(a), np.cos(a), 0])
    north = np.cross(centre, east)
    across, up = np.cos(t) * east + np.sin(t) * north, np.cos(t) * north - np.sin(t) * east
    half = width * ARCMIN / 2
    corners = np.array([centre + half * (x * across + y * up) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
    return corners / np.linalg.norm(corners, axis=-1, keepdims=True)


def linked(*squares):
    return sorted(tuple(sorted(pair)) for pair in overlapping(np.array(squares)))


@pytest.mark.parametrize("place", [(0, 0), (359.999, 20), (123, -89.99), (10, 90)])
def test_those_that_share_sky_are_found_anywhere_on_the_sphere(place):
    a, d = place
    step = 0.9 / 60
    assert linked(square(a, d - 0.2), square(a, d - 0.2 + step)) == [(0, 1)]
    assert linked(square(a, d - 0.2), square(a, d - 0.2 + 1.1 / 60)) == []


def test_corners_that_pass_one_another_do_not_overlap():
    # Circles and boxes about them do.
    step = 0.9 / 60
    assert linked(square(10, 0), square(10 + step, step, turned=45)) == []
    assert linked(square(10, 0), square(10 + step, step)) == [(0, 1)]


def test_a_small_one_inside_a_large_one_overlaps_it():
    assert linked(square(10, 0, 0.1), square(50, 0, 0.1), square(10.2, 0.2, 60)) == [(0, 2)]


def test_a_chain_is_linked_by_as_many_pairs_as_it_needs():
    chain = [square(10 + k * 0.7 / 60, 0) for k in range(5)]
    assert len(linked(*chain, square(200, 0))) == 4
    assert len(linked(*[square(10, 0)] * 6)) == 5


def test_nothing_overlaps_nothing():
    assert overlapping(np.empty((0, 4, 3))) == []
    assert linked(square(10, 0)) == []


@pytest.mark.parametrize("spread", [0, 0.3, 360])
def test_thousands_are_compared_in_seconds(spread):
    random = np.random.default_rng(0)
    squares = [square(*place) for place in random.uniform(0, 1, (4550, 2)) * (spread, min(spread, 80))]
    started = time.process_time()
    pairs = overlapping(np.array(squares))
    assert time.process_time() - started < 10
    assert len(pairs) == 4549 or spread > 0
