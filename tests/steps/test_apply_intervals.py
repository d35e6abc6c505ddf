import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, corners, history_of, reading
from made_intervals import make_model_with_intervals
from made_model import BANDS, UNIT, make_fits, make_sky

from pipeline import windowed
from pipeline.formats.raster import write_raster
from pipeline.image import Image
from pipeline.steps.apply import apply
from pipeline.steps.inspect import inspect

PLANES = ("ERR", "LOWER95", "UPPER95")


@pytest.fixture
def bounded(tmp_path):
    return make_model_with_intervals(tmp_path / "bounded.safetensors")


def planes(path):
    with fits.open(path) as hdus:
        return {name: hdus[name].data.astype(np.float64) for name in ("PRIMARY", *PLANES)}


def test_the_interval_of_every_pixel_is_written_beside_it_in_its_unit(bounded, image, out):
    apply(bounded, [image], out, **GIVEN)
    with fits.open(out) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", *PLANES]
        for name in PLANES:
            assert hdus[name].data.shape == hdus[0].data.shape
            assert hdus[name].data.dtype == np.dtype(">f4")
            assert (hdus[name].header["BUNIT"], hdus[name].header["BAND2"]) == (UNIT, BANDS[1])
            np.testing.assert_allclose(corners(hdus[name].header, (90, 110)), corners(hdus[0].header, (90, 110)))
    found = planes(out)
    assert (found["ERR"] > 0).all()
    assert (found["LOWER95"] < found["PRIMARY"]).all()
    assert (found["PRIMARY"] < found["UPPER95"]).all()
    above, below = found["UPPER95"] - found["PRIMARY"], found["PRIMARY"] - found["LOWER95"]
    assert np.median(above / below) > 1.3, "errors are skewed, and the interval with them"
    assert (2 * found["ERR"] < found["UPPER95"] - found["LOWER95"]).all()
    assert "calibrated on 40 groups that the network had not seen" in history_of(out)
    assert "ERR, LOWER95 and UPPER95, calibrated on 40 groups" in "\n".join(inspect(bounded))


def test_the_image_is_the_same_with_and_without_intervals(bounded, model, image, out, tmp_path, told):
    apply(bounded, [image], out, **GIVEN)
    apply(model, [image], tmp_path / "plain.fits", **GIVEN)
    np.testing.assert_array_equal(fits.getdata(out), fits.getdata(tmp_path / "plain.fits"))
    assert len(fits.open(tmp_path / "plain.fits")) == 1
    assert "no intervals: the model has none" in told.text
    assert told.text.count("no intervals") == 1


def test_tiles_and_strips_of_any_size_give_the_same_intervals(bounded, tmp_path, monkeypatch):
    sky = make_sky(101, 143)
    sky[0, 60:70, 110:125] = np.nan
    image = make_fits(tmp_path / "large.fits", sky)
    found = []
    for tile, strip in ((64, 3000), (512, 10**6)):
        monkeypatch.setattr(windowed, "STRIP", strip)
        apply(bounded, [image], tmp_path / f"{tile}.fits", tile=tile, data_consistency=False, **GIVEN)
        found.append(planes(tmp_path / f"{tile}.fits"))
    for name in PLANES:
        span = np.ptp(found[-1][name])
        for other in found[:-1]:
            # A signal-to-noise may lie on a bin's edge to the last digit.
            assert np.mean(np.abs(other[name] - found[-1][name]) > 1e-5 * span) < 1e-4


def test_a_background_is_given_back_to_the_bounds_and_widens_nothing(tmp_path, out):
    model = make_model_with_intervals(tmp_path / "m.safetensors", reading=reading(background="constant"))
    for name, sky in (("low.fits", 0), ("high.fits", 7)):
        apply(model, [make_fits(tmp_path / "a.fits", make_sky() + sky)], tmp_path / name, **GIVEN)
    low, high = planes(tmp_path / "low.fits"), planes(tmp_path / "high.fits")
    for name in ("PRIMARY", "LOWER95", "UPPER95"):
        assert np.median(high[name] - low[name]) == pytest.approx(7, abs=0.01)
    assert np.median(high["ERR"] / low["ERR"]) == pytest.approx(1, abs=0.01)


def test_a_picture_holds_no_interval_and_that_is_said(tmp_path, told):
    bands = ("red", "green", "blue")
    model = make_model_with_intervals(tmp_path / "m.safetensors", bands, unit="display", pixel_scale=None)
    pixels = (make_sky() / 40).clip(0, 1)
    write_raster(tmp_path / "a.png", Image("a", pixels, np.zeros(pixels.shape, bool), "display", bands))
    apply(model, [tmp_path / "a.png"], tmp_path / "b.tif", **GIVEN)
    assert "no intervals: a picture holds none; name the output .fits" in told.text
    apply(model, [tmp_path / "a.png"], tmp_path / "b.fits", **GIVEN)
    assert set(planes(tmp_path / "b.fits")) == {"PRIMARY", *PLANES}
