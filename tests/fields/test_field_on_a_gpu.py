import numpy as np
import pytest
import torch

from pipeline.fields.addressed_noise import addressed_noise
from pipeline.fields.field import Field
from pipeline.networks.sgan import Sgan
from pipeline.networks.xdf_gan import XdfGan
from pipeline.stretch import Stretch
from pipeline.tiling import Window

pytestmark = pytest.mark.gpu
FAR = 2**40


def test_a_gpu_works_out_the_same_noise():
    window = Window(FAR, -FAR, 300, 333)
    here, there = (addressed_noise(1, "a", window, 3, device).cpu() for device in ("cpu", "cuda"))
    torch.testing.assert_close(here, there, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", [Sgan, XdfGan])
def test_a_gpu_paints_the_same_field(kind):
    torch.manual_seed(0)
    generator, stretch, window = kind(3), Stretch("linear", (0.0,) * 3, (1.0,) * 3), Window(FAR, 0, 300, 400)
    here = Field(generator, stretch, 1, 256, torch.device("cpu")).window(window)
    for tile in (256, 512):
        there = Field(generator, stretch, 1, tile, torch.device("cuda")).window(window)
        assert np.abs(here - there).max() <= 1e-5 * np.ptp(here)
        assert np.array_equal(there, Field(generator, stretch, 1, tile, torch.device("cuda")).window(window))
