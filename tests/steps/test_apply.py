import logging
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from made_model import BANDS, FWHM, NOISE, PIXEL_SCALE, make_card, make_fits, make_header, make_model, make_sky

from pipeline import cli, windowed
from pipeline.errors import ClearfieldError
from pipeline.formats import read_image
from pipeline.formats.raster import write_raster
from pipeline.image import Image
from pipeline.physics.psf import draw_psf
from pipeline.restorers.data_consistency import Correction
from pipeline.steps.apply import apply
from pipeline.tiling import Window

GIVEN = {"psf": "3px", "noise": str(NOISE)}


@pytest.fixture
def model(tmp_path):
    return make_model(tmp_path / "m.safetensors")


@pytest.fixture
def image(tmp_path):
    return make_fits(tmp_path / "a.fits")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.fits"


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.INFO, "clearfield")
    return caplog


def corners(header, shape):
    height, width = shape[-2:]
    pixels = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1], [width / 2, height / 3]]
    return WCS(header).celestial.wcs_pix2world(pixels, 0)


def refused(says, *arguments, **words):
    """The step refuses in one line that says so, and leaves nothing behind."""
    out = arguments[2]
    before = set(out.parent.iterdir())
    with pytest.raises(ClearfieldError, match=says) as caught:
        apply(*arguments, **words)
    assert "\n" not in str(caught.value)
    assert set(out.parent.iterdir()) == before


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


def reading(**changes):
    nothing = {"science": None, "noise": None, "noise_kind": "sigma", "mask": None, "mask_bits": None}
    return nothing | {"unit": None, "background": "none", "background_box": 64} | changes


def anything(bands):
    return {"fwhm_px": [1, 9], "r80_px": [0, 9]} | {f"sigma_{band}": [0, 1e9] for band in bands}


def test_tiles_of_any_size_give_the_same_pixels(model, tmp_path):
    sky = make_sky(203, 277)
    sky[0, 60:70, 120:135] = sky[:, 30:33, 63:66] = np.nan
    image = make_fits(tmp_path / "large.fits", sky)
    results = []
    for tile in (64, 128, 512):
        apply(model, [image], tmp_path / f"{tile}.fits", tile=tile, **GIVEN)
        results.append(fits.getdata(tmp_path / f"{tile}.fits"))
    span = np.ptp(results[-1])
    assert np.abs(results[0] - results[-1]).max() < 1e-5 * span
    assert np.abs(results[1] - results[-1]).max() < 1e-5 * span
    assert np.nanmax(np.abs(results[-1] - sky)) > 1e-2 * span


@pytest.mark.parametrize("background", ["none", "constant", "mesh"])
@pytest.mark.parametrize("noise", ["auto", "map"])
def test_an_image_in_many_strips_is_restored_as_one_in_a_single_strip(tmp_path, monkeypatch, background, noise):
    sky = make_sky(203, 277) + 7
    sky[1, 40:44, 50:53] = sky[:, :9] = np.nan
    noise_map = (NOISE * (1 + np.random.default_rng(0).random((203, 277)))).astype(np.float32)
    noise_map[100:103, 200] = 0
    fits.writeto(tmp_path / "map.fits", noise_map)
    model = make_model(tmp_path / "m.safetensors", reading=reading(background=background), range=anything(BANDS))
    image = make_fits(tmp_path / "a.fits", sky)
    words = {"psf": "3px", "noise": str(tmp_path / "map.fits") if noise == "map" else noise}
    for name, size in (("one.fits", 10**6), ("many.fits", 3000)):
        monkeypatch.setattr(windowed, "STRIP", size)
        apply(model, [image], tmp_path / name, **words)
    with fits.open(tmp_path / "one.fits") as one, fits.open(tmp_path / "many.fits") as many:
        assert repr(one[0].header) == repr(many[0].header)
        np.testing.assert_array_equal(one["MASK"].data, many["MASK"].data)
        assert np.abs(one[0].data - many[0].data).max() < 1e-5 * np.ptp(one[0].data)


MEASURED = """
    import sys
    from pathlib import Path
    from pipeline.cli import main
    try:
        main()
    finally:
        print("peak", next(line for line in Path("/proc/self/status").open() if line.startswith("VmHWM")).split()[1])
"""


