import gzip

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from made_fits import VALUES, made, one_file, save

from pipeline.config import Images
from pipeline.formats import FormatError, read_image, write_image
from pipeline.formats.fits import open_fits, read_fits, write_fits


@settings(max_examples=25, deadline=None)
@given(arrays(np.float32, (9, 8), elements=st.floats(width=32, allow_nan=True, allow_infinity=True)))
def test_any_float32_survives_writing_and_reading(tmp_path_factory, values):
    path = save(tmp_path_factory.mktemp("any") / "a.fits", fits.PrimaryHDU(values))
    if not np.isfinite(values).any():
        with pytest.raises(FormatError):
            read_fits(path)
        return
    image = read_fits(path)
    assert np.isfinite(image.pixels).all()
    np.testing.assert_array_equal(image.mask[0], ~np.isfinite(values))
    write_fits(path, image)
    np.testing.assert_array_equal(read_fits(path).pixels, image.pixels)


def test_an_image_of_windows_is_written_as_one_in_memory(tmp_path):
    path = one_file(tmp_path / "a.fits", "plain")
    write_fits(tmp_path / "whole.fits", read_fits(path), history=["done"])
    with open_fits(path) as opened:
        write_fits(tmp_path / "windows.fits", opened, history=["done"])
    with fits.open(tmp_path / "whole.fits") as whole, fits.open(tmp_path / "windows.fits") as windows:
        assert repr(whole[0].header) == repr(windows[0].header)
        mask = whole["MASK"].data
        np.testing.assert_array_equal(windows["MASK"].data, mask)
        np.testing.assert_array_equal(windows[0].data[mask == 0], whole[0].data[mask == 0])
        windows.verify("exception")


def test_a_result_carries_uncertainty_mask_and_history(tmp_path):
    image = made(("g", "r"))
    image.mask[1, 3, 4] = True
    lines = ["clearfield 0.1: nafnet_faithful 0123456789ab", "a long line " * 12, "größer"]
    write_image(tmp_path / "a.fits", image, uncertainty=image.pixels * 0 + 2, history=lines)
    with fits.open(tmp_path / "a.fits") as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SIGMA", "MASK"]
        assert hdus[0].header["BUNIT"] == hdus["SIGMA"].header["BUNIT"] == "count"
        assert "BUNIT" not in hdus["MASK"].header
        assert hdus["MASK"].data.sum() == hdus["MASK"].data[1, 3, 4] == 1
        history = "".join(hdus[0].header["HISTORY"])
        assert lines[0] in history
        assert "gr??er" in history
    again = read_image(tmp_path / "a.fits", Images(noise="SIGMA", mask="MASK"))
    np.testing.assert_array_equal(again.mask, image.mask)
    np.testing.assert_array_equal(again.sigma, 2)


def test_a_gzipped_result_is_one(tmp_path):
    write_image(tmp_path / "a.fits.gz", made())
    with gzip.open(tmp_path / "a.fits.gz") as file:
        assert file.read(6) == b"SIMPLE"
    np.testing.assert_array_equal(read_image(tmp_path / "a.fits.gz").pixels, made().pixels)


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    for path, more in (("a.fits.fz", {}), ("a.fits", {"uncertainty": VALUES}), ("a.webp", {})):
        with pytest.raises(FormatError, match=path):
            write_image(tmp_path / path, made(), **more)
    assert list(tmp_path.iterdir()) == []
