import math

import numpy as np
import pytest
import torch

from pipeline.config import ConfigError, Degrade, Images, Study
from pipeline.image import Image
from pipeline.physics.conditions import noise_for, operator_for, psf_for
from pipeline.physics.galaxygan import ProtocolError
from pipeline.physics.noise import GaussianNoise, PoissonNoise, addressed_generator
from pipeline.physics.psf import PSFError, draw_psf, measured_fwhm

SKY = 0.02


def image(bands=3, pixel_scale=None, level=0.0, mask=None):
    pixels = np.random.default_rng(1).normal(level, SKY, (bands, 128, 128)).astype(np.float32)
    mask = np.zeros(pixels.shape, bool) if mask is None else mask
    return Image("a", pixels, mask, "nanomaggy", tuple("gri"[:bands]), pixel_scale=pixel_scale)


def operator(psf=None, noise=None, of=None, stamp=None, sky=(SKY, SKY, SKY), images=None, protocol="physical"):
    degrade = Degrade(psf=psf or {"fwhm": ["3px"]}, noise=noise or {"sigma": [0.05]}, protocol=protocol)
    images = Images(**(images or {}))
    condition = Study(images=images, degrade=degrade).conditions[0]
    return operator_for(of or image(), condition, degrade, images, stamp, list(sky))


def widths(blur):
    return [measured_fwhm(k) for k in blur.psf]


def test_every_band_gets_the_psf_and_the_noise_of_the_condition():
    blur = operator()
    assert widths(blur) == pytest.approx([3, 3, 3], rel=0.01)
    assert blur.noise == GaussianNoise((0.05, 0.05, 0.05))


def test_a_width_in_arcsec_follows_the_pixels_of_the_image():
    assert widths(operator({"fwhm": ["1.4as"]}, of=image(pixel_scale=0.396)))[0] == pytest.approx(1.4 / 0.396, rel=0.01)


def test_the_configured_pixel_scale_counts_where_the_image_gives_none():
    assert widths(operator({"fwhm": ["1as"]}, images={"pixel_scale": 0.25}))[0] == pytest.approx(4, rel=0.01)
    own_first = operator({"fwhm": ["1as"]}, of=image(pixel_scale=0.2), images={"pixel_scale": 0.25})
    assert widths(own_first)[0] == pytest.approx(5, rel=0.01)


def test_a_width_in_arcsec_without_any_pixel_scale_is_refused_in_words():
    with pytest.raises(ConfigError, match=r"1as needs the pixel scale.*set images\.pixel_scale"):
        operator({"fwhm": ["1as"]})


def test_a_final_width_adds_the_difference_of_squares():
    blur = operator({"fwhm_final": ["5px"]}, images={"psf_fwhm": "3px"})
    assert widths(blur)[0] == pytest.approx(4, rel=0.01)


def test_a_final_width_below_the_images_own_is_refused_in_words():
    with pytest.raises(PSFError, match="fwhm_final is 1as, and the images are 3px wide already; a larger width"):
        operator({"fwhm_final": ["1as"]}, of=image(pixel_scale=0.4), images={"psf_fwhm": "3px"})


def test_other_profiles_take_their_parameters():
    blur = operator({"profile": "moffat", "fwhm": ["3px"], "beta": 4.765})
    torch.testing.assert_close(blur.psf[0], draw_psf("moffat", 3.0, beta=4.765))
    blur = operator({"profile": "airy", "fwhm": ["3px"], "obscuration": 0.3})
    torch.testing.assert_close(blur.psf[2], draw_psf("airy", 3.0, obscuration=0.3))


FILE = {"profile": "file", "file": "psf.fits"}


def test_a_stamp_is_resampled_from_its_own_pixels_and_serves_every_band():
    stamp = draw_psf("gaussian", 6.0).numpy()
    blur = operator(FILE, of=image(pixel_scale=0.2), stamp=(stamp, 0.1))
    assert widths(blur) == pytest.approx([3, 3, 3], rel=0.01)