def peak_in_mib(*arguments):
    # The peak of this process alone: what getrusage tells begins with that of the process that started it.
    command = [sys.executable, "-c", textwrap.dedent(MEASURED), "apply", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "residual chi-square" in done.stderr, done.stderr
    return int(done.stdout.split("peak")[1]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a process's peak")
@pytest.mark.parametrize(("bands", "sizes"), [(1, (1024, 2560)), pytest.param(3, (1500, 6000), marks=pytest.mark.slow)])
@pytest.mark.timeout(3600)
def test_memory_does_not_grow_with_the_image(tmp_path, bands, sizes):
    names = BANDS[:bands]
    model = make_model(tmp_path / "m.safetensors", names, reading=reading(background="mesh"), range=anything(names))
    noise = np.full((256, 256), NOISE, np.float32)
    peaks = []
    for size in sizes:
        repeated = (1, -(-size // 256), -(-size // 256))
        sky = np.tile(make_sky(256, 256, bands, sources=1), repeated)[:, :size, :size]
        image = make_fits(tmp_path / f"{size}.fits", sky, make_header(names))
        fits.writeto(tmp_path / "noise.fits", np.tile(noise, repeated[1:])[:size, :size], overwrite=True)
        given = ["--psf", "3px", "--noise", tmp_path / "noise.fits", "--tile", "512"]
        peaks.append(peak_in_mib(model, image, "-o", tmp_path / "out.fits", "--overwrite", *given))
    # An image that is held in memory makes that 110 MiB (1.4 GiB).
    assert peaks[1] - peaks[0] < 30, peaks


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


def test_what_the_data_contradict_is_corrected_and_said(model, image, tmp_path, told):
    apply(model, [image], tmp_path / "plain.fits", data_consistency=False, **GIVEN)
    apply(model, [image], tmp_path / "consistent.fits", **GIVEN)
    told_of_it = [record.getMessage() for record in told.records]
    plain, consistent = (fits.getheader(tmp_path / f"{name}.fits")["HISTORY"] for name in ("plain", "consistent"))
    chi2 = [float(str(h).partition("residual chi-square ")[2].split()[0]) for h in (plain, consistent)]
    assert chi2[0] > 3
    assert chi2[1] < 1.5
    assert "contradicted" in " ".join(consistent)
    assert "contradicted: by 5 sigma or more of the noise as given" in " ".join(consistent)
    assert "contradicted" not in " ".join(plain)
    assert sum("which was corrected there" in line for line in told_of_it) == 1
    assert sum("far above 1" in line for line in told_of_it) == 2


def test_a_band_that_does_not_cover_a_corner_leaves_no_pixel_without_a_value(tmp_path, out):
    sky = make_sky(200, 200)
    sky[:, 60:62, 60:62] += 300
    sky[2, :150, :150] = np.nan
    apply(make_model(tmp_path / "m.safetensors"), [make_fits(tmp_path / "b.fits", sky)], out, **GIVEN)
    assert np.isfinite(fits.getdata(out)).all()
    assert "contradicted" in " ".join(fits.getheader(out)["HISTORY"])


def test_a_correction_without_a_value_is_refused(model, image, out, monkeypatch):
    endless = Correction(Window(5, 5, 9, 9), np.full((3, 9, 9), np.nan, np.float32), 1)
    monkeypatch.setattr("pipeline.steps.apply.corrections", lambda *_: iter([endless]))
    refused("a.fits: .* not finite", model, [image], out, **GIVEN)


def test_light_brighter_than_the_training_had_is_named(tmp_path, image, out, told):
    apply(make_model(tmp_path / "dim.safetensors", brightest=[1e3, 1.0, 1e3]), [image], out, **GIVEN)
    said = [line for line in told.messages if "was trained on light up to 1" in line]
    assert len(said) == 1
    assert "band r reaches" in said[0]


def test_a_star_brighter_than_the_training_had_is_named_though_its_data_are_not(tmp_path, out, told):
    light, sky = 5e3, np.zeros((3, 90, 110), np.float32)
    psf = draw_psf("gaussian", FWHM).numpy()
    reach = len(psf) // 2
    sky[:, 45 - reach : 46 + reach, 55 - reach : 56 + reach] = light * psf
    sky += np.random.default_rng(0).normal(0, NOISE, sky.shape).astype(np.float32)
    assert sky.max() < 1e3
    brightest = make_model(tmp_path / "m.safetensors", wild=0, brightest=[1e3] * 3)
    apply(brightest, [make_fits(tmp_path / "b.fits", sky)], out, **GIVEN)
    assert sum("was trained on light up to 1000" in line for line in told.messages) == 3


def test_a_model_of_clipped_data_is_never_corrected(tmp_path, image, told):
    protocol = make_card()["instrument"] | {"protocol": "galaxygan"}
    apply(make_model(tmp_path / "g.safetensors", instrument=protocol), [image], tmp_path / "o.fits", **GIVEN)
    assert not any("contradicted" in line for line in told.messages)


def same(model, image, tmp_path, first, second, within=1e-6):
    # Of the network alone: a correction magnifies what two words for one PSF differ by.
    apply(model, [image], tmp_path / "1.fits", data_consistency=False, **first)
    apply(model, [image], tmp_path / "2.fits", data_consistency=False, **second)
    one, other = fits.getdata(tmp_path / "1.fits"), fits.getdata(tmp_path / "2.fits")
    assert np.abs(one - other).max() <= within * np.ptp(one)


@pytest.mark.parametrize("psf", ["0.6as", "model", "stamp.fits", "cube.fits"])
def test_one_psf_in_other_words_gives_the_same_result(model, image, tmp_path, monkeypatch, psf):
    monkeypatch.chdir(tmp_path)
    scale = fits.Header({"PIXELSCL": PIXEL_SCALE})
    stamp = draw_psf("gaussian", FWHM).numpy()
    fits.writeto(tmp_path / "stamp.fits", 17 * stamp, scale)
    fits.writeto(tmp_path / "cube.fits", np.stack([stamp] * 3), scale)
    # A stamp from a file loses its faint rim, as a measured one must.
    same(model, image, tmp_path, GIVEN, {"psf": psf, "noise": str(NOISE)}, 2e-3 if "fits" in psf else 1e-6)


@pytest.mark.parametrize("noise", ["0.05,0.05,0.05", "map.fits", "maps.fits", "a.fits[ERR]"])
def test_one_noise_in_other_words_gives_the_same_result(model, image, tmp_path, monkeypatch, noise):
    monkeypatch.chdir(tmp_path)
    flat = np.full((90, 110), NOISE, np.float32)
    fits.writeto(tmp_path / "map.fits", flat)
    fits.writeto(tmp_path / "maps.fits", np.stack([flat] * 3), make_header(BANDS[::-1]))
    fits.append(image, flat, fits.Header({"EXTNAME": "ERR"}))
    same(model, image, tmp_path, GIVEN, {"psf": "3px", "noise": noise})


def test_the_general_form_says_the_same(model, image, tmp_path):
    same(model, image, tmp_path, GIVEN, {"operator": "psf=3px,noise=0.05,0.05,0.05"})


def test_noise_is_estimated_band_by_band_by_default(model, image, out, told):
    apply(model, [image], out, psf="3px")
    words = told.records[-1].getMessage().partition("noise ")[2].partition(", residual")[0]
    levels = [float(part.split()[1]) for part in words.split(", ")]
    np.testing.assert_allclose(levels, NOISE, rtol=0.1)


def test_a_pixel_without_noise_in_the_map_is_masked(model, image, out, tmp_path):
    noise = np.full((90, 110), NOISE, np.float32)
    noise[3, 4], noise[5, 6] = 0, np.nan
    fits.writeto(tmp_path / "map.fits", noise)
    apply(model, [image], out, psf="3px", noise=str(tmp_path / "map.fits"))
    assert np.argwhere(fits.getdata(out, "MASK")[0]).tolist() == [[3, 4], [5, 6]]


def test_a_psf_of_unknown_pixels_needs_their_width(model, image, out, tmp_path):
    fits.writeto(tmp_path / "psf.fits", draw_psf("gaussian", FWHM).numpy())
    psf = str(tmp_path / "psf.fits")
    refused("psf.fits: the pixel scale of the PSF.*psf_scale", model, [image], out, psf=psf)
    for scale in ("1px", f"{PIXEL_SCALE}as"):
        apply(model, [image], out, psf, str(NOISE), f"psf_scale={scale}", overwrite=True)


def test_a_width_takes_the_profile_that_the_model_knows(tmp_path, image, out):
    moffat = {"protocol": "physical", "psf": {"profile": "moffat", "beta": 2.5, "obscuration": 0.0}}
    ranges = {"fwhm_px": [3.0, 3.0], "r80_px": [3.3, 3.6]}
    model = make_model(tmp_path / "m.safetensors", instrument=moffat | {"noise": {"kind": "gaussian"}}, range=ranges)
    apply(model, [image], out, **GIVEN)
    assert "80% of the light within 3.4" in " ".join(fits.getheader(out)["HISTORY"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"psf": "6px"}, r"--psf 6px: the PSF's FWHM is 6 px, and the model was trained for 3 to 4.*--force"),
        ({"noise": "0.3"}, r"--noise 0.3: the noise in band g is 0.3 nanomaggy.*trained for 0.05.*--force"),
    ],
)
def test_an_instrument_beyond_the_trained_range_needs_force(model, image, out, told, words, says):
    refused(says, model, [image], out, **(GIVEN | words))
    apply(model, [image], out, force=True, **(GIVEN | words))
    assert "restored all the same" in told.text
    assert "outside of what it was trained on" in " ".join(fits.getheader(out)["HISTORY"])


def test_an_instrument_within_two_percent_of_the_range_is_taken(model, image, out):
    apply(model, [image], out, psf="2.95px", noise="0.0509")


@pytest.mark.parametrize(
    ("true_noise", "warned"), [(NOISE, ""), (10 * NOISE, "far above 1"), (NOISE / 10, "far below 1")]
)
def test_a_residual_far_from_one_is_a_warning(tmp_path, out, told, true_noise, warned):
    model = make_model(tmp_path / "m.safetensors", wild=0)
    apply(model, [make_fits(tmp_path / "b.fits", make_sky(noise=true_noise))], out, **GIVEN)
    warnings = [record.getMessage() for record in told.records if record.levelname == "WARNING"]
    assert len(warnings) == (1 if warned else 0)
    assert all(warned in warning for warning in warnings)


def test_other_pixels_than_the_models_need_force(model, tmp_path, out):
    image = make_fits(tmp_path / "b.fits", header=make_header(scale=0.25))
    refused(r'b.fits: pixels of 0.25", but the model was trained on 0.2"', model, [image], out, **GIVEN)
    apply(model, [image], out, force=True, **GIVEN)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"psf": None}, "--psf is missing; it takes a FITS file, a width such as 3px or 1.4as, or the word model"),
        ({"psf": "-3px"}, "--psf -3px: neither a file nor a width above 0"),
        ({"psf": "nowhere.fits"}, "--psf nowhere.fits: neither a file"),
        ({"psf": "90px"}, "--psf 90px: .*up to 32 px"),
        ({"noise": "-0.05"}, "--noise -0.05: no standard deviation"),
        ({"noise": "0"}, "--noise 0: no standard deviation"),
        ({"noise": "nan"}, "--noise nan: no standard deviation"),
        ({"noise": "0.05,0.05"}, "2 levels for 3 bands"),
        ({"noise": "nowhere.fits"}, "--noise nowhere.fits: neither a file nor a number"),
        ({"operator": "fwhm=3"}, "--operator 'fwhm=3': .*the keys are psf, noise, psf_scale"),
        ({"operator": "psf=4px"}, "psf is given twice"),
        ({"operator": "psf_scale=1"}, "psf_scale=1: a width"),
        ({"operator": "psf_scale=2px"}, "psf_scale=2px: is for a PSF from a file, and --psf 3px is none; leave it out"),
        ({"psf": "model", "operator": "psf_scale=2px"}, "psf_scale=2px: .*--psf model is none"),
    ],
)
def test_words_that_tell_of_no_instrument_are_refused(model, image, out, words, says):
    refused(says, model, [image], out, **(GIVEN | words))


