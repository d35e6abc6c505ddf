"""The body in a slice, and what lies well inside a tissue."""

import numpy as np

from pipeline.body import body_mask, inside_tissue


def disc(size, radius, middle):
    y, x = np.mgrid[:size, :size]
    return (y - middle[0]) ** 2 + (x - middle[1]) ** 2 < radius**2


def test_a_body_is_what_its_rim_encloses_and_a_table_is_none_of_it():
    body, cavity = disc(64, 20, (30, 32)), disc(64, 8, (30, 32))
    plane = 1000.0 * (body & ~cavity)
    plane[60:62, 5:60] = 500
    assert np.array_equal(body_mask(plane), body)


def test_an_empty_slice_has_no_body():
    assert not body_mask(np.zeros((32, 32))).any()


def test_the_inside_of_a_tissue_keeps_a_pixel_from_its_border():
    plane = 40.0 * disc(32, 8, (16, 16))
    inside = inside_tissue(plane, 30, 50)
    assert inside.any()
    assert inside.sum() < (plane == 40).sum()
    assert not inside[:, 0].any()
