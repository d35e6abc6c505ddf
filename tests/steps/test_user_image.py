import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, history_of, reading, refused
from made_fits import extension, save
from made_model import BANDS, FWHM, PIXEL_SCALE, make_fits, make_header, make_model, make_sky

from pipeline.physics.psf import draw_psf
from pipeline.steps.apply import apply

SKY = make_sky()


def science(values=SKY, name="SCI", version=1):
    hdu = fits.ImageHDU(values, make_header(), name=name)
    hdu.ver = version
    return hdu


def flags(*flagged, name="DQ", version=1, kind=np.int32):
    """A map that holds ``value`` at each ``(row, column, value)``."""
    values = np.zeros(SKY.shape[1:], kind)
    for row, column, value in flagged:
        values[row, column] = value
    hdu = extension(values, name)
    hdu.ver = version
    return hdu


def masked(path):
    with fits.open(path) as hdus:
        return sorted(map(tuple, np.argwhere(hdus["MASK"].data[0]).tolist())) if "MASK" in hdus else []


@pytest.fixture
def plain(model, image, tmp_path):
    """What the model makes of an image that is alone in its file."""
    apply(model, [image], tmp_path / "plain.fits", **GIVEN)
    return fits.getdata(tmp_path / "plain.fits")


@pytest.mark.parametrize("word", ["SCI", "sci", "1", "SCI,1"])
def test_an_extension_of_the_image_is_named_as_one_of_the_noise(model, tmp_path, out, plain, word):
    file = save(tmp_path / "b.fits", science(), science(SKY[:, ::-1], "OTHER"))
    apply(model, [f"{file}[{word}]"], out, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), plain)
    assert f"from b.fits[{word}]" in history_of(out)


def test_bands_may_lie_in_extensions_of_one_file(model, tmp_path, out, plain):
    parts = [fits.ImageHDU(plane, make_header((band,)), name=f"CHIP{band}") for plane, band in zip(SKY, BANDS)]
    file = save(tmp_path / "b.fits", *parts)
    apply(model, [f"{file}[CHIP{band}]" for band in BANDS], out, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), plain)


@pytest.mark.parametrize("beside", ["WHT", "ERR", "DQ", "CHIP1_ERR", "COADD"])
def test_an_extension_called_sci_is_taken_before_others(model, tmp_path, out, plain, beside):
    apply(model, [save(tmp_path / "b.fits", science(np.ones_like(SKY), beside), science())], out, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), plain)
    assert "from b.fits[SCI]" in history_of(out)


def test_weights_are_not_taken_for_the_image(model, tmp_path, out, plain):
    apply(model, [save(tmp_path / "b.fits", science(np.ones_like(SKY), "WHT"), science(name="COADD"))], out, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), plain)


@pytest.mark.parametrize("usual", [None, "SCI"])
def test_of_two_chips_one_must_be_named(tmp_path, out, plain, usual):
    model = make_model(tmp_path / "s.safetensors", reading=reading(science=usual))
    file = save(tmp_path / "b.fits", science(SKY[:, ::-1]), science(version=2))
    refused(r"b.fits: 2 extensions with an image are called SCI; say which, as b.fits\[SCI,1\] or b.fits\[SCI,2\]",
            model, [file], out, **GIVEN)  # fmt: skip
    apply(model, [f"{file}[SCI,2]"], out, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), plain)


def test_of_images_without_names_one_must_be_numbered(model, tmp_path, out):
    file = save(tmp_path / "b.fits", science(name=""), science(name=""))
    refused(r"2 extensions with an image have no name; say which, as b.fits\[1\] or", model, [file], out, **GIVEN)


def test_another_image_that_might_be_meant_is_named(model, tmp_path, out, told):
    apply(model, [save(tmp_path / "b.fits", science(name="CHIP1"), science(name="CHIP2"))], out, **GIVEN)
    says = "extension CHIP1 was taken for the image; for another one (CHIP2) say so, as b.fits[CHIP2]"
    assert says in told.text
    assert says in history_of(out)


