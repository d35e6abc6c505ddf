import numpy as np
from made_training import sky, write_sky

from pipeline.tiling import Window
from pipeline.training.backgrounds import Backgrounds
from pipeline.training.regions import Region
from pipeline.training.truth import Place

SLOPE = (np.arange(200, dtype=np.float32)[:, None] + 1000 * np.arange(2)[:, None, None]) * np.ones((2, 200, 300))


def backgrounds(path, window, **fields):
    return Backgrounds(write_sky(path / "images.h5", sky(200, 300), **fields), [Region("field0", window)])


def test_a_place_has_the_level_in_its_middle_and_none_from_beyond_its_region(tmp_path):
    found = backgrounds(tmp_path, Window(100, 0, 64, 300), background=SLOPE)
    inside, above, below = (found.at(Place(0, Window(y, 10, 40, 40))) for y in (12, -500, 500))
    np.testing.assert_allclose(inside, [132, 1132], atol=16)
    assert above == [100, 1100]
    np.testing.assert_allclose(below, [148, 1148], atol=16)


def test_the_range_is_that_of_the_regions(tmp_path):
    low, high = backgrounds(tmp_path, Window(100, 0, 64, 300), background=SLOPE).range()
    assert low == [100, 1100]
    np.testing.assert_allclose(high, [163, 1163], atol=16)


def test_where_nothing_was_taken_off_there_is_no_level(tmp_path):
    found = backgrounds(tmp_path, Window(0, 0, 200, 300))
    assert found.at(Place(0, Window(0, 0, 40, 40))) == []
    assert found.range() == [[]]
