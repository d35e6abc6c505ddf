import gzip
import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.config import Images
from pipeline.formats import FormatError, read_image, read_psf, write_image
from pipeline.formats.fits import open_fits, read_fits, write_fits
from pipeline.image import Image
from pipeline.tiling import tiles
from pipeline.windowed import WindowedImage

SIZE = (20, 24)
VALUES = np.arange(480, dtype=np.float32).reshape(SIZE)


def save(path, *hdus):
    first = hdus[0] if hdus and isinstance(hdus[0], fits.PrimaryHDU) else fits.PrimaryHDU()
    rest = hdus[1:] if hdus and hdus[0] is first else hdus
    fits.HDUList([first, *rest]).writeto(path, overwrite=True)
    return path


def extension(values, name="SCI", compressed=False, **keywords):
    hdu = (fits.CompImageHDU if compressed else fits.ImageHDU)(values, name=name)
    hdu.header.update(keywords)
    return hdu


def sky(**more):
    header = fits.Header()
    cards = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 215.97, "CRVAL2": 52.64, "CRPIX1": 10.0, "CRPIX2": 12.5,
        "CD1_1": -1e-4, "CD1_2": 2e-6, "CD2_1": 2e-6, "CD2_2": 1e-4, "BUNIT": "nanomaggy", "OBJECT": "HUDF",
    }  # fmt: skip
    header.update({**cards, **more})
    return header


def made(bands=("g",), unit="count", **more):
    pixels = np.stack([VALUES + 1000 * n for n in range(len(bands))])
    return Image("a", pixels, np.zeros(pixels.shape, bool), unit, bands, **more)


def one_line(error, *words):
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert str(word) in message


# Values


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", [">i2", ">i4", "u1", "u2"])
def test_integers_are_read_as_they_are(tmp_path, kind, compressed):
    image = read_fits(save(tmp_path / "a.fits", extension((VALUES % 251).astype(kind), compressed=compressed)))
    np.testing.assert_array_equal(image.pixels[0], VALUES % 251)
    assert not image.mask.any()


@pytest.mark.parametrize("suffix", ["fits", "fits.gz"])
@pytest.mark.parametrize("kind", ["<f4", ">f8"])
def test_floating_point_of_any_width_and_byte_order_becomes_native_float32(tmp_path, kind, suffix):
    image = read_fits(save(tmp_path / f"a.{suffix}", fits.PrimaryHDU(VALUES.astype(kind))))
    assert image.pixels.dtype == np.dtype("=f4")
    assert image.pixels.flags.c_contiguous
    np.testing.assert_array_equal(image.pixels, VALUES[None])


@pytest.mark.parametrize("compressed", [False, True])
def test_scaled_integers_become_values_and_blank_becomes_mask(tmp_path, compressed):
    stored = VALUES.astype(np.int16)
    stored[3, 4] = -99
    path = save(tmp_path / "a.fits", extension(stored, compressed=compressed, BLANK=-99))
    with fits.open(path, mode="update", do_not_scale_image_data=True, disable_image_compression=True) as hdus:
        hdus[1].header.update({"BSCALE": 0.5, "BZERO": 100.0})
    image = read_fits(path)
    assert image.mask.sum() == 1
    assert image.mask[0, 3, 4]
    np.testing.assert_allclose(image.pixels[~image.mask], (VALUES * 0.5 + 100)[~image.mask[0]])
    assert 100 <= image.pixels[0, 3, 4] <= 340