def test_an_extension_that_is_not_there_is_refused_in_words_that_apply_knows(model, image, out):
    refused(r"a.fits: no extension called 'SCI'; (?!.*images\.).*name the one that holds the image", model,
            [f"{image}[SCI]"], out, **GIVEN)  # fmt: skip


def test_a_psf_may_lie_in_an_extension(model, image, out, tmp_path):
    stamp = extension(draw_psf("gaussian", FWHM).numpy(), "PSF", PIXELSCL=PIXEL_SCALE)
    file = save(tmp_path / "psf.fits", extension(np.ones((9, 9), np.float32), "OTHER"), stamp)
    apply(model, [image], out, psf=f"{file}[PSF]", noise=GIVEN["noise"])
    assert "psf.fits[PSF]: FWHM 3" in history_of(out)
    refused("psf.fits: no extension called 'NONE'.*name the one that holds the PSF", model, [image],
            tmp_path / "b.fits", psf=f"{file}[NONE]", noise=GIVEN["noise"])  # fmt: skip


def test_flags_that_are_not_read_are_named(model, tmp_path, out, told):
    file = save(tmp_path / "b.fits", science(), flags((3, 4, 1)))
    apply(model, [file], out, **GIVEN)
    assert masked(out) == []
    assert f"extension DQ was not read, and the pixels that it flags count as good; add --mask {file}[DQ]" in told.text
    assert "extension DQ was not read" in history_of(out)


@pytest.mark.parametrize("where", ["DQ", "{file}[DQ]", "{file}[2]", "{other}", "{other}[DQ]"])
@pytest.mark.parametrize(("bits", "found"), [(None, [(3, 4), (5, 6)]), (4, [(3, 4)]), (2**30, [(5, 6)])])
def test_flagged_pixels_are_masked_wherever_the_flags_lie(model, tmp_path, out, told, where, bits, found):
    map_of_flags = flags((3, 4, 4), (5, 6, 2**30 + 1))
    file = save(tmp_path / "b.fits", science(), map_of_flags)
    other = save(tmp_path / "flags.fits", map_of_flags)
    word = where.format(file=file, other=other)
    apply(model, [file], out, mask=word, mask_bits=bits, **GIVEN)
    assert masked(out) == found
    assert "was not read" not in told.text
    assert ("whatever it flags" if bits is None else f"by the bits of {bits}") in history_of(out)


def test_flags_of_the_chip_that_was_named_are_read(tmp_path, out):
    model = make_model(tmp_path / "s.safetensors", reading=reading(science="SCI", mask="DQ", mask_bits=4))
    chips = [science(), flags((3, 4, 4)), science(version=2), flags((5, 6, 4), version=2)]
    file = save(tmp_path / "b.fits", *chips)
    apply(model, [f"{file}[SCI,2]"], out, **GIVEN)
    assert masked(out) == [(5, 6)]
    assert "mask DQ: what it flags by the bits of 4" in history_of(out)


def test_a_mask_per_band_goes_by_the_names_of_its_planes_or_their_order_in_the_images_file(model, image, tmp_path, out):
    planes = np.zeros(SKY.shape, np.uint8)
    planes[0, 7, 8] = 1
    unnamed, named, other = (tmp_path / f"{name}.fits" for name in ("unnamed", "named", "other"))
    fits.writeto(unnamed, planes)
    fits.writeto(named, planes, make_header(BANDS[::-1]))
    fits.writeto(other, planes, make_header(("u", "z", "y")))
    backwards = make_fits(tmp_path / "b.fits", SKY[::-1], make_header(BANDS[::-1]))
    for source, mask, band in ((image, named, 2), (image, unnamed, 0), (backwards, unnamed, 2)):
        apply(model, [source], out, mask=str(mask), overwrite=True, **GIVEN)
        assert np.argwhere(fits.getdata(out, "MASK")).tolist() == [[band, 7, 8]]
    refused("other.fits: no band 'g'; it holds u, z, y", model, [image], tmp_path / "c.fits", mask=str(other), **GIVEN)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"mask": "nowhere.fits"}, "--mask nowhere.fits: no such file; it takes a FITS file"),
        ({"mask": "DQ"}, r"a.fits: no extension called 'DQ'; (?!.*images\.).*name the one that flags pixels"),
        ({"mask_bits": 4}, "--mask-bits 4: no mask is read; add --mask"),
    ],
)
def test_a_mask_that_is_none_is_refused(model, image, out, words, says):
    refused(says, model, [image], out, **GIVEN, **words)


