import numpy as np
import pytest
from made_image import image, left_over, same

from pipeline.store import StoreError, read_images, write_images
from pipeline.tiling import Window


def test_images_come_back_as_they_were_in_the_order_of_writing(tmp_path):
    written = [
        image("z"),
        image("a", (1, 7, 300), 1),
        image("m", seed=2, sigma=None, background=None, pixel_scale=None),
    ]
    with write_images(tmp_path / "x.h5", data_range=1.5, sky=[0.1, 0.2]) as writer:
        for one in written:
            writer.append(one)
    with read_images(tmp_path / "x.h5") as images:
        assert images.ids == ["z", "a", "m"]
        assert len(images) == 3
        assert all(same(one, again) for one, again in zip(written, images))
        assert images.attributes == {"data_range": 1.5, "sky": [0.1, 0.2]}
        assert images.shape("a") == (1, 7, 300)


@pytest.mark.parametrize("id", ["a/b/c", "/a", "ü ☃ \u661f", "a b%2Fc", ".", "..", "a.fits", "%"])
def test_any_name_can_be_an_id(tmp_path, id):
    with write_images(tmp_path / "x.h5") as writer:
        writer.append(image(id))
        writer.append(image("another"))
    with read_images(tmp_path / "x.h5") as images:
        assert images.ids == [id, "another"]
        assert same(images.image(id), image(id))


def test_a_header_longer_than_an_attribute_can_be_is_kept(tmp_path):
    header = "\n".join(f"HISTORY line {i} of a mosaic" for i in range(10_000))
    with write_images(tmp_path / "x.h5") as writer:
        writer.append(image(header=header))
    with read_images(tmp_path / "x.h5") as images:
        assert images.image("a").header == header


def test_pixels_reach_the_disk_in_single_precision(tmp_path):
    with write_images(tmp_path / "x.h5") as writer:
        writer.append(image(pixels=np.ones((2, 40, 50)), mask=np.zeros((2, 40, 50), np.uint8)))
    with read_images(tmp_path / "x.h5") as images:
        assert images.image("a").pixels.dtype == np.float32
        assert images.image("a").mask.dtype == np.bool_


@pytest.mark.parametrize("window", [Window(5, 7, 10, 12), Window(-6, -8, 20, 20), Window(30, 40, 40, 40)])
def test_a_window_is_that_part_reflected_and_masked_beyond_the_border(tmp_path, window):
    whole = image()
    with write_images(tmp_path / "x.h5") as writer:
        writer.append(whole)
    with read_images(tmp_path / "x.h5") as images:
        part = images.image("a", window)
    margin = ((0, 0), (100, 100), (100, 100))
    cut = (..., *Window(window.y0 + 100, window.x0 + 100, window.height, window.width).slices)
    np.testing.assert_array_equal(part.pixels, np.pad(whole.pixels, margin, mode="reflect")[cut])
    np.testing.assert_array_equal(part.sigma, np.pad(whole.sigma, margin, mode="reflect")[cut])
    np.testing.assert_array_equal(part.mask, np.pad(whole.mask, margin, constant_values=True)[cut])
    assert part.bands == whole.bands


def test_two_images_of_one_name_are_refused(tmp_path):
    def twice():
        with write_images(tmp_path / "x.h5") as writer:
            writer.append(image())
            writer.append(image())

    with pytest.raises(StoreError, match="'a' is the name of two images"):
        twice()
    assert left_over(tmp_path) == []


def test_a_name_that_is_not_there_is_refused_in_words(tmp_path):
    with write_images(tmp_path / "x.h5") as writer:
        writer.append(image())
    with read_images(tmp_path / "x.h5") as images, pytest.raises(StoreError, match=r"x\.h5: holds nothing called 'b'"):
        images.image("b")


@pytest.mark.parametrize("failure", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_no_file_at_all(tmp_path, failure):
    def broken_off():
        with write_images(tmp_path / "x.h5") as writer:
            writer.append(image())
            raise failure

    with pytest.raises(failure):
        broken_off()
    assert left_over(tmp_path) == []


def test_an_image_can_be_put_into_another_group_when_it_is_written(tmp_path):
    with write_images(tmp_path / "a.h5") as images:
        images.append(image("a"))
        images.append(image("b"))
        images.regroup("b", "group 2")
    with read_images(tmp_path / "a.h5") as images:
        assert [found.group for found in images] == ["group 1", "group 2"]
        assert same(images.image("b"), image("b", group="group 2"))
