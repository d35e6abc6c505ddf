"""Which plane becomes which band, of the image and of the maps beside it."""

import numpy as np
import pytest
from astropy.io import fits
from made_fits import VALUES, extension, one_line, save

from pipeline.config import Images
from pipeline.formats import FormatError, open_image, read_image, write_image
from pipeline.image import Image

BANDS = ["g", "r", "i"]


def files(folder, keyword, names, stems="abc"):
    """One file per name, each 1 brighter than the last."""
    return [
        save(folder / f"{stem}.fits", fits.PrimaryHDU(VALUES + number, fits.Header({keyword: name} if name else {})))
        for number, (stem, name) in enumerate(zip(stems, names))
    ]


@pytest.mark.parametrize("keyword", ["BAND1", "FILTER"])
def test_files_that_say_which_bands_they_hold_may_come_in_any_order(tmp_path, keyword):
    image = read_image(files(tmp_path, keyword, "irg"), Images(bands=BANDS))
    assert image.bands == ("g", "r", "i")
    np.testing.assert_array_equal(image.pixels, [VALUES + 2, VALUES + 1, VALUES])
    assert fits.Header.fromstring(image.header, sep="\n")[keyword] == "g"


@pytest.mark.parametrize("names", [["F814W", "F606W", "F435W"], ["i", "i", "g"], ["i", "r", ""], ["i", "r", "G"]])
def test_a_filter_that_may_be_another_name_leaves_the_order_given(tmp_path, names):
    image = read_image(files(tmp_path, "FILTER", names), Images(bands=BANDS))
    np.testing.assert_array_equal(image.pixels, [VALUES, VALUES + 1, VALUES + 2])


@pytest.mark.parametrize("keyword", ["BAND1", "FILTER"])
def test_a_file_that_is_named_after_another_band_than_it_holds_is_refused(tmp_path, keyword):
    paths = files(tmp_path, keyword, "irg", stems=["m51-g", "m51-r", "m51-i"])
    wanted = Images(dataset="folder", path=f"{tmp_path}/{{id}}-{{band}}.fits", bands=BANDS)
    with pytest.raises(FormatError) as error:
        read_image(paths, wanted)
    one_line(error, paths[0], "holds band 'i', but stands in the place of 'g'")


def test_a_picture_knows_the_order_of_its_planes(tmp_path):
    pixels = np.stack([VALUES, VALUES + 1, VALUES + 2])
    write_image(tmp_path / "a.tiff", Image("a", pixels, np.zeros(pixels.shape, bool), "count", ("i", "r", "g")))
    with open_image(tmp_path / "a.tiff", Images(bands=BANDS)) as image:
        assert (image.bands, image.planes) == (("g", "r", "i"), ("i", "r", "g"))
        np.testing.assert_array_equal(image.part(image.area).pixels, pixels[::-1])


BAND_CARDS = {"named": {"BAND1": "i", "BAND2": "g"}, "unnamed": {}, "numbered": {"BAND1": "band1", "BAND2": "band2"}}


@pytest.mark.parametrize(("noise", "order"), [("named", [1, 0]), ("unnamed", [0, 1]), ("numbered", [0, 1])])
def test_a_noise_map_beside_the_image_goes_by_name_or_by_order(tmp_path, noise, order):
    sigma = np.stack([np.full(VALUES.shape, level) for level in (1.0, 2.0)])
    science = extension(np.stack([VALUES, VALUES]), BAND1="g", BAND2="i")
    path = save(tmp_path / "a.fits", science, extension(sigma, "ERR", **BAND_CARDS[noise]))
    image = read_image(path, Images(noise="ERR", bands=["i", "g"]))
    np.testing.assert_array_equal(image.sigma, sigma[order][::-1])


def test_a_noise_map_of_other_bands_beside_the_image_is_refused(tmp_path):
    science = extension(np.stack([VALUES, VALUES]), BAND1="g", BAND2="r")
    path = save(tmp_path / "a.fits", science, extension(np.stack([VALUES, VALUES]) + 1, "ERR", **BAND_CARDS["named"]))
    with pytest.raises(FormatError) as error:
        read_image(path, Images(noise="ERR"))
    one_line(error, path, "ERR", "no band 'r'", "i, g")


def test_a_plane_out_of_a_cube_is_not_named_after_the_cubes_first(tmp_path):
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, fits.Header({"BAND1": "g", "BAND2": "r"})))
    assert read_image(path, Images(bands=["r"])).bands == ("r",)
