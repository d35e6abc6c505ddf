import errno
import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch

from pipeline.image import Image, ImageError
from pipeline.observation import Observation, read_observations, write_observations
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise, PoissonNoise
from pipeline.physics.psf import draw_psf
from pipeline.store import StoreError, read_images, read_restored, scratch, write_images, write_restored, written_aside
from pipeline.tiling import Window, tiles, whole


def image(id="a", shape=(2, 40, 50), seed=0, **changes):
    random = np.random.default_rng(seed)
    pixels = random.normal(size=shape).astype(np.float32)
    sigma = np.full(shape, 0.5, np.float32)
    made = Image(
        id, pixels, random.random(shape) < 0.1, "nJy", ("g", "r")[: shape[0]], "group 1", sigma, pixels + 3, 0.2
    )
    return replace(made, **{"header": "SIMPLE  = T", **changes})


def same(one, other):
    for name in ("pixels", "mask", "sigma", "background"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name) is None or getattr(one, name).dtype == getattr(other, name).dtype
    for name in ("id", "unit", "bands", "group", "pixel_scale", "header"):
        assert getattr(one, name) == getattr(other, name)
    return True


def left_over(folder):
    return sorted(path.name for path in folder.iterdir())


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


@pytest.mark.parametrize("noise", [GaussianNoise((0.1, 0.2)), PoissonNoise((1.0,) * 2, (2.0,) * 2, (0.0,) * 2)])
def test_observations_come_back_with_their_operators(tmp_path, noise):
    psf = torch.stack([draw_psf("moffat", 3.0)] * 2)
    with write_observations(tmp_path / "x.h5") as writer:
        writer.append(Observation(image(), Blur(psf, noise)))
        writer.append(Observation(image("b/c"), Blur(psf[:, 2:-2, 2:-2] / psf[:, 2:-2, 2:-2].sum((1, 2), True), noise)))
    with read_observations(tmp_path / "x.h5") as observations:
        assert observations.ids == ["a", "b/c"]
        again = observations.observation("a")
        assert same(again.preview, image())
        torch.testing.assert_close(again.operator.psf, psf)
        assert again.operator.noise == noise
        part = observations.observation("b/c", Window(-2, 0, 8, 9))
        assert part.preview.shape == (2, 8, 9)
        assert part.operator.psf.shape[-1] == psf.shape[-1] - 4


def test_restored_items_come_back_with_their_notes(tmp_path):
    with write_restored(tmp_path / "x.h5", method="wiener") as writer:
        writer.append("b/1", np.ones((2, 3, 4)), fold=1, seconds=0.5)
        writer.append("a", np.zeros((2, 5, 6)), fold=0, seconds=0.25)
    with read_restored(tmp_path / "x.h5") as restored:
        assert restored.items == ["b/1", "a"]
        assert restored.pixels("b/1").dtype == np.float32
        assert (restored.pixels("b/1") == 1).all()
        assert restored.attributes("b/1") == {"fold": 1, "seconds": 0.5}


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


def test_planes_of_different_shapes_are_no_image():
    with pytest.raises(ImageError, match="a: mask has the shape"):
        image(mask=np.zeros((40, 50), bool))
    with pytest.raises(ImageError, match="1 bands are named, and there are 2 planes"):
        image(bands=("g",))


