"""degrade, where one image stands for a whole study: each band of its sky for itself."""

import numpy as np
import pytest
from made_training import SKY_SIGMA, made_study, sky, write_sky

from pipeline.image import Image
from pipeline.measures.sky import SkyError
from pipeline.observation import read_observations
from pipeline.physics.psf import draw_psf
from pipeline.steps.degrade import degrade, observe
from pipeline.tiling import Window, whole

PARTS = [Window(0, 0, 80, 150), Window(0, 150, 80, 150)]
LEFT, RIGHT = ((..., *part.slices) for part in PARTS)
KEPT = draw_psf("gaussian", 3.0).double().square().sum().item()
"""Share of the variance of white noise that the blur leaves."""


def scene(pixels, mask=None):
    return Image("a", pixels, np.zeros(pixels.shape, bool) if mask is None else mask, "nanomaggy", ("r", "g"))


def relative(protocol="physical"):
    return made_study(degrade={"protocol": protocol, "psf": {"fwhm": ["3px"]}, "noise": {"ratio": [2.0]}})


def seen(pixels, study=None, mask=None, parts=PARTS):
    return observe(scene(pixels, mask), study or relative(), "fwhm3px_ratio2", None, parts).preview


def test_each_part_has_noise_by_its_own_sky():
    pixels = sky(80, 300)
    pixels[RIGHT] *= 3
    found = seen(pixels).sigma
    for part, sigma in ((LEFT, SKY_SIGMA), (RIGHT, 3 * SKY_SIGMA)):
        assert np.unique(found[0][part]).size == 1
        assert found[part].mean() == pytest.approx(sigma * (4 - KEPT) ** 0.5, rel=0.06)


@pytest.mark.parametrize("protocol", ["physical", "galaxygan"])
def test_a_part_knows_nothing_of_the_others_sky(protocol):
    pixels = sky(80, 300) - 0.1
    other = pixels.copy()
    other[LEFT] = 2 * other[LEFT] + 0.02
    one, again = seen(pixels, relative(protocol)), seen(other, relative(protocol))
    np.testing.assert_array_equal(one.sigma[RIGHT], again.sigma[RIGHT])
    np.testing.assert_allclose(one.pixels[RIGHT][..., 20:], again.pixels[RIGHT][..., 20:], atol=1e-5)
    assert (one.sigma[LEFT] != again.sigma[LEFT]).all()


@pytest.mark.parametrize("protocol", ["physical", "galaxygan"])
def test_parts_have_noise_of_their_own(protocol):
    flat = np.random.default_rng(0).normal(0, 0.01, (2, 80, 150)).astype(np.float32)
    found = seen(np.concatenate([flat, flat], 2), relative(protocol)).pixels
    assert abs(np.corrcoef(found[LEFT][0, :, 20:-20].ravel(), found[RIGHT][0, :, 20:-20].ravel())[0, 1]) < 0.3


def test_a_hole_is_filled_from_its_own_part():
    study = made_study()
    mask = np.zeros((2, 80, 300), bool)
    mask[:, 20:60, 150:190] = True
    pixels = sky(80, 300)
    other = pixels.copy()
    other[LEFT] += 5
    one, again = (observe(scene(p, mask), study, "fwhm3px_sigma0.05", None, PARTS).preview for p in (pixels, other))
    np.testing.assert_allclose(one.pixels[RIGHT][..., 10:], again.pixels[RIGHT][..., 10:], atol=1e-5)


def test_a_part_without_sky_is_refused_naming_it():
    mask = np.zeros((2, 80, 300), bool)
    mask[RIGHT] = True
    with pytest.raises(SkyError, match=r"^a, rows 0 to 79, columns 150 to 299: no trusted pixel"):
        seen(sky(80, 300), mask=mask)


def test_the_only_image_of_a_study_is_seen_in_its_bands_of_sky_and_others_as_a_whole(tmp_path):
    pixels = sky(80, 300)
    pixels[RIGHT] *= 3
    for name, skies in (("one", [pixels]), ("two", [pixels, sky(80, 300, seed=1)])):
        degrade(write_sky(tmp_path / f"{name}.h5", *skies), relative(), "fwhm3px_ratio2", tmp_path / f"{name}_seen.h5")
    with read_observations(tmp_path / "one_seen.h5") as one, read_observations(tmp_path / "two_seen.h5") as two:
        lone, first = one.image("field0").sigma, two.image("field0").sigma
    assert [np.unique(sigma[0]).size for sigma in (lone, first)] == [2, 1]
    whole_image = observe(Image("x", pixels, np.zeros(pixels.shape, bool), "display", ("r", "g")), relative(),
                          "fwhm3px_ratio2", None, [whole(80, 300)]).preview.sigma  # fmt: skip
    np.testing.assert_array_equal(first, whole_image)
