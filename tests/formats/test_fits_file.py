import numpy as np
import pytest
from astropy.io import fits
from made_fits import VALUES, extension, one_line, save

from pipeline.formats import FormatError
from pipeline.formats.fits import read_fits


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.5, 0.9])
def test_a_file_that_is_cut_short_is_refused(tmp_path, share, compressed):
    noise = np.random.default_rng(0).normal(size=(200, 210)).astype(np.float32)
    whole = save(tmp_path / "a.fits", extension(noise, compressed=compressed)).read_bytes()
    (tmp_path / "cut.fits").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FormatError) as error:
        read_fits(tmp_path / "cut.fits")
    one_line(error, "cut.fits")


def test_a_gzipped_file_that_is_cut_short_is_refused(tmp_path):
    whole = save(tmp_path / "a.fits.gz", extension(VALUES)).read_bytes()
    (tmp_path / "cut.fits.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError) as error:
        read_fits(tmp_path / "cut.fits.gz")
    one_line(error, "cut.fits.gz")


def test_missing_padding_at_the_end_is_forgiven(tmp_path):
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES))
    path.write_bytes(path.read_bytes()[: 2880 + VALUES.nbytes])
    np.testing.assert_array_equal(read_fits(path).pixels[0], VALUES)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match="cut short"):
        read_fits(path)
