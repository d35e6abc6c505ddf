import numpy as np
import pytest
import torch
from made_training import CPU, LINEAR, made_study

from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import PSFError, draw_psf, measured_fwhm, padded_psfs
from pipeline.training.instruments import Instruments

SILENT = GaussianNoise((0.0, 0.0))


def instruments(psf, noise, pixel_scale=None, stamp=None, **sections):
    return Instruments(made_study(degrade={"psf": psf, "noise": noise}, **sections), 2, pixel_scale, stamp, CPU)


def mistaken(error, psf, stamp=None):
    return instruments(psf, {"sigma": [0.1]}, None, stamp, train={"psf_error": error})


def true_and_told(made, count=2000):
    """Width that is told over the true one, drawn many times, and the true ones."""
    random = np.random.default_rng(1)
    true = [made.draw(random) for _ in range(count)]
    told = [made.draw_told(random, number) for number in true]
    width = {number: measured_fwhm(made.told([number]).psf[0, 0]) for number in set(told)}
    own = {number: measured_fwhm(made.true([number]).psf[0, 0]) for number in set(true)}
    return np.array([width[t] / own[n] for n, t in zip(true, told)]), np.array([own[n] for n in true])


def drawn(made, sky=(0.02, 0.02), count=300):
    random = np.random.default_rng(0)
    return [made.noise(random, made.draw(random), sky) for _ in range(count)]


@pytest.mark.parametrize("profile", ["gaussian", "moffat", "kolmogorov"])
def test_widths_lie_evenly_between_the_narrowest_and_the_widest(profile):
    made = instruments({"profile": profile, "fwhm": ["4px", "2px"]}, {"sigma": [0.1]})
    random = np.random.default_rng(0)
    psfs = made.true([made.draw(random) for _ in range(400)]).psf
    widths = np.sort([measured_fwhm(psf[0]) for psf in psfs])
    assert widths == pytest.approx(np.linspace(2, 4, 400), abs=0.2)
    assert made.range()["fwhm_px"] == pytest.approx([2, 4], rel=0.01)
    assert psfs.shape[-1] // 2 == made.halo
    torch.testing.assert_close(psfs.sum((-2, -1)), torch.ones(400, 2))


@pytest.mark.parametrize("psf", [{"profile": "gaussian"}, {"profile": "moffat", "beta": 3.0}])
def test_no_width_between_is_left_out_and_each_is_described_as_in_use(psf):
    made = instruments(psf | {"fwhm": ["1.5px", "5px"]}, {"sigma": [0.1]})
    widths = [made.draw(np.random.default_rng(seed)) for seed in range(50)]
    assert len(set(widths)) == 50
    for width, seen, told, numbers in zip(
        widths, made.true(widths).psf, made.told(widths).psf, made.descriptors(widths)
    ):
        exact = draw_psf(fwhm=width, **psf).expand(2, -1, -1).contiguous()
        torch.testing.assert_close(seen, padded_psfs([exact, seen])[0], atol=5e-4, rtol=0)
        assert torch.equal(seen, told)
        assert numbers.tolist() == pytest.approx(list(Blur(exact, SILENT).descriptor().values()), rel=0.04)


def test_a_single_condition_has_a_single_psf():
    made = instruments({"fwhm": ["3px"]}, {"sigma": [0.1]})
    assert {made.draw(np.random.default_rng(seed)) for seed in range(5)} == {3.0}
    assert torch.equal(made.single, draw_psf("gaussian", 3.0).expand(2, -1, -1))
    torch.testing.assert_close(made.true([3.0]).psf[0], made.single)
    assert all(noise.level == pytest.approx((0.1, 0.1)) for noise in drawn(made))


@pytest.mark.parametrize(("pixel_scale", "sections"), [(0.5, {}), (None, {"images": {"pixel_scale": 0.5}})])
def test_a_width_on_the_sky_becomes_pixels(pixel_scale, sections):
    made = instruments({"fwhm": ["1.5as"]}, {"sigma": [0.1]}, pixel_scale, **sections)
    assert measured_fwhm(made.single[0]) == pytest.approx(3, rel=0.01)


