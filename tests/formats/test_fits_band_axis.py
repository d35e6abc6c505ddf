"""The third axis of a result: the input's where its planes are the input's, and else the bands."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from made_fits import VALUES, save, sky

from pipeline.config import Images
from pipeline.formats.fits import read_fits, write_fits

FREQUENCY = {"CTYPE3": "FREQ", "CUNIT3": "Hz", "CRPIX3": 1.0, "CRVAL3": 1e9, "CDELT3": 1e6, "CD3_3": 1e6, "CD1_3": 0.0}
CUBE = np.stack([VALUES, VALUES + 1, VALUES + 2])


def named(bands):
    return {f"BAND{number}": band for number, band in enumerate(bands, 1)}


def written(tmp_path, paths, bands):
    write_fits(tmp_path / "out.fits", read_fits(paths, Images(bands=bands)))
    return fits.getheader(tmp_path / "out.fits")


def assert_bands_lie_along_the_third_axis(header, version=""):
    assert [header[f"{key}3{version}"] for key in ("CTYPE", "CRPIX", "CRVAL")] == ["BAND", 1, 1]
    assert not {f"{key}{version}" for key in ("CUNIT3", "CD1_3", "PC3_3", "CROTA3")} & set(header)
    planes = WCS(header, key=version or " ").wcs_pix2world([[0, 0, n] for n in range(3)], 0)[:, 2]
    np.testing.assert_allclose(planes, [1, 2, 3])


@pytest.mark.parametrize("version", ["", "A"])
def test_a_cube_of_several_files_has_bands_and_no_frequencies(tmp_path, version):
    cards = sky()
    cards.update({f"{key}{version}": value for key, value in sky().items() if key[:2] in ("CT", "CR", "CD")})
    cards.update({f"{key}{version}": value for key, value in FREQUENCY.items()})
    paths = []
    for number, band in enumerate("gri", 1):
        cards[f"CRVAL3{version}"] = number * 1e9
        paths.append(save(tmp_path / f"{band}.fits", fits.PrimaryHDU(VALUES[None], cards)))
    assert_bands_lie_along_the_third_axis(written(tmp_path, paths, ["g", "r", "i"]), version)


def test_planes_that_change_places_leave_their_frequencies(tmp_path):
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(CUBE, sky(**FREQUENCY, **named("irg"))))
    assert_bands_lie_along_the_third_axis(written(tmp_path, path, ["g", "r", "i"]))


def test_planes_out_of_the_midst_of_a_cube_leave_their_frequencies(tmp_path):
    cube = np.concatenate([CUBE, CUBE + 3])
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(cube, sky(**FREQUENCY, **named("abcdef"))))
    assert_bands_lie_along_the_third_axis(written(tmp_path, path, ["b", "c", "d"]))
    assert "CTYPE3" not in written(tmp_path, path, ["b"])


@pytest.mark.parametrize("bands", [None, ["g", "r", "i"]])
@pytest.mark.parametrize("names", ["", "gri"])
def test_a_cube_in_its_own_order_keeps_its_frequencies(tmp_path, names, bands):
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(CUBE, sky(**FREQUENCY, **named(names))))
    header = written(tmp_path, path, bands)
    assert {key: header[key] for key in FREQUENCY} == FREQUENCY
