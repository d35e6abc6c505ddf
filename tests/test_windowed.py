from dataclasses import replace

import numpy as np
import pytest

from pipeline import windowed
from pipeline.image import Image
from pipeline.tiling import Window, whole
from pipeline.windowed import WindowedImage, noise_of, strips, trusted_window


@pytest.fixture
def image():
    pixels = np.arange(2 * 30 * 40, dtype=np.float32).reshape(2, 30, 40)
    return Image(
        "a", pixels, pixels % 7 == 0, "adu", ("g", "r"), sigma=pixels + 1, pixel_scale=0.2, header="OBJECT  = 1"
    )


@pytest.mark.parametrize("size", [(30, 40), (1, 7), (50, 3)])
@pytest.mark.parametrize("overlap", [0, 1])
def test_strips_cover_an_image_from_top_to_bottom(monkeypatch, size, overlap):
    monkeypatch.setattr(windowed, "STRIP", 100)
    rows = [np.arange(window.y0, window.y1) for window in strips(whole(*size), overlap)]
    again = [part[overlap:] for part in rows[1:]]
    np.testing.assert_array_equal(np.concatenate([rows[0], *again]), np.arange(size[0]))
    assert all(part.size for part in again)


def test_a_part_is_what_the_image_holds_there(image):
    window = Window(5, 7, 11, 13)
    part = WindowedImage.of(image).part(window, "group")
    for name in ("pixels", "mask", "sigma"):
        np.testing.assert_array_equal(getattr(part, name), getattr(image, name)[:, 5:16, 7:20])
    assert (part.id, part.unit, part.bands, part.group) == ("a", "adu", ("g", "r"), "group")
    assert (part.pixel_scale, part.header) == (0.2, "OBJECT  = 1")


def test_a_change_is_made_where_a_window_is_read(image):
    changed = WindowedImage.of(image).changed(
        lambda band, window, plane: plane._replace(pixels=plane.pixels * (band + 1) + window.y0)
    )
    np.testing.assert_array_equal(changed.read(1, Window(3, 2, 4, 5)).pixels, image.pixels[1, 3:7, 2:7] * 2 + 3)


def test_the_trusted_window_reaches_from_the_first_to_the_last_trusted_pixel_of_any_band(monkeypatch, image):
    monkeypatch.setattr(windowed, "STRIP", 100)
    mask = np.ones(image.shape, bool)
    assert trusted_window(WindowedImage.of(replace(image, mask=mask))) is None
    mask[0, 4, 30] = mask[1, 20, 6] = False
    assert trusted_window(WindowedImage.of(replace(image, mask=mask))) == Window(4, 6, 17, 25)


def test_noise_that_is_not_there_is_no_noise_of_zero(image):
    with pytest.raises(ValueError, match="without a noise map"):
        noise_of(replace(image, sigma=None))
