import sys

import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, anything, corners, history_of, reading
from made_model import BANDS, FWHM, NOISE, make_fits, make_header, make_model, make_sky

from pipeline import cli
from pipeline.formats import read_image
from pipeline.formats.raster import write_raster
from pipeline.image import Image
from pipeline.physics.psf import draw_psf
from pipeline.steps.apply import apply


def test_header_wcs_unit_and_bands_are_those_of_the_input(model, image, out, tmp_path):
    apply(model, [image], out, **GIVEN)
    before, after = fits.getheader(image), fits.getheader(out)
    np.testing.assert_allclose(corners(after, (90, 110)), corners(before, (90, 110)), rtol=0, atol=1e-9)
    for name in ("BUNIT", "TELESCOP", "EXPTIME", "BAND1", "BAND2", "BAND3"):
        assert after[name] == before[name]
    with fits.open(out) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY"]
        assert hdus[0].data.shape == (3, 90, 110)
        assert hdus[0].data.dtype == np.dtype(">f4")


def test_history_says_what_was_done_with_what(model, image, out, told):
    apply(model, [image], out, **GIVEN)
    history = " ".join(fits.getheader(out)["HISTORY"])
    for words in ("from a.fits", "nafnet_faithful", "study made", "psf 3px: FWHM 3 px", "g 0.05", "chi-square"):
        assert words in history
    said = told.records[-1].getMessage()
    assert "residual chi-square" in said
    assert said.split()[2].rstrip(":") in history


def test_history_says_what_was_overridden(model, tmp_path, out, told):
    image, psf = make_fits(tmp_path / "b.fits", header=make_header(scale=0.6)), tmp_path / "psf.fits"
    fits.writeto(psf, draw_psf("gaussian", 2 * FWHM).numpy())
    words = {"psf": str(psf), "noise": str(NOISE), "operator": "psf_scale=0.5px"}
    apply(model, [image], out, force=True, data_consistency=False, **words)
    history = history_of(out)
    for words in (
        f'outside of what it was trained on: {image}: pixels of 0.6", but the model was trained on 0.2"',
        f"psf {psf} of pixels of 0.5px: FWHM 3",
        "--no-data-consistency: not corrected where the data contradict it",
    ):
        assert words in history
    assert 'but the model was trained on 0.2"; restored all the same' in told.text
    apply(model, [make_fits(tmp_path / "c.fits")], out, overwrite=True, **GIVEN)
    for words in ("pixels of", "--no-data-consistency"):
        assert words not in history_of(out)


def test_real_images_one_file_per_band_keep_their_sky(data, tmp_path, out):
    unit, scale = "adu", 0.186
    model = make_model(
        tmp_path / "m.safetensors", unit=unit, pixel_scale=scale, reading=reading(unit=unit), range=anything(BANDS)
    )
    files = [data / "cfhtls_gri" / f"CFHTLS-test_{band}.fits" for band in BANDS]
    apply(model, files, out, psf="0.56as")
    before, after = fits.getheader(files[0]), fits.getheader(out)
    np.testing.assert_allclose(corners(after, (440, 440)), corners(before, (440, 440)), rtol=0, atol=1e-9)
    assert [after["BUNIT"], after["BAND1"], after["BAND3"]] == [unit, "g", "i"]
    assert after["PI_NAME"] == before["PI_NAME"]
    restored = read_image(out)
    assert restored.bands == BANDS
    assert restored.pixel_scale == pytest.approx(scale, rel=1e-4)


def test_a_large_tile_compressed_image_without_wcs_is_taken(data, tmp_path, out):
    model = make_model(tmp_path / "m.safetensors", ("r",), pixel_scale=None, reading=reading(unit="flux"), unit="flux",
                       range=anything(("r",)))  # fmt: skip
    with fits.open(data / "nine_band_field" / "r.fits") as hdus:
        part = hdus[1].section[900:1300, 700:1101]
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(part)]).writeto(tmp_path / "r.fits")
    apply(model, [tmp_path / "r.fits"], out, psf="3px")
    assert fits.getdata(out).shape == (400, 401)


@pytest.mark.parametrize("size", [(90, 110), (61, 83), (8, 8), (5, 200), (1, 40)])
def test_any_size_is_restored_stride_or_not(model, tmp_path, out, size):
    apply(model, [make_fits(tmp_path / "b.fits", make_sky(*size))], out, **GIVEN)
    restored = fits.getdata(out)
    assert restored.shape == (3, *size)
    assert np.isfinite(restored).all()


