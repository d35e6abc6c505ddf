import numpy as np
from made_image import left_over

from pipeline.store import scratch
from pipeline.tiling import Window, tiles, whole


def test_what_was_written_aside_by_windows_is_read_by_other_windows_and_leaves_no_file(tmp_path):
    pixels = np.random.default_rng(0).random((2, 40, 50), np.float32)
    with scratch(tmp_path / "new" / "x.fits", pixels.shape) as room:
        for window in tiles(whole(40, 50), 16):
            room.write(window, pixels[(..., *window.slices)])
        for window in (whole(40, 50), Window(3, 5, 30, 7)):
            np.testing.assert_array_equal(room.read(1, window), pixels[(1, *window.slices)])
    assert left_over(tmp_path / "new") == []
