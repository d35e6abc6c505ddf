import numpy as np
import pytest

from pipeline.measures.median import median_of_parts


@pytest.mark.parametrize("size", [1, 2, 3, 1000, 1001])
@pytest.mark.parametrize("unit", [1e-30, 1.0, 1e30])
def test_it_is_the_median_however_the_values_are_parted(size, unit):
    values = (unit * np.random.default_rng(size).gamma(2, size=size)).astype(np.float32)
    for count in (1, 3):
        assert median_of_parts(lambda count=count: np.array_split(values, count)) == np.median(values)


@pytest.mark.parametrize("values", [[0, 0, 0, 1], [-0.0, 0, 5], [0.05] * 8, [1, 2, 2, 3]])
def test_values_that_are_equal_are_told_apart_from_none(values):
    assert median_of_parts(lambda: [np.array([values], np.float32)]) == np.median(values).astype(np.float32)


def test_without_a_value_it_is_not_a_number():
    assert np.isnan(median_of_parts(lambda: [np.zeros((0, 3), np.float32)]))