def test_a_blank_value_is_masked_in_unsigned_integers_too(tmp_path):
    path = save(tmp_path / "a.fits", extension(VALUES.astype(np.uint16)))
    with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
        assert hdus[1].header["BZERO"] == 32768
        hdus[1].header["BLANK"] = -32768 + 7
    image = read_fits(path)
    assert np.argwhere(image.mask[0]).tolist() == [[0, 7]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_float32_cannot_hold_is_masked_and_replaced_by_its_surroundings(tmp_path, bad):
    values = VALUES.astype(float)
    values[5, 6] = bad
    image = read_fits(save(tmp_path / "a.fits", fits.PrimaryHDU(values)))
    assert np.argwhere(image.mask[0]).tolist() == [[5, 6]]
    assert image.pixels[0, 5, 6] == np.median(np.delete(VALUES, 5 * 24 + 6))


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


# Extensions


def test_extensions_are_found_by_name_number_and_version(tmp_path):
    second = extension(VALUES + 2)
    second.ver = 2
    path = save(tmp_path / "a.fits", extension(VALUES + 1), second, extension(VALUES + 3, name="OTHER"))
    for science, expected in ((None, 1), ("sci", 1), ("SCI,2", 2), (3, 3)):
        assert read_fits(path, Images(science=science)).pixels[0, 0, 0] == expected


@pytest.mark.parametrize(
    ("kind", "noise", "expected"), [("sigma", 4.0, 4.0), ("variance", 16.0, 4.0), ("weight", 0.0625, 4.0)]
)
def test_a_noise_map_becomes_sigma_and_no_weight_becomes_mask(tmp_path, kind, noise, expected):
    values = np.full(SIZE, noise)
    values[0, 0], values[1, 1], values[2, 2] = 0, np.nan, -1
    path = save(tmp_path / "a.fits", extension(VALUES), extension(values, "ERR"))
    image = read_fits(path, Images(noise="ERR", noise_kind=kind))
    np.testing.assert_allclose(image.sigma, expected)
    assert np.argwhere(image.mask[0]).tolist() == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize(("bits", "masked"), [(None, [1, 2, 3, 5]), (1, [1, 3, 5]), (6, [2, 3, 5])])
@pytest.mark.parametrize("compressed", [False, True])
def test_the_bits_that_are_asked_for_mask_a_pixel(tmp_path, bits, masked, compressed):
    flags = np.zeros(SIZE, np.uint16)
    flags[0, :6] = [0, 1, 2, 3, 0, 32768 + 5]
    path = save(tmp_path / "a.fits", extension(VALUES), extension(flags, "DQ", compressed=compressed))
    image = read_fits(path, Images(mask="DQ", mask_bits=bits))
    assert np.flatnonzero(image.mask).tolist() == masked


def test_a_map_with_one_plane_holds_for_every_band_of_a_cube(tmp_path):
    cube = np.stack([VALUES, VALUES, VALUES])
    flags = np.zeros(SIZE, np.int16)
    flags[2, 3] = 1
    path = save(tmp_path / "a.fits", extension(cube), extension(flags, "DQ"), extension(cube + 1, "ERR"))
    image = read_fits(path, Images(mask="DQ", noise="ERR", bands=["g", "r", "i"]))
    assert image.shape == (3, *SIZE)
    assert image.bands == ("g", "r", "i")
    assert np.argwhere(image.mask).tolist() == [[0, 2, 3], [1, 2, 3], [2, 2, 3]]
    np.testing.assert_array_equal(image.sigma[~image.mask], (cube + 1)[~image.mask])


@pytest.mark.parametrize("compressed", [False, True])
def test_axes_of_length_one_before_the_image_are_dropped(tmp_path, compressed):
    cube = np.stack([VALUES, VALUES + 1])[None]
    image = read_fits(save(tmp_path / "a.fits", extension(cube.astype(np.int32), compressed=compressed)))
    np.testing.assert_array_equal(image.pixels, cube[0])
    assert image.bands == ("band1", "band2")


# Windows


def one_file(path, kind):
    cube = np.random.default_rng(0).normal(100, 5, (3, 50, 70)).astype(np.float32)
    flags, noise = np.zeros((50, 70), np.int16), np.full((50, 70), 2.0)
    flags[10:30, 40:], noise[40, :9], cube[1, :5], cube[2, 20, 20] = 5, -1, np.nan, np.inf
    compressed, integers = kind == "compressed", kind == "integers"
    science = extension(cube, compressed=compressed)
    if integers:
        science = extension(np.nan_to_num(cube, nan=-99, posinf=-99).astype(np.int16), BLANK=-99)
    save(path, science, extension(flags, "DQ", compressed), extension(noise, "ERR", compressed))
    if integers:
        with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
            hdus[1].header.update({"BSCALE": 0.5, "BZERO": 7.0})
    return path


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


# Unit, bands, place on the sky


def test_unit_and_pixel_scale_come_from_the_file_before_the_configuration(tmp_path):
    given = Images(unit="count", pixel_scale=9.0)
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, sky()))
    image = read_fits(path, given)
    assert image.unit == "nanomaggy"
    assert image.pixel_scale == pytest.approx(0.36, rel=1e-3)
    bare = read_fits(save(tmp_path / "b.fits", fits.PrimaryHDU(VALUES)), given)
    assert (bare.unit, bare.pixel_scale) == ("count", 9.0)
    assert read_fits(tmp_path / "b.fits").unit == "unknown"
    assert read_fits(tmp_path / "b.fits").pixel_scale is None


