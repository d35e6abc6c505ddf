import numpy as np
import pytest
from astropy.io import fits
from made_fits import VALUES, extension, save, sky

from pipeline.config import Images
from pipeline.formats import read_psf
from pipeline.formats.fits import read_fits, write_fits


def primary(values=None, **cards):
    """The first part of a file from a space telescope: all that is known of the exposure, and no pixels."""
    hdu = fits.PrimaryHDU(values)
    telling = {"TELESCOP": "HST", "INSTRUME": "WFC3", "DATE-OBS": "2012-09-01", "FILTER": "F160W", "NEXTEND": 3}
    hdu.header.update(telling | {"HIERARCH ESO DET NAME": "chip 1", "OBJECT": "of the proposal"} | cards)
    hdu.header.add_blank("/ TARGET INFORMATION")
    hdu.header.add_history("flat field divided")
    return hdu


def kept(tmp_path, first, **science):
    """The header of the result for a file of this primary part and a science extension with a noise map and flags."""
    parts = extension(VALUES, **dict(sky(), **science)), extension(VALUES + 1, "ERR"), extension(VALUES * 0, "DQ")
    for part in parts:
        part.add_checksum()
    path = save(tmp_path / "in.fits", first, *parts)
    write_fits(tmp_path / "out.fits", read_fits(path, Images(science="SCI", noise="ERR", mask="DQ")))
    with fits.open(tmp_path / "out.fits") as hdus:
        hdus.verify("exception")
        return hdus[0].header


def test_a_result_keeps_what_the_primary_header_says(tmp_path):
    header = kept(tmp_path, primary(), EXPTIME=42.5)
    said = [header[key] for key in ("TELESCOP", "INSTRUME", "DATE-OBS", "FILTER", "ESO DET NAME", "EXPTIME")]
    assert said == ["HST", "WFC3", "2012-09-01", "F160W", "chip 1", 42.5]
    assert not {"NEXTEND", "CHECKSUM", "DATASUM", "INHERIT", ""} & set(header)
    assert header["EXTNAME"] == "SCI"
    assert (header["CRVAL1"], header["CRVAL2"]) == (215.97, 52.64)


def test_the_science_header_wins(tmp_path):
    assert kept(tmp_path, primary())["OBJECT"] == "HUDF"


def test_history_and_comments_are_those_of_both_headers_each_line_once(tmp_path):
    first = primary()
    first.header.add_comment("only above")
    path = save(tmp_path / "in.fits", first, extension(VALUES))
    with fits.open(path, mode="update") as hdus:
        for line in ("flat field divided", "drizzled"):
            hdus[1].header.add_history(line)
    write_fits(tmp_path / "out.fits", read_fits(path), history=["restored"])
    header = fits.getheader(tmp_path / "out.fits")
    assert list(header["HISTORY"]) == ["flat field divided", "drizzled", "restored"]
    assert list(header["COMMENT"]).count("only above") == 1


def test_unit_bands_and_pixel_scale_may_stand_in_the_primary_header(tmp_path):
    path = save(tmp_path / "a.fits", primary(**dict(sky())), extension(VALUES))
    image = read_fits(path)
    assert (image.unit, image.bands) == ("nanomaggy", ("F160W",))
    assert image.pixel_scale == pytest.approx(0.36, rel=1e-3)
    first = fits.PrimaryHDU(header=fits.Header({"PIXELSCL": 0.05}))
    assert read_psf(save(tmp_path / "psf.fits", first, extension(np.ones((5, 5)))))[1] == 0.05


def test_a_grid_is_never_put_together_from_two_headers(tmp_path):
    header = kept(tmp_path, primary(CDELT1=0.5, PC1_1=2.0, LONPOLE=90.0, A_ORDER=2, RADESYS="FK5"))
    assert not {"CDELT1", "PC1_1", "A_ORDER", "LONPOLE"} & set(header)
    assert header["RADESYS"] == "FK5"


@pytest.mark.parametrize("case", ["told not to", "pixels above"])
def test_a_header_that_does_not_inherit_stays_alone(tmp_path, case):
    pixels, said = (None, {"INHERIT": False}) if case == "told not to" else (VALUES, {})
    assert "TELESCOP" not in kept(tmp_path, primary(pixels), **said)