def test_a_model_of_many_psfs_cannot_choose_one(tmp_path, image, out):
    model = make_model(tmp_path / "m.safetensors", psf=None)
    refused("--psf model: .*of FWHM 3 to 4 px", model, [image], out, psf="model")


@pytest.mark.parametrize(
    ("stamp", "says"),
    [
        (np.zeros((9, 9)), "sums to 0"),
        (np.full((9, 9), np.nan), "NaN"),
        (np.ones((2, 9, 9)), "2 planes and the image 3 bands"),
    ],
)
def test_a_file_that_holds_no_psf_is_refused_by_name(model, image, out, tmp_path, stamp, says):
    fits.writeto(tmp_path / "psf.fits", stamp, fits.Header({"PIXELSCL": PIXEL_SCALE}))
    refused(rf"psf.fits: .*{says}", model, [image], out, psf=str(tmp_path / "psf.fits"))


@pytest.mark.parametrize(
    ("noise", "says"),
    [
        (np.full((90, 110), -0.05), "noise of -0.05"),
        (np.zeros((90, 110)), "no noise above 0"),
        (np.full((90, 111), 0.05), "90 x 111 px"),
        (np.full((2, 90, 110), 0.05), "2 planes for 3 bands"),
    ],
)
def test_a_file_that_holds_no_noise_is_refused_by_name(model, image, out, tmp_path, noise, says):
    fits.writeto(tmp_path / "map.fits", noise)
    refused(rf"map.fits: .*{says}", model, [image], out, psf="3px", noise=str(tmp_path / "map.fits"))


