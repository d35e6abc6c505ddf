import math

import pytest

from pipeline.config import Images, Psf
from pipeline.physics.blur import convolve_full
from pipeline.physics.conditions import psf_for
from pipeline.physics.final_width import width_to_add
from pipeline.physics.psf import PSFError, draw_psf, measured_fwhm


def width_afterwards(profile, own, final, **shape):
    """What is measured on a star of width `own` that went through the PSF of the condition."""
    settings, images = Psf(profile=profile, fwhm_final=[f"{final}px"], **shape), Images(psf_fwhm=f"{own}px")
    added = psf_for(settings, images, 1, None, None)
    return measured_fwhm(convolve_full(draw_psf(profile, own, **shape)[None, None], added)[0, 0])


@pytest.mark.parametrize(("own", "final"), [(2, 2.2), (2, 3), (3, 3.5), (3, 4), (5, 8), (20, 25)])
@pytest.mark.parametrize("profile", ["gaussian", "moffat", "kolmogorov", "airy"])
def test_the_image_ends_with_the_width_that_was_asked_for(profile, own, final):
    assert width_afterwards(profile, own, final) == pytest.approx(final, rel=0.01)


def test_wings_and_obscuration_are_those_of_the_condition():
    assert width_afterwards("moffat", 3, 4, beta=4.765) == pytest.approx(4, rel=0.01)
    assert width_afterwards("airy", 3, 4, obscuration=0.33) == pytest.approx(4, rel=0.01)


def test_of_gaussians_the_squares_of_the_widths_add_up():
    assert width_to_add("gaussian", 3.0, 5.0) == math.sqrt(25 - 9)


def test_wings_leave_less_to_add_than_squares_say():
    assert width_to_add("moffat", 3.0, 4.0) < 0.7 * math.sqrt(16 - 9)


def test_a_final_width_that_no_stamp_reaches_is_refused_by_name_of_the_setting():
    with pytest.raises(PSFError, match=r"fwhm_final is 60px, and images\.psf_fwhm 30px: no moffat profile"):
        width_afterwards("moffat", 30, 60)


def test_a_width_below_what_the_pixels_tell_is_refused():
    with pytest.raises(PSFError, match=r"brings images of 1\.2 px to 1\.25 px on their pixels; ask for another"):
        width_to_add("airy", 1.2, 1.25)
