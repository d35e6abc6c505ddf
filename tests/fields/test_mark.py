"""A keyed mark: what has it is found, what has not is not, and nothing else notices."""

import numpy as np
import pytest
from astropy.io import fits
from made_field import made_field, made_generator
from photutils.aperture import CircularAperture, aperture_photometry
from scipy.ndimage import gaussian_filter

from pipeline.fields import find_mark
from pipeline.fields.field import Field
from pipeline.fields.find_mark import MarkError, folded, look_for
from pipeline.fields.mark import PERIOD, Mark, pattern_of
from pipeline.fields.mark_key import MarkKeyError, fingerprint, read_key
from pipeline.image import Image
from pipeline.stretch import Stretch
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

FAR = 2**40
KEY, OTHER = b"k" * 32, b"o" * 32
SMALL = 64
"""Period of patterns for what is asked of many keys."""


def image(pixels, mask=None):
    pixels = np.atleast_3d(pixels.T).T.astype(np.float32)
    mask = np.zeros(pixels.shape, bool) if mask is None else mask
    return WindowedImage.of(Image("i", pixels, mask, "nJy", tuple("griz"[: len(pixels)])))


def sky(seed=0, size=(256, 256), bands=1, smooth=0.0):
    """Noise of standard deviation 1, with a few stars."""
    random = np.random.default_rng(seed)
    noise = gaussian_filter(random.normal(size=(bands, *size)), (0, smooth, smooth))
    stars = np.zeros(size)
    stars[tuple(random.integers(0, s, 60) for s in size)] = random.uniform(50, 5000, 60)
    return noise / noise.std() + gaussian_filter(stars, 1.5)


def marked(strength=0.05):
    return sky() + Mark(KEY, (strength,)).window(Window(FAR + 1001, -333, 256, 256))


def sighting(pixels, key=KEY, **known):
    return look_for(folded(image(pixels, **known)), pattern_of(key))


def test_the_mark_is_found_where_it_is_and_by_its_own_key_alone():
    found = sighting(marked())
    assert found.found
    assert (found.row, found.column) == ((FAR + 1001) % PERIOD, -333 % PERIOD)
    assert not sighting(marked(), OTHER).found
    assert not sighting(sky()).found


def test_a_cutout_at_an_odd_offset_is_found():
    found = sighting(marked(strength=0.08)[:, 37:200, 51:])
    assert found.found
    assert (found.row, found.column) == ((FAR + 1001 + 37) % PERIOD, (-333 + 51) % PERIOD)


@pytest.mark.parametrize("change", ["level and scale", "16 bits", "masked"])
def test_it_outlasts_what_is_done_to_images(tmp_path, change):
    pixels, mask = marked(), np.zeros((1, 256, 256), bool)
    if change == "level and scale":
        pixels = 1e-9 * (pixels + 1000)
    elif change == "masked":
        mask[:, :100, 50:] = True
        pixels[mask] = 0
    else:
        scaled = fits.ImageHDU(pixels.astype(np.float32))
        scaled.scale("int16", "minmax")
        scaled.writeto(tmp_path / "a.fits")
        pixels = fits.getdata(tmp_path / "a.fits", 1).astype(np.float32)
        assert len(np.unique(pixels)) < pixels.size / 4
    assert sighting(pixels, mask=mask).found


def test_smooth_noise_hides_less_of_it():
    pattern = pattern_of(KEY, SMALL)
    tiled = 0.05 * np.tile(pattern, (4, 4))
    rough, smooth = (look_for(folded(image(sky(smooth=by) + tiled), SMALL), pattern) for by in (0.0, 0.6))
    assert smooth.sigmas > 1.5 * rough.sigmas > 12


def test_it_is_found_as_often_in_unmarked_images_as_is_said():
    """The p-value is that of a random key, whatever the image: here one with stars and smooth noise."""
    shown = folded(image(sky(3, (96, 80), 2, smooth=1.0)), SMALL)
    shares = np.array([10 ** look_for(shown, pattern_of(bytes([n]) * 16, SMALL)).log_p for n in range(200)])
    for rate in (0.1, 0.3):
        # Of 200 draws, within three standard deviations; by Bonferroni's inequality fewer are found than is said.
        expected = 1 - np.exp(-rate)
        assert np.mean(shares <= rate) == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / 200))


def test_fewer_unmarked_images_are_found_by_the_key_than_is_said():
    pattern = pattern_of(KEY, SMALL)
    shares = np.array([10 ** look_for(folded(image(sky(n, (40, 40))), SMALL), pattern).log_p for n in range(200)])
    assert np.mean(shares <= 0.1) == pytest.approx(0.1, abs=3 * np.sqrt(0.09 / 200))
    assert shares.min() > 1e-6


