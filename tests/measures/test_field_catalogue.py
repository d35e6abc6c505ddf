import numpy as np
import pytest
from made_galaxy import drawn, exponential, gaussian

from pipeline.image import Image
from pipeline.measures import field_catalogue as module
from pipeline.measures.field_catalogue import field_catalogue, quantities, sky_of
from pipeline.windowed import WindowedImage

BANDS = ("g", "r")


def field_of(pixels, mask=None):
    pixels = np.asarray(pixels, np.float32)
    return WindowedImage.of(
        Image("field", pixels, np.zeros(pixels.shape, bool) if mask is None else mask, "nJy", BANDS[: len(pixels)])
    )


@pytest.fixture(scope="module")
def sky():
    random = np.random.default_rng(3)
    places = [tuple(place) for place in random.uniform(5, 295, (60, 2))]
    profiles = {p: exponential(random.uniform(300, 3000), random.uniform(1.5, 4)) for p in places}
    profiles[150.3, 148.8] = gaussian(20_000, 9)
    light = drawn(profiles, (300, 300))[0]
    return field_of(np.stack([light, 2 * light]) + 7 + random.normal(size=(2, 300, 300)))


def test_windows_give_the_catalogue_of_the_whole(sky, monkeypatch):
    level = sky_of(sky)
    whole = field_catalogue(sky, level, 3.0, 3.0)
    monkeypatch.setattr(module, "MARGIN", 20)
    cut = field_catalogue(sky, level, 3.0, 3.0, core=90)
    assert len(whole) > 40
    assert len(cut) == len(whole)
    np.testing.assert_allclose(cut[["y", "x"]], whole[["y", "x"]], atol=0.1)
    for name in quantities(BANDS):
        # sep deals pixels between blended sources at random, otherwise in another window; all others are the same.
        same = np.isclose(cut[name], whole[name], rtol=1e-6, atol=1e-6)
        assert same.mean() > 0.8, name
        np.testing.assert_allclose(cut[name], whole[name], atol=0.15, err_msg=name)


def test_a_source_wider_than_the_margin_is_counted_once(monkeypatch):
    monkeypatch.setattr(module, "MARGIN", 4)
    field = field_of(drawn({(64, 64): gaussian(50_000, 12)}, (128, 128), noise=0.5))
    found = field_catalogue(field, sky_of(field), 2.5, 3.0, core=64)
    assert len(found) == 1
    assert found[["y", "x"]].to_numpy()[0] == pytest.approx([64, 64], abs=0.2)


def test_light_colour_size_and_shape_are_those_of_what_was_drawn():
    light = drawn({(60, 60): gaussian(20_000, 3, g1=0.2)}, (121, 121))[0]
    field = field_of(np.stack([light, 2.5 * light]) + 4 + np.random.default_rng(0).normal(size=(2, 121, 121)))
    one = field_catalogue(field, sky_of(field), 4.0, 5.0).iloc[0]
    assert one["light_g"] == pytest.approx(20_000, rel=0.08)
    assert one["magnitude_g"] == pytest.approx(31.4 - 2.5 * np.log10(one["light_g"]))
    assert one["colour_g-r"] == pytest.approx(2.5 * np.log10(2.5), abs=0.01)
    # Minor over major axis of a reduced shear of 0.2 is 0.8 / 1.2; isophotes of noisy light are a little rounder.
    assert one["ellipticity"] == pytest.approx(1 / 3, abs=0.03)
    assert one["half_light_radius"] == pytest.approx(3 * 1.1774, rel=0.05)
    assert one["whole"]


def test_what_is_masked_or_leaves_the_field_is_not_whole():
    image = drawn({(3, 40): gaussian(), (40, 20): gaussian(), (40, 60): gaussian()}, (81, 81), noise=0.05)
    mask = np.zeros(image.shape, bool)
    mask[:, 41, 21] = True
    field = field_of(image, mask)
    found = field_catalogue(field, sky_of(field), 0.3, 5.0)
    assert dict(zip(found["x"].round(), found["whole"])) == {40: False, 20: False, 60: True}


def test_a_field_without_sources_has_a_catalogue_without_rows():
    field = field_of(np.random.default_rng(0).normal(size=(2, 50, 50)))
    found = field_catalogue(field, sky_of(field), 99.0, 3.0)
    assert not len(found)
    assert set(quantities(BANDS)) <= set(found.columns)


def test_the_sky_is_measured_beneath_the_sources(sky):
    found = sky_of(sky)
    assert found.level == pytest.approx(7, abs=0.25)
    assert found.sigma == pytest.approx(1 / np.sqrt(2), rel=0.15)
