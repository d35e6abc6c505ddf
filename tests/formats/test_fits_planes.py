import numpy as np
import pytest
from astropy.io import fits
from made_fits import SIZE, VALUES, extension, one_line, save

from pipeline.config import Images
from pipeline.formats import FormatError
from pipeline.formats.fits import read_fits


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


@pytest.mark.parametrize(
    ("kind", "noise", "expected"), [("sigma", 4.0, 4.0), ("variance", 16.0, 4.0), ("weight", 0.0625, 4.0)]
)
def test_a_noise_map_becomes_sigma_and_no_weight_becomes_mask(tmp_path, kind, noise, expected):
    values = np.full(SIZE, noise)
    values[0, 0], values[1, 1], values[2, 2] = 0, np.nan, np.inf
    path = save(tmp_path / "a.fits", extension(VALUES), extension(values, "ERR"))
    image = read_fits(path, Images(noise="ERR", noise_kind=kind))
    np.testing.assert_allclose(image.sigma, expected)
    assert np.argwhere(image.mask[0]).tolist() == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize(("name", "sigma"), [("ERR", 4), ("SIGMA", 4), ("VAR", 2), ("IVAR", 0.5), ("ivar,1", 0.5)])
def test_a_noise_map_is_taken_for_what_its_name_says(tmp_path, name, sigma):
    path = save(tmp_path / "a.fits", extension(VALUES), extension(np.full(SIZE, 4.0), name.partition(",")[0]))
    np.testing.assert_allclose(read_fits(path, Images(noise=name)).sigma, sigma)


@pytest.mark.parametrize("kind", ["sigma", "variance", "weight"])
def test_noise_below_0_is_refused_by_file_and_extension(tmp_path, kind):
    values = np.full(SIZE, 2.0)
    values[10:] = -2
    path = save(tmp_path / "a.fits", extension(VALUES), extension(values, "WHT"))
    with pytest.raises(FormatError) as error:
        read_fits(path, Images(noise="WHT", noise_kind=kind))
    one_line(error, f"{path}: extension 'WHT' holds noise of -2;", "images.noise")


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