def test_the_mark_has_its_strength_and_no_sum_over_an_aperture():
    pattern = Mark(KEY, (1.0,)).window(Window(0, 0, 500, 500))[0]
    assert pattern.std() == pytest.approx(1, abs=0.01)
    places = np.random.default_rng(0).uniform(20, 480, (400, 2))
    for radius in (3.0, 6.0):
        aperture = CircularAperture(places, radius)
        sums = np.array(aperture_photometry(pattern, aperture)["aperture_sum"])
        # White noise would scatter by the root of the area.
        assert sums.std() < 0.8 * np.sqrt(aperture.area)
        assert abs(sums.mean()) < 3 * sums.std() / np.sqrt(400)


def test_the_light_of_sources_is_not_biased():
    stars, places = np.zeros((500, 500)), np.random.default_rng(1).integers(20, 480, (300, 2))
    stars[tuple(places.T)] = 100
    stars = gaussian_filter(stars, 1.5)
    with_mark = stars + Mark(KEY, (0.05,)).window(Window(7, 7, 500, 500))[0]
    aperture = CircularAperture(places[:, ::-1], 3.0)
    light, again = (np.array(aperture_photometry(s, aperture)["aperture_sum"]) for s in (stars, with_mark))
    # A noise of 1 scatters the light of a source by 5.3.
    assert abs((again - light).mean()) < 0.03
    assert (again - light).std() < 0.05 * 5.3


def test_it_has_no_seams():
    mark = Mark(KEY, (1.0, 2.0))
    area = Window(-60, PERIOD - 40, 120, 100)
    whole, part = mark.window(area), Window(-7, PERIOD - 3, 30, 20)
    assert np.array_equal(mark.window(part), whole[(..., *part.relative_to(area).slices)])
    assert np.array_equal(mark.window(Window(FAR * PERIOD + 5, -PERIOD, 9, 9)), mark.window(Window(5, 0, 9, 9)))
    assert np.array_equal(whole[1], 2 * whole[0])


def test_windows_of_a_marked_field_are_the_same_parts_of_it():
    stretch = Stretch("asinh", (0.1,) * 2, (0.01,) * 2)
    fields = [Field(made_generator(), stretch, 7, 32, mark=Mark(KEY, (0.001, 0.002))) for _ in range(2)]
    area, part = Window(FAR - 50, -40, 90, 100), Window(FAR - 31, 7, 41, 33)
    whole = fields[0].window(area)
    assert np.array_equal(fields[1].window(part), whole[(..., *part.relative_to(area).slices)])
    plain = made_field().window(area)
    np.testing.assert_allclose(whole - plain, Mark(KEY, (0.001, 0.002)).window(area), atol=1e-6)
    assert (whole != plain).any()


def test_it_is_found_in_an_image_that_is_mostly_empty():
    pixels = np.zeros((1, 512, 640))
    pixels[:, 200:456, 300:556] = marked()
    found = sighting(pixels)
    assert found.found
    assert (found.row, found.column) == ((FAR + 1001 - 200) % PERIOD, (-333 - 300) % PERIOD)


def test_how_much_is_read_at_a_time_makes_no_difference(monkeypatch):
    shown = image(sky(5, (90, 70)))
    whole = folded(shown, SMALL)
    monkeypatch.setattr(find_mark, "TILE", 17)
    np.testing.assert_allclose(folded(shown, SMALL), whole, atol=1e-9)


def test_of_a_large_image_the_middle_is_looked_at(monkeypatch):
    monkeypatch.setattr(find_mark, "LARGEST", 60)
    pixels = sky(6, (100, 80))
    shown = folded(image(pixels), 128)
    assert np.array_equal(np.argwhere(shown).min(0), [22, 12])
    assert np.array_equal(np.argwhere(shown).max(0), [77, 67])


def test_an_image_too_small_is_refused_and_one_without_noise_has_no_mark():
    with pytest.raises(MarkError, match="9 x 40 px; at least 10 x 10"):
        folded(image(np.zeros((9, 40))))
    assert not sighting(np.full((32, 32), 5.0)).found


def test_a_key_is_read_from_a_file_or_a_variable_and_white_space_does_not_count(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("0123456789abcdef\n")
    monkeypatch.setenv("THE_KEY", "0123456789abcdef")
    assert read_key(str(tmp_path / "key")) == read_key("env:THE_KEY")
    monkeypatch.setenv("THE_KEY", "0123456789abcdeg")
    other = read_key("env:THE_KEY")
    assert read_key(str(tmp_path / "key")) != other
    assert fingerprint(other) not in other.hex()
    assert repr(KEY) not in repr(Mark(KEY, (1.0,)))


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("short", "holds a key of 9 bytes; 16 are needed"),
        ("none", "no key can be read"),
        ("env:NO_SUCH_KEY", "no environment variable is called NO_SUCH_KEY"),
        ("~nobody.at.all/key", "no such home folder"),
    ],
)
def test_a_key_that_is_none_is_refused_and_not_told(tmp_path, monkeypatch, where, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short").write_text("secret123")
    with pytest.raises(MarkKeyError, match=says) as refused:
        read_key(where)
    assert "secret" not in str(refused.value)
