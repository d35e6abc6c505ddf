import pytest
import torch
from made_image import image, same

from pipeline.observation import Observation, read_observations, write_observations
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise, PoissonNoise
from pipeline.physics.psf import draw_psf
from pipeline.tiling import Window


@pytest.mark.parametrize("noise", [GaussianNoise((0.1, 0.2)), PoissonNoise((1.0,) * 2, (2.0,) * 2, (0.0,) * 2)])
def test_observations_come_back_with_their_operators(tmp_path, noise):
    psf = torch.stack([draw_psf("moffat", 3.0)] * 2)
    with write_observations(tmp_path / "x.h5") as writer:
        writer.append(Observation(image(), Blur(psf, noise)))
        writer.append(Observation(image("b/c"), Blur(psf[:, 2:-2, 2:-2] / psf[:, 2:-2, 2:-2].sum((1, 2), True), noise)))
    with read_observations(tmp_path / "x.h5") as observations:
        assert observations.ids == ["a", "b/c"]
        again = observations.observation("a", None, 0)
        assert same(again.preview, image())
        torch.testing.assert_close(again.operator.psf, psf)
        assert again.operator.noise == noise
        part = observations.observation("b/c", Window(-2, 0, 8, 9), 0)
        assert part.preview.shape == (2, 8, 9)
        assert part.operator.psf.shape[-1] == psf.shape[-1] - 4
