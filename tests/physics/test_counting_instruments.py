"""X-ray projections, PET and microscopy count quanta behind a blur; a Blur with PoissonNoise is all that they need."""

import pytest
import torch

from pipeline.physics.blur import Blur
from pipeline.physics.noise import PoissonNoise, addressed_generator
from pipeline.physics.psf import draw_psf


@pytest.mark.parametrize(
    ("instrument", "gain", "read_noise", "background"),
    [("X-ray", 0.5, 30.0, 0.0), ("PET", 1.0, 0.0, 2.0), ("microscopy", 4.0, 3.0, 5.0)],
)
def test_counts_behind_a_blur_have_the_moments_of_poisson_and_gauss(instrument, gain, read_noise, background):
    psf = draw_psf("gaussian", 3.0)[None]
    blur = Blur(psf, PoissonNoise((gain,), (read_noise,), (background,)))
    scene = torch.zeros(1, 1, 33, 33)
    scene[..., 16, 16] = 5000.0
    clean = blur.forward(scene)
    draws = blur.noise.draw(clean.expand(2000, -1, -1, -1), [addressed_generator(instrument)]).double()
    variance = (clean[0].double() + background) / gain + (read_noise / gain) ** 2
    assert ((draws.mean(0) - clean[0]) / (variance / 2000).sqrt()).abs().max() < 5
    bright = clean[0] > 20
    torch.testing.assert_close(draws.var(0)[bright], variance[bright], rtol=0.16, atol=0)
    assert float((draws.var(0) / variance)[bright].mean()) == pytest.approx(1, abs=0.02)
    torch.testing.assert_close(blur.noise.sigma(clean)[0].double(), variance.sqrt(), rtol=1e-5, atol=0)
