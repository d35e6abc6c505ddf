import pytest

from pipeline.physics.blur import Blur
from pipeline.physics.mistaken import with_width
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.1, 1.2])
def test_the_width_is_multiplied_and_the_light_kept(factor):
    blur = Blur(draw_psf("gaussian", 4.0).expand(2, -1, -1).contiguous(), GaussianNoise((0.1, 0.1)))
    made = with_width(blur, factor)
    assert made.descriptor()["fwhm_px"] == pytest.approx(4.0 * factor, rel=0.02)
    assert made.psf.sum((-2, -1)).tolist() == pytest.approx([1, 1])
    assert made.psf.shape == blur.psf.shape
