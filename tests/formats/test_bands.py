"""Which plane becomes which band, where each band has a file of its own."""

import numpy as np
import pytest
from astropy.io import fits
from made_fits import VALUES, one_line, save

from pipeline.config import Images
from pipeline.formats import FormatError, read_image

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
