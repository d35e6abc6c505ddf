import pytest
import torch

from pipeline.physics.blur import Blur
from pipeline.physics.noise import PoissonNoise, addressed_generator
from pipeline.physics.photons import FEWEST, expected_electrons
from pipeline.physics.psf import draw_psf

NO_READ_OUT = torch.zeros(())


def counted(rate, *address):
    return torch.poisson(rate, addressed_generator("photons", *address))


def test_where_all_is_alike_a_pixel_has_the_mean_about_it_and_little_of_its_own_noise():
    rate = torch.full((1, 1, 200, 200), 30.0)
    counts = counted(rate, "flat")
    found = expected_electrons(counts, NO_READ_OUT)
    assert found.mean().item() == pytest.approx(30, rel=0.01)
    assert found.std().item() < 0.3 * 30**0.5
    assert torch.corrcoef(torch.stack([counts.flatten(), found.flatten()]))[0, 1] < 0.35


@pytest.mark.parametrize("fwhm", [2.0, 3.0])
def test_core_and_wings_of_a_bright_star_keep_their_own_light(fwhm):
    scene = torch.full((1, 1, 61, 61), 5.0)
    scene[..., 30, 30] = 1e6
    rate = Blur(draw_psf("gaussian", fwhm)[None], PoissonNoise((1.0,), (0.0,), (0.0,))).forward(scene)
    ratio = (expected_electrons(counted(rate, "star", fwhm), NO_READ_OUT) / rate)[rate > 100]
    assert ratio.min() > 0.7
    assert ratio.max() < 1.4
    assert ratio.log().square().mean().sqrt() < 0.1


def test_read_out_noise_is_no_light():
    counts = 10.0 * torch.randn(1, 1, 200, 200, generator=addressed_generator("read out"))
    assert expected_electrons(counts, torch.tensor(10.0)).mean() < 2


def test_a_square_without_a_photon_tells_no_rate_of_zero():
    assert (expected_electrons(torch.zeros(1, 1, 8, 8), NO_READ_OUT) == FEWEST).all()


def test_beyond_its_border_an_image_is_continued_by_reflection():
    whole = counted(torch.rand(1, 2, 40, 40, generator=addressed_generator("rate")) * 50, "border")
    mirrored = torch.cat([whole, whole.flip(-1)[..., 1:]], -1)
    torch.testing.assert_close(
        expected_electrons(mirrored, NO_READ_OUT)[..., :40], expected_electrons(whole, NO_READ_OUT)
    )