def test_a_final_width_is_reached_from_the_images_own():
    made = instruments({"fwhm_final": ["5px"]}, {"sigma": [0.1]}, images={"psf_fwhm": "3px"})
    assert measured_fwhm(made.single[0]) == pytest.approx(4, rel=0.01)


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
    made, sky = instruments({"fwhm": ["1.5px", "4px"]}, noise, images=LINEAR), (0.02, 0.03)
    low, high = made.noise_range((0.1, 0.3), [sky])
    level = torch.tensor([0.1, 0.3])[None, :, None, None]
    found = torch.stack([n.sigma(level).flatten() for n in drawn(made, sky)])
    for band in range(2):
        assert low[band] * (1 - 1e-6) <= found[:, band].min()
        assert found[:, band].max() <= high[band] * (1 + 1e-6)


def test_the_sky_is_measured_only_where_noise_is_relative_to_it():
    assert instruments({"fwhm": ["2px"]}, {"ratio": [2]}).relative_to_sky
    made = instruments({"fwhm": ["2px"]}, {"sigma": [0.1]})
    assert not made.relative_to_sky
    assert made.noise(np.random.default_rng(0), 0, ()).level == pytest.approx((0.1, 0.1))


@pytest.mark.parametrize("profile", ["gaussian", "moffat", "kolmogorov", "airy"])
def test_the_told_width_is_wrong_by_the_share_that_is_asked_and_never_by_more_than_twice_it(profile):
    ratio, _ = true_and_told(mistaken(0.07, {"profile": profile, "fwhm": ["3px", "5px"]}))
    # A normal distribution that is cut at two has 0.88 of its standard deviation.
    assert ratio.std() == pytest.approx(0.88 * 0.07, rel=0.1)
    assert ratio.mean() == pytest.approx(1, abs=0.01)
    assert (np.abs(ratio - 1) < 0.14 * 1.1).all()


def test_a_measured_psf_is_told_wider_or_narrower_and_keeps_its_light():
    stamp = draw_psf("moffat", 3.0).numpy(), None
    made = mistaken(0.05, {"profile": "file", "file": "psf.fits"}, stamp)
    random = np.random.default_rng(0)
    told = sorted({made.draw_told(random, made.draw(random)) for _ in range(500)})
    psfs = made.told(told).psf
    widths = [measured_fwhm(psf[0]) for psf in psfs]
    assert widths == pytest.approx((3 * (1 + 0.05 * np.linspace(-2, 2, len(told)))).tolist(), rel=0.02)
    torch.testing.assert_close(psfs.sum((-2, -1)), torch.ones(len(told), 2))
    ratio, true = true_and_told(made)
    assert ratio.std() == pytest.approx(0.88 * 0.05, rel=0.15)
    assert true == pytest.approx(3, rel=0.01)


def test_an_error_changes_neither_the_true_psfs_nor_the_range_that_the_card_shows():
    exact, wrong = (mistaken(error, {"fwhm": ["2px", "4px"]}) for error in (0, 0.1))
    torch.testing.assert_close(exact.true([2.0, 3.3]).psf, wrong.true([2.0, 3.3]).psf)
    assert (exact.range(), exact.halo) == (wrong.range(), wrong.halo)
    assert wrong.descriptors([4.7])[0, 0] > 4.5


def test_a_told_width_that_no_stamp_holds_is_refused_by_name_of_the_setting():
    with pytest.raises(PSFError, match=r"train.psf_error: the PSF's FWHM is 3\d"):
        mistaken(0.1, {"fwhm": ["30px"]})


def test_photons_of_what_was_taken_off_are_noise_and_lie_in_the_range_that_the_card_shows():
    made = instruments({"fwhm": ["2px"]}, {"kind": "poisson", "gain": [4.0], "sky": 1.0}, images=LINEAR)
    assert made.counts_photons
    assert made.noise(np.random.default_rng(0), 0, (), (9.0, 25.0)).sky == (10.0, 26.0)
    # Where more was taken off than there was, no photons are missing.
    assert made.noise(np.random.default_rng(0), 0, (), (-9.0, 0.0)).sky == (1.0, 1.0)
    low, high = made.noise_range((5.0, 0.0), [()], [[9.0, 15.0], [10.0, 24.0]])
    assert low == pytest.approx([(15 / 4) ** 0.5, (16 / 4) ** 0.5])
    assert high == pytest.approx([(16 / 4) ** 0.5, (25 / 4) ** 0.5])