def test_a_wcs_that_is_not_on_the_sky_gives_no_pixel_scale(tmp_path):
    header = fits.Header({"CTYPE1": "WAVE", "CTYPE2": "OFFSET", "CDELT1": 1e-10, "CDELT2": 0.1})
    assert read_fits(save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, header))).pixel_scale is None


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


# Writing


def test_the_sky_of_the_input_survives_to_a_nano_degree(tmp_path):
    corners = np.array([[0, 0], [23, 0], [0, 19], [23, 19.0]])
    header = sky(A_ORDER=2, B_ORDER=2, A_2_0=1e-5, B_0_2=2e-5, CTYPE1="RA---TAN-SIP", CTYPE2="DEC--TAN-SIP")
    path = save(tmp_path / "in.fits", fits.PrimaryHDU(VALUES, header))
    paths = [path, path, path]
    for source, bands in ((path, ["g"]), (paths, ["g", "r", "i"])):
        image = read_fits(source, Images(bands=bands))
        write_fits(tmp_path / "out.fits", image)
        after = WCS(fits.getheader(tmp_path / "out.fits"), naxis=2)
        difference = after.all_pix2world(corners, 0) - WCS(header).all_pix2world(corners, 0)
        assert np.abs(difference).max() < 1e-9
        again = read_fits(tmp_path / "out.fits")
        assert (again.unit, again.bands, again.pixel_scale) == (image.unit, image.bands, image.pixel_scale)
        assert fits.getheader(tmp_path / "out.fits")["OBJECT"] == "HUDF"


def test_nothing_of_the_inputs_storage_survives(tmp_path):
    hdu = extension(VALUES.astype(np.int16), compressed=True, DATAMAX=5.0, BLANK=-1)
    path = tmp_path / "in.fits"
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, checksum=True)
    with fits.open(path, mode="update", do_not_scale_image_data=True, disable_image_compression=True) as hdus:
        hdus[1].header.update({"BSCALE": 2.0, "BZERO": 10.0})
    write_fits(tmp_path / "out.fits", read_fits(path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(tmp_path / "out.fits", disable_image_compression=True) as hdus:
            hdus.verify("exception")
            header = hdus[0].header
            assert header["BITPIX"] == -32
            for keyword in (
                "BSCALE",
                "BZERO",
                "BLANK",
                "DATAMAX",
                "ZIMAGE",
                "ZCMPTYPE",
                "CHECKSUM",
                "XTENSION",
                "TFIELDS",
            ):
                assert keyword not in header
            np.testing.assert_array_equal(hdus[0].data, VALUES * 2 + 10)


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


def test_headers_keep_long_values_and_comments(tmp_path):
    header = fits.Header()
    header["LONG"] = ("x" * 150, "a long value")
    header["HIERARCH ESO DET NAME"] = "chip 1"
    header.add_comment("a comment")
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, header))
    write_fits(tmp_path / "b.fits", read_fits(path))
    after = fits.getheader(tmp_path / "b.fits")
    assert after["LONG"] == "x" * 150
    assert after["ESO DET NAME"] == "chip 1"
    assert "a comment" in after["COMMENT"]