def test_a_cube_gives_each_band_its_own_psf_about_one_centre():
    stamps = np.zeros((3, 31, 31))
    for plane, fwhm in zip(stamps, (2.0, 3.0, 5.0)):
        kernel = draw_psf("gaussian", fwhm).numpy()
        margin = (31 - len(kernel)) // 2
        plane[margin : 31 - margin, margin : 31 - margin] = kernel
    blur = operator(FILE, of=image(pixel_scale=0.1), stamp=(stamps, 0.1))
    assert widths(blur) == pytest.approx([2, 3, 5], rel=0.01)
    assert [int(k.argmax()) for k in blur.psf] == [blur.psf[0].numel() // 2] * 3


def test_without_any_pixel_scale_a_stamp_is_taken_to_have_the_images_pixels():
    assert widths(operator(FILE, stamp=(draw_psf("gaussian", 3.0).numpy(), None)))[0] == pytest.approx(3, rel=0.01)


@pytest.mark.parametrize(
    ("stamp", "of", "says"),
    [
        ((np.ones((2, 5, 5)), 0.1), image(pixel_scale=0.1), "2 planes and the image 3 bands"),
        ((np.zeros((5, 5)), 0.1), image(pixel_scale=0.1), "psf.fits: the PSF sums to 0"),
        ((np.ones((5, 5)), None), image(pixel_scale=0.1), r"set degrade\.psf\.file_scale"),
        ((np.ones((5, 5)), 0.1), image(), r"set images\.pixel_scale"),
        (None, image(), "psf.fits: was not read"),
    ],
)
def test_a_stamp_that_does_not_fit_is_refused_in_words(stamp, of, says):
    with pytest.raises(PSFError, match=says):
        operator(FILE, of=of, stamp=stamp)


@pytest.mark.parametrize("ratio", [1.0, 1.2, 2.0, 10.0])
def test_a_ratio_is_reached_in_every_band_after_blur_and_noise(ratio):
    scene = image()
    blur = operator(noise={"ratio": [ratio]}, of=scene)
    clean = blur.forward(torch.from_numpy(scene.pixels)[None])
    seen = blur.noise.draw(clean, [addressed_generator("ratio", ratio, band) for band in range(3)])
    torch.testing.assert_close(seen.std((2, 3))[0], torch.full((3,), ratio * SKY), rtol=0.03, atol=0)


def test_a_ratio_follows_the_sky_of_each_band():
    blur = operator(noise={"ratio": [5.0]}, sky=(0.1, 0.2, 0.0))
    kept = blur.psf[0].square().sum()
    expected = [0.1 * math.sqrt(25 - kept), 0.2 * math.sqrt(25 - kept), 0.0]
    assert blur.noise.level == pytest.approx(expected)


def test_photon_noise_takes_gain_read_noise_and_sky():
    folder = {"dataset": "folder", "path": "{id}.fits"}
    blur = operator(noise={"kind": "poisson", "gain": [4.0], "read_noise": 3.0, "sky": 0.5}, images=folder)
    assert blur.noise == PoissonNoise((4.0,) * 3, (3.0,) * 3, (0.5,) * 3)


def test_galaxygan_adds_one_noise_for_all_bands_with_the_level_of_its_own_formula():
    scene = image()
    blur = operator(noise={"ratio": [2.0]}, of=scene, protocol="galaxygan", sky=(99.0, 99.0, 99.0))
    blurred = blur.forward(torch.from_numpy(scene.pixels)[None])
    expected = math.sqrt((2 * scene.pixels.std(ddof=1)) ** 2 - float(blurred.std()) ** 2)
    assert blur.noise.shared
    assert blur.noise.level == pytest.approx((expected,) * 3, rel=1e-3)


def test_galaxygan_does_not_look_at_masked_pixels():
    mask = np.zeros((3, 128, 128), bool)
    mask[:, :64] = True
    scene = image(mask=mask)
    scene.pixels[:, :40] = 0.09
    lone = operator(noise={"ratio": [2.0]}, of=scene, protocol="galaxygan").noise.level[0]
    assert lone == pytest.approx(2 * SKY, rel=0.05)


def test_galaxygan_refuses_an_image_without_its_sky():
    with pytest.raises(ProtocolError, match="sky-subtracted"):
        operator(noise={"ratio": [2.0]}, of=image(level=50.0), protocol="galaxygan")


def test_galaxygans_noise_can_be_predicted_where_there_is_no_image():
    scene = image()
    measured = operator(noise={"ratio": [2.0]}, of=scene, protocol="galaxygan")
    settings = Degrade(noise={"ratio": [2.0]}).noise
    predicted = noise_for(settings, measured.psf, [SKY] * 3, "galaxygan")
    assert predicted.shared
    assert predicted.level == pytest.approx(measured.noise.level, rel=0.02)


def test_a_fixed_level_under_galaxygan_is_shared_too():
    assert operator(protocol="galaxygan").noise == GaussianNoise((0.05,) * 3, shared=True)


def test_a_psf_without_a_width_is_refused_in_words():
    settings = Degrade().psf.model_copy(update={"fwhm": None})
    with pytest.raises(PSFError, match=r"set degrade\.psf\.fwhm"):
        psf_for(settings, Images(), 1, None, None)