def test_masked_pixels_get_an_estimate_and_the_mask_goes_with_them(model, tmp_path, out):
    sky = make_sky()
    holes = sky.copy()
    holes[1, 40:44, 50:53] = np.nan
    apply(model, [make_fits(tmp_path / "b.fits", holes)], out, **GIVEN)
    with fits.open(out) as hdus:
        restored, mask = hdus[0].data, hdus["MASK"].data
        assert np.isfinite(restored).all()
        np.testing.assert_array_equal(mask != 0, np.isnan(holes))
        np.testing.assert_allclose(
            corners(hdus["MASK"].header, sky.shape), corners(hdus[0].header, sky.shape), atol=1e-9
        )


def test_the_mask_extension_of_the_study_is_read_where_the_file_has_it(tmp_path, image, out):
    model = make_model(tmp_path / "m.safetensors", reading=reading(science="SCI", mask="DQ", mask_bits=4))
    flags = np.zeros((90, 110), np.int16)
    flags[10, 20], flags[30, 40] = 4, 2
    science = fits.ImageHDU(make_sky(), make_header(), name="SCI")
    decoy = fits.PrimaryHDU(np.zeros((90, 110), np.float32))
    fits.HDUList([decoy, science, fits.ImageHDU(flags, name="DQ")]).writeto(tmp_path / "b.fits")
    apply(model, [tmp_path / "b.fits"], out, **GIVEN)
    mask = fits.getdata(out, "MASK")
    assert mask.sum() == 3
    assert mask[:, 10, 20].all()
    apply(model, [image], out, overwrite=True, **GIVEN)
    assert len(fits.open(out)) == 1


def test_a_background_is_taken_off_and_given_back(model, tmp_path, out):
    taken = make_model(tmp_path / "b.safetensors", reading=reading(background="constant"))
    apply(model, [make_fits(tmp_path / "a.fits")], tmp_path / "plain.fits", **GIVEN)
    apply(taken, [make_fits(tmp_path / "b.fits", make_sky() + 7)], out, **GIVEN)
    plain, given_back = fits.getdata(tmp_path / "plain.fits"), fits.getdata(out)
    assert np.median(given_back) == pytest.approx(np.median(plain) + 7, abs=0.02)
    assert np.abs(given_back - 7 - plain).max() < 0.02 * np.ptp(plain)


def test_bands_are_put_in_the_models_order_by_name(model, image, tmp_path):
    swapped = make_fits(tmp_path / "b.fits", make_sky()[::-1], make_header(BANDS[::-1]))
    for source, target in ((image, "1.fits"), (swapped, "2.fits")):
        apply(model, [source], tmp_path / target, **GIVEN)
    np.testing.assert_array_equal(fits.getdata(tmp_path / "1.fits"), fits.getdata(tmp_path / "2.fits"))


def test_a_picture_gives_a_picture_or_fits(tmp_path):
    model = make_model(tmp_path / "m.safetensors", ("red", "green", "blue"), unit="display", pixel_scale=None)
    pixels = (make_sky() / 40).clip(0, 1)
    picture = Image("a", pixels, np.zeros(pixels.shape, bool), "display", ("red", "green", "blue"))
    write_raster(tmp_path / "a.png", picture)
    for name in ("b.png", "b.tif", "b.fits"):
        apply(model, [tmp_path / "a.png"], tmp_path / name, **GIVEN)
    kept, whole = read_image(tmp_path / "b.tif"), read_image(tmp_path / "b.fits")
    np.testing.assert_array_equal(kept.pixels, whole.pixels)
    assert (kept.unit, kept.bands) == (whole.unit, whole.bands) == ("display", ("red", "green", "blue"))
    np.testing.assert_allclose(read_image(tmp_path / "b.png").pixels, kept.pixels.clip(0, 1), atol=1e-5)


def run(monkeypatch, capfd, *arguments):
    monkeypatch.setattr(sys, "argv", ["clearfield", *map(str, arguments)])
    monkeypatch.setattr("pipeline.step_runner.use_threads", lambda count: None)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code or 0, capfd.readouterr()


def test_the_command_restores_and_prints_the_residual(monkeypatch, capfd, model, image, out):
    code, said = run(monkeypatch, capfd, "apply", model, image, "-o", out, "--psf", "3px", "--noise", "0.05")
    assert code == 0
    assert "residual chi-square" in said.err
    assert out.exists()


def test_the_command_refuses_in_one_line_and_exit_code_1(monkeypatch, capfd, model, image, out):
    code, said = run(monkeypatch, capfd, "apply", model, image, "-o", out, "--psf", "3px", "--noise", "-1")
    assert code == 1
    assert said.err.startswith("clearfield: --noise -1: ")
    assert said.err.count("\n") == 1
    assert not out.exists()
