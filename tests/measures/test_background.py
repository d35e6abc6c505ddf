import numpy as np
import pytest

from pipeline.image import Image
from pipeline.measures.background import measure_background, take_off_background
from pipeline.measures.sky import SkyError
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

SIZE = (200, 240)


def scene(scale=1.0, pedestal=0.0, slope=0.0):
    generator = np.random.default_rng(0)
    sky = generator.normal(size=(2, *SIZE)) + slope * np.linspace(0, 1, SIZE[1])
    sky[1] += 5
    for y, x in generator.integers(20, 180, (30, 2)):
        sky[:, y - 2 : y + 3, x - 2 : x + 3] += 50
    pixels = (scale * (sky + pedestal)).astype(np.float32)
    return Image("a", pixels, np.zeros(pixels.shape, bool), "count", ("g", "r"))


def test_no_background_leaves_the_image_alone():
    image = scene()
    assert take_off_background(image, "none") is image
    assert measure_background(WindowedImage.of(image), "none") is None


def test_a_constant_is_the_level_of_the_sky_between_the_sources():
    taken = take_off_background(scene(pedestal=100), "constant")
    np.testing.assert_allclose(taken.background[0], 100, atol=0.1)
    np.testing.assert_allclose(taken.background[1], 105, atol=0.1)
    assert np.ptp(taken.background[0]) == 0


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e6])
def test_a_mesh_follows_a_slope_in_any_unit(scale):
    taken = take_off_background(scene(scale, slope=30), "mesh", 48)
    expected = np.linspace(0, 30, SIZE[1])[24:-24]
    np.testing.assert_allclose(taken.background[0, :, 24:-24] / scale, np.broadcast_to(expected, (200, 192)), atol=1.5)


@pytest.mark.parametrize("kind", ["constant", "mesh"])
def test_a_background_and_what_it_leaves_are_the_image(kind):
    image = scene(pedestal=100, slope=5)
    taken = take_off_background(image, kind)
    np.testing.assert_allclose(taken.pixels + taken.background, image.pixels, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("kind", ["constant", "mesh"])
def test_the_background_of_a_window_is_that_of_the_image_there(kind):
    image = scene(pedestal=100, slope=5)
    measured = measure_background(WindowedImage.of(image), kind)
    window = Window(30, 41, 90, 77)
    whole = take_off_background(image, kind).background
    np.testing.assert_allclose(measured(1, window), whole[(1, *window.slices)], rtol=1e-6)


@pytest.mark.parametrize("kind", ["constant", "mesh"])
def test_masked_pixels_do_not_count(kind):
    image = scene(pedestal=10)
    image.pixels[:, :90, :] = 1e6
    image.mask[:, :90, :] = True
    taken = take_off_background(image, kind, 64)
    assert np.isfinite(taken.background).all()
    np.testing.assert_allclose(taken.background[0], 10, atol=1.5)


def test_a_box_wider_than_the_image_takes_one_level():
    taken = take_off_background(scene(pedestal=10), "mesh", 4096)
    np.testing.assert_allclose(taken.background[0], 10, atol=0.5)


@pytest.mark.parametrize("kind", ["constant", "mesh"])
def test_each_part_has_the_background_of_its_own_pixels(kind):
    image = scene(pedestal=100, slope=5)
    parts = [Window(0, 0, 200, 130), Window(0, 130, 200, 110)]
    taken = take_off_background(image, kind, 48, parts)
    for part in parts:
        alone = take_off_background(WindowedImage.of(image).part(part), kind, 48)
        np.testing.assert_array_equal(taken.background[(..., *part.slices)], alone.background)
    np.testing.assert_allclose(taken.pixels + taken.background, image.pixels, rtol=1e-6, atol=1e-4)


def test_a_part_without_sky_is_refused_naming_its_place():
    image = scene()
    image.mask[0, :, 130:] = True
    with pytest.raises(SkyError, match=r"^rows 0 to 199, columns 130 to 239: no trusted pixel"):
        take_off_background(image, "constant", parts=[Window(0, 0, 200, 130), Window(0, 130, 200, 110)])


def test_an_image_of_one_value_has_that_background():
    pixels = np.full((1, 64, 64), 7, np.float32)
    image = Image("a", pixels, np.zeros(pixels.shape, bool), "count", ("g",))
    np.testing.assert_allclose(take_off_background(image, "mesh").pixels, 0, atol=1e-5)
