import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tiling import Window, read_reflected, reflected_index, tiles, whole

corners = st.integers(-40, 40)
lengths = st.integers(1, 50)
windows = st.builds(Window, corners, corners, lengths, lengths)


@given(area=windows, size=st.integers(1, 30), stride=st.integers(1, 16))
def test_tiles_cover_every_pixel_of_an_area_once(area, size, stride):
    times = np.zeros((area.height, area.width), int)
    for tile in tiles(area, size, stride):
        assert tile.height > 0
        assert tile.width > 0
        times[tile.relative_to(area).slices] += 1
    assert (times == 1).all()


@given(area=windows, size=st.integers(1, 30), stride=st.integers(1, 16))
def test_tiles_lie_between_multiples_of_the_stride_or_end_where_the_area_does(area, size, stride):
    for tile in tiles(area, size, stride):
        assert tile.y0 % stride == 0 or tile.y0 == area.y0
        assert tile.x0 % stride == 0 or tile.x0 == area.x0
        assert tile.y1 % stride == 0 or tile.y1 == area.y1
        assert tile.x1 % stride == 0 or tile.x1 == area.x1
        assert max(tile.height, tile.width) <= max(size, stride)


@pytest.mark.parametrize("area", [Window(5, 5, 0, 10), Window(5, 5, 10, 0), Window(-3, 5, 0, 0)])
def test_an_empty_area_has_no_tiles(area):
    assert list(tiles(area, 16, 8)) == []


@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 8), st.integers(1, 8)),
    before=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    after=st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
def test_reading_beyond_the_border_is_numpys_reflection(shape, before, after):
    array = np.arange(np.prod(shape)).reshape(shape)
    window = Window(-before[0], -before[1], shape[1] + before[0] + after[0], shape[2] + before[1] + after[1])
    padded = np.pad(array, ((0, 0), (before[0], after[0]), (before[1], after[1])), mode="reflect")
    np.testing.assert_array_equal(read_reflected(array, window), padded)


@given(window=windows)
def test_a_window_anywhere_is_cut_from_the_reflected_plane(window):
    array = np.arange(6 * 9).reshape(1, 6, 9)
    plane = np.pad(array, ((0, 0), (100, 100), (100, 100)), mode="reflect")
    expected = plane[:, window.y0 + 100 : window.y1 + 100, window.x0 + 100 : window.x1 + 100]
    np.testing.assert_array_equal(read_reflected(array, window), expected)


def test_a_dataset_in_a_file_is_read_as_an_array_is(tmp_path):
    array = np.random.default_rng(0).random((2, 30, 40))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("x", data=array, chunks=(1, 16, 16))
        for window in (Window(3, 5, 10, 12), Window(-8, 33, 20, 20), Window(-90, -90, 200, 200), Window(29, 39, 1, 1)):
            np.testing.assert_array_equal(read_reflected(dataset, window), read_reflected(array, window))


def test_no_more_of_a_file_is_read_than_is_needed():
    class Watched:
        shape = (1, 1000, 1000)

        def __getitem__(self, index):
            self.seen = index
            return np.zeros((1, *(s.stop - s.start for s in index[1:])))

    watched = Watched()
    read_reflected(watched, Window(-5, 400, 20, 30))
    assert watched.seen == (..., slice(0, 15), slice(400, 430))


def test_reflection_does_not_repeat_the_border():
    assert reflected_index(-3, 6, 3).tolist() == [1, 2, 1, 0, 1, 2, 1, 0, 1]


def test_windows_grow_clip_and_count_from_one_another():
    window = Window(10, 20, 30, 40)
    assert (window.y1, window.x1) == (40, 60)
    assert window.grown(5) == Window(5, 15, 40, 50)
    assert window.grown(5).grown(-5) == window
    assert window.clipped(whole(25, 100)) == Window(10, 20, 15, 40)
    assert window.clipped(Window(100, 100, 5, 5)).height == 0
    assert window.relative_to(Window(8, 8, 1, 1)) == Window(2, 12, 30, 40)
    assert np.zeros((50, 70))[window.slices].shape == (30, 40)
