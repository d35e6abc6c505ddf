import numpy as np
import pytest

from pipeline.config import Images, Psf
from pipeline.physics.lost_light import lost_light
from pipeline.physics.psf import PSFError, light_lost


def lost(pixel_scale=None, images=None, stamp=None, **psf):
    return lost_light(Psf(**psf), Images(**(images or {})), pixel_scale, stamp)


def moffat_stamp(fwhm, width):
    radius = np.hypot(*np.indices((width, width)) - width // 2)
    return (1 + (radius / (fwhm / 2 / np.sqrt(2 ** (1 / 2.5) - 1))) ** 2) ** -2.5


def test_it_is_what_the_stamp_of_the_added_width_leaves_out():
    assert lost(profile="moffat", fwhm=["8px"]) == light_lost("moffat", 8.0) > 0.005
    assert lost(0.25, profile="airy", fwhm=["1as"], obscuration=0.3) == light_lost("airy", 4.0, obscuration=0.3)
    final = lost(profile="gaussian", fwhm_final=["5px"], images={"psf_fwhm": "3px"})
    assert final == light_lost("gaussian", 4.0)


@pytest.mark.parametrize(
    ("psf", "says"),
    [
        ({"profile": "moffat", "fwhm": ["20px"]}, r"psf\.fwhm is 20px: 8\.6% of the light of this moffat"),
        (
            {"profile": "airy", "fwhm": ["20px"]},
            r"psf\.fwhm is 20px: 10\.\d% of the light of this airy.*; add 9\.\d px at most, or",
        ),
        (
            {"profile": "moffat", "fwhm": ["3px"], "beta": 1.2},
            r"psf\.fwhm is 3px.*65 x 65 px at most, and 5% may be lost; take a profile",
        ),
        ({"profile": "airy", "fwhm_final": ["20px"]}, r"psf\.fwhm_final is 20px.*add 9\.\d px at most"),
    ],
)
def test_more_than_a_twentieth_is_refused_by_name_of_the_setting(psf, says):
    with pytest.raises(PSFError, match=says):
        lost(images={"psf_fwhm": "3px"}, **psf)


def test_the_pixels_decide_on_a_width_on_the_sky():
    assert lost(0.2, profile="airy", fwhm=["1as"]) < 0.05
    with pytest.raises(PSFError, match=r"psf\.fwhm is 1as: \d+\.\d% of the light.*add 9\.\d px at most"):
        lost(0.05, profile="airy", fwhm=["1as"])


def test_a_measured_psf_loses_what_lies_beyond_the_largest_stamp():
    file = {"profile": "file", "file": "wide.fits"}
    wide = moffat_stamp(10, 301)
    inside = wide[118:183, 118:183].sum() / wide.sum()
    assert lost(stamp=(wide, None), **file) == pytest.approx(1 - inside, abs=1e-6)
    assert lost(0.2, stamp=(wide, 0.1), **file) < 0.015
    cube = np.stack([moffat_stamp(3, 301), wide])
    assert lost(stamp=(cube, None), **file) == lost(stamp=(wide, None), **file)
    with pytest.raises(PSFError, match=r"wide\.fits: \d+\.\d% of the light of the PSF.*bin the images"):
        lost(0.1, stamp=(wide, 0.3), **file)


def test_a_measured_psf_of_unknown_pixels_is_refused_as_such():
    with pytest.raises(
        PSFError, match=r"wide\.fits: the pixel scale of the PSF is not known.*degrade\.psf\.file_scale"
    ):
        lost(0.05, stamp=(moffat_stamp(3, 61), None), profile="file", file="wide.fits")
