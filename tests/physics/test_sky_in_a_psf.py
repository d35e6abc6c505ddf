import numpy as np
import pytest
from astropy.io import fits

from pipeline.config import Images, Psf
from pipeline.formats.fits import read_psf
from pipeline.physics.conditions import psf_for
from pipeline.physics.psf import PSFError, draw_psf, measured_fwhm, resampled_psf


def star(profile="gaussian", fwhm=3.0, width=61, at=(0, 0), sky=0.0, noise=0.0):
    """A star of peak 1 whose centre lies `at` (row, column) from the middle of its stamp."""
    kernel, stamp = draw_psf(profile, fwhm).numpy(), np.zeros((width, width))
    margin = (width - len(kernel)) // 2
    near = slice(max(margin, 0), max(margin, 0) + min(width, len(kernel)))
    kept = slice(max(-margin, 0), max(-margin, 0) + min(width, len(kernel)))
    stamp[near, near] = kernel[kept, kept] / kernel.max()
    return np.roll(stamp, at, (0, 1)) + sky + np.random.default_rng(0).normal(0, noise, stamp.shape)


@pytest.mark.parametrize("sky", [0.001, 0.01, 0.1])
@pytest.mark.parametrize("at", [(0, 0), (5, 3)])
def test_a_star_on_sky_is_refused(at, sky):
    with pytest.raises(PSFError, match=r"a pedestal that holds [2-9]\d% of its light.*subtract the sky"):
        resampled_psf(star(at=at, sky=sky), 1, 1)


def test_a_neighbour_in_the_stamp_is_refused():
    with pytest.raises(
        PSFError, match=r"core lies \d\.\d px of the image from its centre of light.*take neighbours out"
    ):
        resampled_psf(star() + 0.3 * star(at=(12, 9)), 1, 1)


def test_how_far_the_core_may_lie_off_is_counted_in_pixels_of_the_image():
    both = star() + 0.1 * star(at=(12, 9))
    with pytest.raises(PSFError, match=r"core lies 1\.4 px"):
        resampled_psf(both, 1, 1)
    resampled_psf(both, 1, 4)


@pytest.mark.parametrize("at", [(0, 0), (5, 3)])
def test_a_star_without_sky_is_centred_wherever_it_lies(at):
    psf = resampled_psf(star(at=at), 1, 1)
    assert int(psf.argmax()) == psf.numel() // 2
    assert measured_fwhm(psf) == pytest.approx(3, rel=0.01)


@pytest.mark.parametrize("width", [15, 25, 61])
@pytest.mark.parametrize("profile", ["gaussian", "moffat", "kolmogorov", "airy"])
def test_wings_are_not_taken_for_sky(profile, width):
    resampled_psf(star(profile, width=width), 1, 1)


def test_noise_is_not_taken_for_sky():
    resampled_psf(star(noise=0.002), 1, 1)


def test_a_ring_about_the_centre_is_a_psf():
    y, x = np.indices((41, 41)) - 20
    resampled_psf(np.exp(-((np.hypot(y, x) - 6) ** 2)), 1, 1)


def test_the_file_that_holds_the_sky_is_named(tmp_path):
    path = tmp_path / "star.fits"
    fits.writeto(path, star(sky=0.01))
    with pytest.raises(PSFError, match=r"star\.fits: the PSF stands on a pedestal"):
        psf_for(Psf(profile="file", file=str(path)), Images(), 1, None, read_psf(path))