# Point-spread functions


def test_a_psf_comes_with_its_own_pixel_scale(tmp_path):
    stamp = np.ones((5, 7))
    assert read_psf(save(tmp_path / "a.fits", fits.PrimaryHDU(stamp)))[1] is None
    header = fits.Header({"PIXELSCL": 0.05})
    read, scale = read_psf(save(tmp_path / "b.fits", fits.PrimaryHDU(np.stack([stamp, 2 * stamp]), header)))
    assert scale == 0.05
    np.testing.assert_array_equal(read, [stamp, 2 * stamp])
    read, scale = read_psf(save(tmp_path / "c.fits", extension(stamp), extension(2 * stamp)))
    np.testing.assert_array_equal(read, stamp)


def test_a_psf_with_holes_is_refused(tmp_path):
    stamp = np.ones((5, 5))
    stamp[0, 0] = np.nan
    with pytest.raises(FormatError) as error:
        read_psf(save(tmp_path / "psf.fits", fits.PrimaryHDU(stamp)))
    one_line(error, "psf.fits", "NaN")


# Mistakes


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


def test_a_missing_extension_is_answered_with_those_there(tmp_path):
    path = save(tmp_path / "j8bt06.fits", extension(VALUES, "CHIP1"), extension(VALUES, "CHIP1_ERR"))
    with pytest.raises(FormatError) as error:
        read_fits(path, Images(science="SCI"))
    says = "no extension called 'SCI'; the file has PRIMARY, CHIP1 and CHIP1_ERR: set images.science"
    assert str(error.value) == f"{path}: {says}"
    for wrong, says in (({"noise": 7}, "images.noise"), ({"mask": "DQ"}, "images.mask"), ({"science": 0}, "no image")):
        with pytest.raises(FormatError) as error:
            read_fits(path, Images(**wrong))
        one_line(error, path, says)


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


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    for path, more in (("a.fits.fz", {}), ("a.fits", {"uncertainty": VALUES}), ("a.webp", {})):
        with pytest.raises(FormatError, match=path):
            write_image(tmp_path / path, made(), **more)
    assert list(tmp_path.iterdir()) == []


# Real files


def test_cfhtls_in_three_files_keeps_its_sky(data, tmp_path):
    paths = [data / "cfhtls_gri" / f"CFHTLS-test_{band}.fits" for band in "gri"]
    image = read_image(paths, Images(bands=["g", "r", "i"]))
    assert image.shape == (3, 440, 440)
    assert image.pixel_scale == pytest.approx(0.186, rel=1e-6)
    write_image(tmp_path / "out.fits", image)
    corners = np.array([[0, 0], [439, 439.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = (WCS(fits.getheader(path)).celestial for path in (paths[0], tmp_path / "out.fits"))
    np.testing.assert_allclose(after.wcs_pix2world(corners, 0), before.wcs_pix2world(corners, 0), rtol=0, atol=1e-9)
    again = read_image(tmp_path / "out.fits")
    np.testing.assert_array_equal(again.pixels, image.pixels)
    assert again.bands == ("g", "r", "i")


def test_a_tile_compressed_field_without_wcs_is_read(data):
    image = read_image(data / "nine_band_field" / "r.fits", Images(bands=["r"]))
    assert image.shape == (1, 2600, 2600)
    assert image.pixel_scale is None
    assert image.pixels.flags.c_contiguous


def test_small_galaxies_in_many_extensions_are_read_by_number(data):
    path = data / "cosmos_hst_f814w" / "real_galaxy_images_extension.fits"
    assert read_image(path, Images(science=3)).shape == (1, 32, 32)
    with pytest.raises(FormatError, match="no extension of number 500"):
        read_image(path, Images(science=500))
    stamp, scale = read_psf(data / "cosmos_hst_f814w" / "real_galaxy_PSF_images_extension.fits")
    assert stamp.shape == (65, 51)
    assert stamp.sum() == pytest.approx(1, abs=0.02)
    assert scale is None
