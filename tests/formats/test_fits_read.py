import numpy as np
import pytest
from astropy.io import fits
from made_fits import SIZE, VALUES, extension, made, one_file, one_line, save, sky

from pipeline.config import Images
from pipeline.formats import FormatError, read_image
from pipeline.formats.fits import open_fits, read_fits, write_fits
from pipeline.tiling import tiles
from pipeline.windowed import WindowedImage


@pytest.mark.parametrize("kind", ["plain", "compressed", "integers", "packed"])
def test_windows_of_a_file_are_windows_of_the_image(tmp_path, kind):
    wanted = Images(noise="ERR", mask="DQ", mask_bits=4)
    path = one_file(tmp_path / ("a.fits.gz" if kind == "packed" else "a.fits"), kind)
    image = read_fits(path, wanted)
    assert 0.1 < image.mask.mean() < 0.5
    with open_fits(path, wanted) as opened:
        assert (opened.shape, opened.bands, opened.header) == (image.shape, image.bands, image.header)
        for window in tiles(opened.area, 16):
            part, whole = opened.part(window), WindowedImage.of(image).part(window)
            np.testing.assert_array_equal(part.mask, whole.mask)
            trusted = ~part.mask
            np.testing.assert_array_equal(part.pixels[trusted], whole.pixels[trusted])
            np.testing.assert_array_equal(part.sigma[trusted], whole.sigma[trusted])
            assert np.isfinite(part.pixels).all()
            assert np.isfinite(part.sigma).all()


def test_one_file_per_band_becomes_one_image_in_the_order_given(tmp_path):
    paths = [save(tmp_path / f"m51-{b}.fits", fits.PrimaryHDU(VALUES + n, sky())) for n, b in enumerate("gri")]
    image = read_image(paths, Images(bands=["g", "r", "i"]), "m51", "spirals")
    assert (image.id, image.group, image.bands) == ("m51", "spirals", ("g", "r", "i"))
    np.testing.assert_array_equal(image.pixels, [VALUES, VALUES + 1, VALUES + 2])


def test_bands_that_a_file_names_are_picked_by_name(tmp_path):
    write_fits(tmp_path / "a.fits", made(("g", "r", "i")))
    image = read_fits(tmp_path / "a.fits", Images(bands=["i", "g"]))
    assert image.bands == ("i", "g")
    np.testing.assert_array_equal(image.pixels, [VALUES + 2000, VALUES])


def test_the_filter_names_a_single_band(tmp_path):
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, fits.Header({"FILTER": "F814W"})))
    assert read_fits(path).bands == ("F814W",)
    assert read_fits(path, Images(bands=["I"])).bands == ("I",)


def refused(tmp_path, case):
    # What is read, and the words that the refusal must hold.
    a = save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, sky()))
    nothing = np.full(SIZE, np.nan)
    if case == "nan":
        return save(tmp_path / "b.fits", fits.PrimaryHDU(nothing)), Images(), ["b.fits", "every pixel"]
    if case == "one band nan":
        cube = fits.PrimaryHDU(np.stack([VALUES, nothing]))
        return save(tmp_path / "b.fits", cube), Images(bands=["g", "r"]), ["b.fits", "band r"]
    if case == "shape":
        other = save(tmp_path / "b.fits", fits.PrimaryHDU(VALUES[:-1], sky()))
        return [a, other], Images(bands=["g", "r"]), [other, a, "19 x 24 px", "20 x 24 px"]
    if case == "unit":
        other = save(tmp_path / "b.fits", fits.PrimaryHDU(VALUES, sky(BUNIT="Jy")))
        return [a, other], Images(), [other, "Jy", "nanomaggy"]
    if case == "sky":
        other = save(tmp_path / "b.fits", fits.PrimaryHDU(VALUES, sky(CRPIX1=13.0)))
        return [a, other], Images(), [other, "3 px off", "registered"]
    if case == "cube per band":
        other = save(tmp_path / "b.fits", fits.PrimaryHDU(np.stack([VALUES, VALUES])))
        return [a, other], Images(), [other, "2 planes"]
    if case == "band count":
        return a, Images(bands=["g", "r"]), [a, "1 plane", "2 (g, r)"]
    if case == "band name":
        write_fits(tmp_path / "b.fits", made(("g", "r")))
        return tmp_path / "b.fits", Images(bands=["g", "z"]), ["b.fits", "'z'", "g, r"]
    if case == "band order":
        write_fits(tmp_path / "b.fits", made(("r",)))
        return [tmp_path / "b.fits"] * 2, Images(bands=["r", "i"]), ["b.fits", "'r'", "'i'"]
    if case == "axes":
        return save(tmp_path / "b.fits", fits.PrimaryHDU(VALUES.reshape(2, 2, 5, 24))), Images(), ["b.fits", "4 axes"]
    if case == "one axis":
        return save(tmp_path / "b.fits", fits.PrimaryHDU(VALUES[0])), Images(), ["b.fits", "1 axes"]
    if case == "table":
        table = fits.BinTableHDU.from_columns([fits.Column("x", "E", array=VALUES[0])])
        return save(tmp_path / "b.fits", table), Images(), ["b.fits", "no extension holds an image"]
    if case == "noise shape":
        path = save(tmp_path / "b.fits", extension(VALUES), extension(VALUES[:-2], "ERR"))
        return path, Images(noise="ERR"), ["b.fits", "ERR", "18 x 24 px"]
    if case == "no weight":
        path = save(tmp_path / "b.fits", extension(VALUES), extension(VALUES * 0, "WHT"))
        return path, Images(noise="WHT", noise_kind="weight"), ["b.fits", "weight"]
    if case == "text":
        (tmp_path / "b.fits").write_text("not FITS at all, " * 500)
        return tmp_path / "b.fits", Images(), ["b.fits", "FITS"]
    if case == "folder":
        (tmp_path / "b.fits").mkdir()
        return tmp_path / "b.fits", Images(), ["b.fits"]
    return tmp_path / "nowhere.fits", Images(), ["nowhere.fits", "no such file"]


@pytest.mark.parametrize(
    "case",
    [
        "nan", "one band nan", "shape", "unit", "sky", "cube per band", "band count", "band name", "band order", "axes",
        "one axis", "table", "noise shape", "no weight", "text", "folder", "missing",
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_file(tmp_path, case):
    paths, wanted, words = refused(tmp_path, case)
    with pytest.raises(FormatError) as error:
        read_image(paths, wanted)
    one_line(error, *words)


def test_a_tile_compressed_field_without_wcs_is_read(data):
    image = read_image(data / "nine_band_field" / "r.fits", Images(bands=["r"]))
    assert image.shape == (1, 2600, 2600)
    assert image.pixel_scale is None
    assert image.pixels.flags.c_contiguous


@pytest.mark.parametrize("keyword", ["BUNIT", "FILTER", "BAND1"])
def test_a_value_without_quotes_is_one_line_that_says_so(tmp_path, keyword):
    path = tmp_path / "a.fits"
    fits.writeto(path, np.ones((20, 20), np.float32), fits.Header({keyword: "xxxxxxxx"}))
    path.write_bytes(path.read_bytes().replace(b"'xxxxxxxx'", b"counts/s  "))
    with pytest.raises(
        FormatError, match=rf"a.fits: a keyword of its header cannot be understood .*{keyword}"
    ) as error:
        read_image(path)
    assert "\n" not in str(error.value)
