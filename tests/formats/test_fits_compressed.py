import numpy as np
import pytest
from astropy.io import fits

from pipeline.formats.fits.compressed import write_compressed_fits
from pipeline.image import Image


def image(*shape, seed=0):
    pixels = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    header = fits.Header([("SYNTHET", True), ("SEED", 7), ("EXPTIME", 3.5)]).tostring(sep="\n", padding=False)
    bands = tuple("grizy"[: shape[0]])
    return Image("field", pixels, np.zeros(shape, bool), "nanomaggy", bands, header=header.removesuffix("END"))


@pytest.mark.parametrize("shape", [(3, 300, 700), (1, 300, 257), (2, 256, 256), (1, 5, 7)])
def test_what_is_written_is_read_back_to_the_last_bit(tmp_path, shape):
    made = image(*shape)
    write_compressed_fits(tmp_path / "a.fits.fz", made, ["painted"])
    with fits.open(tmp_path / "a.fits.fz") as hdus:
        hdus.verify("exception")
        data, header = hdus[1].data, hdus[1].header
        assert np.array_equal(data.reshape(shape), made.pixels)
        assert (header["SYNTHET"], header["SEED"], header["BUNIT"]) == (True, 7, "nanomaggy")
        assert header["BAND1"] == "g"
        assert "painted" in str(header["HISTORY"])


def test_zeros_take_little_room(tmp_path):
    empty = image(2, 512, 512)
    write_compressed_fits(tmp_path / "a.fits.fz", empty.with_pixels(np.zeros_like(empty.pixels)))
    assert (tmp_path / "a.fits.fz").stat().st_size < 30_000