@pytest.mark.parametrize("extension", ["9", "ERR"])
def test_a_noise_extension_that_is_not_there_is_refused_in_words_that_apply_knows(model, image, out, extension):
    refused(r"^--noise .*a.fits: no extension (?!.*images\.).*name the one", model, [image], out, psf="3px",
            noise=f"{image}[{extension}]")  # fmt: skip


def test_other_bands_are_refused_in_the_models_words(model, tmp_path, out):
    other = make_fits(tmp_path / "b.fits", header=make_header(("u", "g", "r")))
    refused("b.fits: no band 'i'; the file has u, g, r; the model restores g, r, i", model, [other], out, **GIVEN)
    two = make_fits(tmp_path / "c.fits", make_sky()[:2], make_header(()))
    refused("c.fits: 2 planes.*the model restores g, r, i", model, [two], out, **GIVEN)


@pytest.mark.parametrize(("unit", "says"), [("adu", "in adu, but the model restores nanomaggy"), ("", "no unit")])
def test_another_unit_is_refused(model, tmp_path, out, unit, says):
    refused(rf"b.fits: .*{says}", model, [make_fits(tmp_path / "b.fits", header=make_header(unit=unit))], out, **GIVEN)


def test_an_image_without_a_value_is_refused(model, tmp_path, out):
    refused("b.fits: every pixel", model, [make_fits(tmp_path / "b.fits", make_sky() * np.nan)], out, **GIVEN)


