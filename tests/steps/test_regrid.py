import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from made_fits import one_line
from made_fits import sky as sky_header
from made_model import make_card

from pipeline.formats import FormatError, read_image
from pipeline.measures.noise import NoiseEstimateError
from pipeline.model_file import write_model
from pipeline.steps.image_output import OutputError
from pipeline.steps.operator_words import OperatorError
from pipeline.steps.regrid import RegridError, regrid

GAIN, LEVEL = 40.0, 3.0


@pytest.fixture
def model(tmp_path):
    return write(tmp_path / "m.safetensors")


def write(path, **changes):
    """A model of pairs whose sharp images have pixels half as wide as the blurred ones."""
    reading = {"science": None, "noise": "ERR", "noise_kind": None, "mask": None, "mask_bits": None, "unit": "counts"}
    reading |= {"background": "none", "background_box": 64}
    pairs = {
        "unit": "counts",
        "per_pixel": 0.5,
        "one_grid": False,
        "gain": [GAIN],
        "level": [LEVEL],
        "reading": reading,
    }
    write_model(path, {}, make_card(("g",), unit="nanomaggy") | {"pairs": pairs | changes})
    return path


def blurred(path, noise=True, header=None, size=(40, 50)):
    """A slope in counts, with a noise of 2."""
    rows, columns = np.indices(size, dtype=np.float32)
    parts = [fits.PrimaryHDU(GAIN * (1 + rows + 2 * columns) + LEVEL, header)]
    if noise:
        parts.append(fits.ImageHDU(np.full(size, 2, np.float32), name="ERR"))
    fits.HDUList(parts).writeto(path, overwrite=True)
    return path


def test_an_image_comes_to_finer_pixels_and_the_models_unit(tmp_path, model):
    regrid(model, [blurred(tmp_path / "a.fits", header=sky_header())], tmp_path / "fine.fits")
    with fits.open(tmp_path / "fine.fits") as file:
        assert file[0].data.shape == (80, 100)
        assert file[0].header["BUNIT"] == "nanomaggy"
        # Fine pixel i has its middle at i / 2 - 1 / 4 of the coarse ones.
        rows, columns = np.indices((80, 100)) / 2 - 0.25
        trusted = file["MASK"].data == 0
        np.testing.assert_allclose(file[0].data[trusted], (1 + rows + 2 * columns)[trusted], rtol=1e-5)
        assert trusted[6:-6, 6:-6].all()
        assert not trusted[0].any()
        assert file["SIGMA"].data[40, 50] == pytest.approx(2 / GAIN, rel=0.5)
        assert "regrid of a.fits" in str(file[0].header["HISTORY"])


def test_a_place_on_the_sky_stays_where_it_is(tmp_path, model):
    path = blurred(tmp_path / "a.fits", header=sky_header())
    regrid(model, [path], tmp_path / "fine.fits")
    coarse, fine = WCS(fits.getheader(path)), WCS(fits.getheader(tmp_path / "fine.fits"))
    star = coarse.pixel_to_world(10.0, 20.0)
    assert np.array(fine.world_to_pixel(star)) == pytest.approx([20.5, 40.5], abs=1e-6)


def test_images_of_one_grid_change_their_unit_alone(tmp_path):
    model = write(tmp_path / "m.safetensors", one_grid=True, per_pixel=1.0)
    regrid(model, [blurred(tmp_path / "a.fits")], tmp_path / "out.fits")
    image = read_image(tmp_path / "out.fits")
    rows, columns = np.indices((40, 50))
    np.testing.assert_allclose(image.pixels[0], 1 + rows + 2 * columns, rtol=1e-5)


def test_noise_may_be_given(tmp_path, model):
    path = blurred(tmp_path / "a.fits", noise=False)
    regrid(model, [path], tmp_path / "fine.fits", noise="8")
    given = fits.getdata(tmp_path / "fine.fits", "SIGMA")
    regrid(model, [path], tmp_path / "again.fits", noise="16")
    np.testing.assert_allclose(fits.getdata(tmp_path / "again.fits", "SIGMA"), 2 * given, rtol=1e-5)


def test_what_cannot_be_brought_there_is_refused_by_name(tmp_path, model):
    path = blurred(tmp_path / "a.fits", noise=False)
    with pytest.raises(NoiseEstimateError) as error:
        regrid(model, [path], tmp_path / "fine.fits")
    one_line(error, path, "give --noise")
    with pytest.raises(RegridError) as error:
        regrid(model, [path], tmp_path / "fine.fits", noise="much")
    one_line(error, "--noise much", "is no number")
    distorted = blurred(tmp_path / "sip.fits", header=sky_header(CTYPE1="RA---TAN-SIP", CTYPE2="DEC--TAN-SIP"))
    with pytest.raises(FormatError) as error:
        regrid(model, [distorted], tmp_path / "fine.fits")
    one_line(error, distorted, "SIP")


def test_a_model_without_pairs_says_that_its_images_need_none_of_this(tmp_path):
    write_model(tmp_path / "plain.safetensors", {}, make_card(("g",)))
    with pytest.raises(RegridError) as error:
        regrid(tmp_path / "plain.safetensors", [tmp_path / "a.fits"], tmp_path / "out.fits")
    one_line(error, "plain.safetensors", "give them to `apply`")


@pytest.mark.parametrize("noise", ["0", "nan", "-3", "1,2"])
def test_noise_that_is_none_is_refused(tmp_path, model, noise):
    path = blurred(tmp_path / "a.fits", noise=False)
    with pytest.raises(OperatorError, match=r"no standard deviation|2 levels for 1 bands"):
        regrid(model, [path], tmp_path / "fine.fits", noise)


def test_an_input_is_never_written_over_and_another_file_only_when_asked(tmp_path, model):
    path = blurred(tmp_path / "a.fits")
    before = path.read_bytes()
    with pytest.raises(OutputError) as error:
        regrid(model, [path], path, overwrite=True)
    one_line(error, path, "is an input")
    assert path.read_bytes() == before
    there = blurred(tmp_path / "there.fits")
    with pytest.raises(OutputError, match="--overwrite"):
        regrid(model, [path], there)
    regrid(model, [path], there, overwrite=True)
    assert fits.getdata(there).shape == (80, 100)


def test_a_picture_for_a_fits_image_is_refused_before_the_work(tmp_path, model):
    with pytest.raises(FormatError, match=r"name it \.fits"):
        regrid(model, [blurred(tmp_path / "a.fits")], tmp_path / "fine.png")


def test_pixels_of_a_header_without_widths_become_finer_too(tmp_path, model):
    header = sky_header()
    plain = fits.Header({key: header[key] for key in ("CTYPE1", "CTYPE2", "CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2")})
    plain.update(PC1_1=-1e-4, PC1_2=0.0, PC2_1=0.0, PC2_2=1e-4)
    path = blurred(tmp_path / "a.fits", header=plain)
    regrid(model, [path], tmp_path / "fine.fits")
    coarse, fine = WCS(fits.getheader(path)), WCS(fits.getheader(tmp_path / "fine.fits"))
    star = coarse.pixel_to_world(10.0, 20.0)
    assert np.array(fine.world_to_pixel(star)) == pytest.approx([20.5, 40.5], abs=1e-6)
