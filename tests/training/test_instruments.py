import numpy as np
import pytest
import torch
from made_training import CPU, made_study

from pipeline.physics.psf import measured_fwhm
from pipeline.training.instruments import WIDTHS, Instruments


def instruments(psf, noise, pixel_scale=None, **sections):
    return Instruments(made_study(degrade={"psf": psf, "noise": noise}, **sections), 2, pixel_scale, None, CPU)


def drawn(made, sky=(0.02, 0.02), count=300):
    random = np.random.default_rng(0)
    return [made.noise(random, made.psf_index(random), sky) for _ in range(count)]


def test_psfs_lie_evenly_between_the_narrowest_and_the_widest():
    made = instruments({"fwhm": ["4px", "2px"]}, {"sigma": [0.1]})
    widths = [measured_fwhm(kernel[0]) for kernel in made.psfs]
    assert widths == pytest.approx(np.linspace(2, 4, WIDTHS).tolist(), rel=0.01)
    assert made.range()["fwhm_px"] == pytest.approx([2, 4], rel=0.01)
    assert made.halo == made.psfs.shape[-1] // 2
    torch.testing.assert_close(made.psfs.sum((-2, -1)), torch.ones(WIDTHS, 2))


def test_a_single_condition_has_a_single_psf():
    made = instruments({"fwhm": ["3px"]}, {"sigma": [0.1]})
    assert len(made.psfs) == 1
    assert all(noise.level == pytest.approx((0.1, 0.1)) for noise in drawn(made))


@pytest.mark.parametrize(("pixel_scale", "sections"), [(0.5, {}), (None, {"images": {"pixel_scale": 0.5}})])
def test_a_width_on_the_sky_becomes_pixels(pixel_scale, sections):
    made = instruments({"fwhm": ["1.5as"]}, {"sigma": [0.1]}, pixel_scale, **sections)
    assert measured_fwhm(made.psfs[0, 0]) == pytest.approx(3, rel=0.01)


def test_a_final_width_is_reached_from_the_images_own():
    made = instruments({"fwhm_final": ["5px"]}, {"sigma": [0.1]}, images={"psf_fwhm": "3px"})
    assert measured_fwhm(made.psfs[0, 0]) == pytest.approx(4, rel=0.01)


def test_levels_are_drawn_evenly_in_their_logarithm():
    levels = np.array([noise.level[0] for noise in drawn(instruments({"fwhm": ["2px"]}, {"sigma": [0.01, 1.0]}))])
    assert 0.01 <= levels.min() < 0.012
    assert 0.85 < levels.max() <= 1.0
    assert np.median(levels) == pytest.approx(0.1, rel=0.4)


def test_levels_from_zero_are_drawn_evenly():
    levels = np.array([noise.level[0] for noise in drawn(instruments({"fwhm": ["2px"]}, {"sigma": [0.0, 1.0]}))])
    assert np.median(levels) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("noise", [{"sigma": [0.01, 0.5]}, {"ratio": [1, 5]}, {"kind": "poisson", "gain": [10, 1000]}])
def test_every_level_lies_in_the_range_that_the_card_shows(noise):
    made, sky = instruments({"fwhm": ["1.5px", "4px"]}, noise), (0.02, 0.03)
    low, high = made.noise_range(sky)
    found = torch.stack([n.sigma(torch.zeros(1, 2, 1, 1)).flatten() for n in drawn(made, sky)])
    for band in range(2):
        assert low[band] * (1 - 1e-6) <= found[:, band].min()
        assert found[:, band].max() <= high[band] * (1 + 1e-6)


def test_the_sky_is_measured_only_where_noise_is_relative_to_it():
    assert instruments({"fwhm": ["2px"]}, {"ratio": [2]}).relative_to_sky
    made = instruments({"fwhm": ["2px"]}, {"sigma": [0.1]})
    assert not made.relative_to_sky
    assert made.noise(np.random.default_rng(0), 0, ()).level == pytest.approx((0.1, 0.1))