def test_a_truncated_image_is_refused(model, image, out):
    image.write_bytes(image.read_bytes()[:60_000])
    refused("a.fits: cut short", model, [image], out, **GIVEN)


def test_a_model_with_a_flipped_byte_is_refused(model, image, out):
    content = bytearray(model.read_bytes())
    content[-7] ^= 1
    model.write_bytes(content)
    refused("m.safetensors: its weights are not those", model, [image], out, **GIVEN)


def test_a_pickle_is_refused_and_never_run(tmp_path, image, out):
    class Trap:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'sprung')!r}, 'w')",))

    (tmp_path / "m.safetensors").write_bytes(pickle.dumps(Trap()))
    refused("m.safetensors: not a safetensors file", tmp_path / "m.safetensors", [image], out, **GIVEN)
    assert not (tmp_path / "sprung").exists()


def test_checks_come_in_the_order_model_image_bands_operator_output(model, image, out, tmp_path):
    nowhere, other = tmp_path / "no.fits", make_fits(tmp_path / "b.fits", header=make_header(unit="adu"))
    refused("no.safetensors: no such file", tmp_path / "no.safetensors", [nowhere], out)
    refused("no.fits: no such file", model, [nowhere], out)
    refused("b.fits: in adu", model, [other], out)
    refused("--psf is missing", model, [image], image)
    refused("is an input", model, [image], image, **GIVEN)


def test_no_input_and_no_other_file_is_written_over_unasked(model, image, out, tmp_path):
    before = image.read_bytes()
    (tmp_path / "link.fits").symlink_to(image)
    for name in ("a.fits", "link.fits"):
        refused("is an input", model, [image], tmp_path / name, overwrite=True, **GIVEN)
    assert image.read_bytes() == before
    out.write_text("mine")
    refused("out.fits: is there already; write over it with --overwrite", model, [image], out, **GIVEN)
    assert out.read_text() == "mine"
    apply(model, [image], out, overwrite=True, **GIVEN)
    assert fits.getdata(out).shape == (3, 90, 110)


@pytest.mark.parametrize(
    ("name", "says"),
    [("out.tif", "keeps neither header"), ("out.fits.fz", "read, not written"), ("out", "no image format")],
)
def test_an_output_that_could_not_be_written_is_refused_before_the_work(model, image, tmp_path, name, says):
    refused(says, model, [image], tmp_path / name, **GIVEN)


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


@pytest.mark.parametrize("room", [50_000, 120_000], ids=["while it is restored", "while it is written"])
def test_a_full_disk_leaves_nothing_half_written(model, image, out, room):
    program = textwrap.dedent(f"""
        import resource, sys
        from pipeline.cli import main
        resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
        main()
    """)
    arguments = ["apply", str(model), str(image), "-o", str(out), "--psf", "3px", "--noise", "0.05"]
    before = set(out.parent.iterdir())
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("clearfield: ")]
    assert lines[-1].startswith(f"clearfield: {out}: cannot be written (")
    assert "Traceback" not in done.stderr
    assert set(out.parent.iterdir()) == before