def test_a_mask_of_another_size_or_that_leaves_nothing_is_refused(model, image, out, tmp_path):
    for name, values in (("small.fits", np.zeros((9, 9))), ("all.fits", np.ones((90, 110)))):
        fits.writeto(tmp_path / name, values.astype(np.uint8))
    refused("small.fits: 9 x 9 px", model, [image], out, mask=str(tmp_path / "small.fits"), **GIVEN)
    refused("all.fits: every pixel", model, [image], out, mask=str(tmp_path / "all.fits"), **GIVEN)


def test_flagged_light_leaves_no_trace_in_the_background(tmp_path, out, image):
    model = make_model(tmp_path / "m.safetensors", reading=reading(background="constant"))
    hot = flags(*((row, column, 1) for row in range(40) for column in range(110)))
    bright = np.where(hot.data != 0, np.float32(500), SKY)
    apply(model, [make_fits(tmp_path / "b.fits", bright)], out, mask=str(save(tmp_path / "dq.fits", hot)), **GIVEN)
    assert np.median(fits.getdata(out)[:, 60:]) == pytest.approx(np.median(SKY), abs=0.05)


@pytest.mark.parametrize("word", ["mask", "noise"])
def test_the_image_itself_is_neither_its_mask_nor_its_noise(model, tmp_path, out, word):
    file = save(tmp_path / "b.fits", science(), flags((3, 4, 1)))
    given = {**GIVEN, word: str(file)}
    part = "DQ" if word == "mask" else "ERR"
    refused(
        rf"--{word} .*b.fits: is the image itself; say which part .*, as b.fits\[{part}\]", model, [file], out, **given
    )


def test_of_two_parts_alike_in_name_and_version_one_must_be_numbered(model, tmp_path, out, plain):
    file = save(tmp_path / "b.fits", science(SKY[:, ::-1]), science())
    with fits.open(file, mode="update") as hdus:
        for hdu in hdus[1:]:
            del hdu.header["EXTVER"]
    refused(r"2 extensions with an image are called SCI; say which, as b.fits\[1\] or b.fits\[2\]",
            model, [file], out, **GIVEN)  # fmt: skip
    apply(model, [f"{file}[2]"], out, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), plain)


def test_a_table_called_sci_and_a_number_of_the_study_are_not_taken_for_the_image(model, tmp_path, out, plain):
    table = fits.BinTableHDU.from_columns([fits.Column("x", "E", array=[1.0])], name="SCI")
    apply(model, [save(tmp_path / "b.fits", table, flags(), science(name="IMAGE"))], out, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), plain)
    numbered = make_model(tmp_path / "n.safetensors", reading=reading(science=1))
    file = save(tmp_path / "c.fits", science(np.ones_like(SKY), "ERR"), science())
    apply(numbered, [file], tmp_path / "c_out.fits", **GIVEN)
    np.testing.assert_array_equal(fits.getdata(tmp_path / "c_out.fits"), plain)


def test_what_has_the_number_of_the_studys_noise_is_read_only_if_it_goes_with_the_image(tmp_path, out, plain):
    model = make_model(tmp_path / "n.safetensors", reading=reading(noise=2, noise_kind="sigma"))
    thumbnail = extension(np.ones((8, 8), np.float32), "THUMB")
    apply(model, [save(tmp_path / "b.fits", science(), thumbnail)], out, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), plain)


def test_a_part_that_is_not_there_is_refused_whatever_else_the_study_read(tmp_path, out):
    model = make_model(tmp_path / "n.safetensors", reading=reading(mask="DQ"))
    file = save(tmp_path / "b.fits", science(), flags())
    refused(
        "b.fits: no extension called 'NONE'.*name the one that holds the image", model, [f"{file}[NONE]"], out, **GIVEN
    )