@pytest.mark.parametrize("failure", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_no_file_at_all(tmp_path, failure):
    def broken_off():
        with write_images(tmp_path / "x.h5") as writer:
            writer.append(image())
            raise failure

    with pytest.raises(failure):
        broken_off()
    assert left_over(tmp_path) == []


def test_a_failure_leaves_the_file_that_was_there(tmp_path):
    with written_aside(tmp_path / "x.txt") as aside:
        aside.write_text("old")

    def broken_off():
        with written_aside(tmp_path / "x.txt") as aside:
            aside.write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert left_over(tmp_path) == ["x.txt"]
    assert (tmp_path / "x.txt").read_text() == "old"


def test_folders_are_made_and_the_name_aside_keeps_its_ending(tmp_path):
    with written_aside(tmp_path / "a" / "b" / "x.fits.gz") as aside:
        assert aside.name.endswith("x.fits.gz")
        assert aside.parent == tmp_path / "a" / "b"
        aside.write_text("done")
    assert left_over(tmp_path / "a" / "b") == ["x.fits.gz"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_is_said_in_one_line(tmp_path, code):
    with pytest.raises(StoreError) as caught, written_aside(tmp_path / "x.txt"):
        raise OSError(code, os.strerror(code))
    assert str(caught.value).startswith(f"{tmp_path / 'x.txt'}: cannot be written ({os.strerror(code)})")
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_a_file_is_said_in_one_line(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(StoreError, match="cannot be written"), written_aside(tmp_path / "a" / "x.txt"):
        pass


def test_what_is_wrong_with_another_file_is_not_blamed_on_this_one(tmp_path):
    with pytest.raises(FileNotFoundError), written_aside(tmp_path / "x.txt"):
        (tmp_path / "missing").read_text()


FULL_DISK = """
    import resource, sys
    from pathlib import Path
    import numpy as np
    from pipeline.image import Image
    from pipeline.store import StoreError, scratch, write_images, write_restored
    from pipeline.tiling import whole
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    pixels = np.random.default_rng(0).random((1, 300, 300), np.float32)
    try:
        with {opened} as writer:
            {append}
    except StoreError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("opened", "append"),
    [
        ("write_images('x.h5')", "writer.append(Image('a', pixels, pixels > 2, 'nJy', ('g',)))"),
        ("write_restored('x.h5')", "writer.append('a', pixels)"),
        ("scratch('x.h5', pixels.shape)", "writer.write(whole(300, 300), pixels)"),
    ],
)
def test_no_space_left_is_one_line_and_no_file(tmp_path, opened, append):
    code = textwrap.dedent(FULL_DISK).format(opened=opened, append=append)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["x.h5: cannot be written (File too large); make room or choose another place"]
    assert done.stderr == ""
    assert left_over(tmp_path) == []


def test_what_was_written_aside_by_windows_is_read_by_other_windows_and_leaves_no_file(tmp_path):
    pixels = np.random.default_rng(0).random((2, 40, 50), np.float32)
    with scratch(tmp_path / "new" / "x.fits", pixels.shape) as room:
        for window in tiles(whole(40, 50), 16):
            room.write(window, pixels[(..., *window.slices)])
        for window in (whole(40, 50), Window(3, 5, 30, 7)):
            np.testing.assert_array_equal(room.read(1, window), pixels[(1, *window.slices)])
    assert left_over(tmp_path / "new") == []


def test_a_missing_file_is_refused_in_one_line(tmp_path):
    with pytest.raises(StoreError, match=r"x\.h5: no such file"), read_images(tmp_path / "x.h5"):
        pass


def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path):
    with write_restored(tmp_path / "x.h5"):
        pass
    with pytest.raises(StoreError, match="holds restored; a file of images is needed"), read_images(tmp_path / "x.h5"):
        pass
    with pytest.raises(StoreError, match="a file of observations is needed"), read_observations(tmp_path / "x.h5"):
        pass


@pytest.mark.parametrize("kind", [None, "not json", 3, np.zeros(3)])
def test_a_strangers_hdf5_is_refused_in_one_line(tmp_path, kind):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        if kind is not None:
            file.attrs["kind"] = kind
    with pytest.raises(StoreError, match="a file of images is needed"), read_images(tmp_path / "x.h5"):
        pass


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused_in_one_line(tmp_path, share):
    path = tmp_path / "x.h5"
    with write_images(path) as writer:
        writer.append(image())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StoreError) as caught, read_images(path):
        pass
    assert str(caught.value).startswith(f"{path}: not a readable HDF5 file")
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file_of_ours(tmp_path):
    with pytest.raises(StoreError, match="not a readable HDF5 file"), read_images(tmp_path):
        pass
