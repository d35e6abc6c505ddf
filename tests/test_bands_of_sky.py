import numpy as np
import pytest

from pipeline.bands_of_sky import bands_of_sky, measured_apart
from pipeline.config import Split
from pipeline.steps.split import sky_bands
from pipeline.tiling import Window, whole


@pytest.mark.parametrize("size", [(90, 640), (640, 90)])
def test_the_bands_are_those_that_split_holds_out(size):
    settings = Split(folds=3, block=50)
    bands = measured_apart(whole(*size), 1, settings)
    for item in sky_bands("a", whole(*size), settings, 10, 0):
        if item.role == "test":
            assert item.window.clipped(bands[item.fold]) == item.window


def test_bands_cover_the_image_once_and_lie_across_its_longer_side():
    bands = bands_of_sky(whole(100, 301), 3)
    assert bands == [Window(0, 0, 100, 100), Window(0, 100, 100, 101), Window(0, 201, 100, 100)]
    count = np.zeros((301, 100), int)
    for band in bands_of_sky(whole(301, 100), 3):
        count[band.slices] += 1
    assert (count == 1).all()


def test_one_of_several_images_is_measured_as_a_whole():
    assert measured_apart(whole(90, 640), 2, Split()) == [whole(90, 640)]


def test_no_band_is_empty_where_there_are_more_folds_than_pixels():
    bands = measured_apart(whole(8, 8), 1, Split(folds=12))
    assert sum(band.width for band in bands) == 8
    assert all(band.width for band in bands)
