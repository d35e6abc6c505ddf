from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.image import Image
from pipeline.measures import residual
from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.windowed import WindowedImage

SIGMA = 0.05


def residual_chi2(scene, observation, tile=512):
    seen = WindowedImage.of(observation.preview)
    restored = WindowedImage.of(observation.preview.with_pixels(scene))
    return residual.residual_chi2(restored, seen, observation.operator, tile)


@pytest.fixture
def seen():
    """A scene of one band, and what an instrument made of it."""
    scene = np.random.default_rng(0).random((1, 120, 150)).astype(np.float32)
    operator = Blur(draw_psf("gaussian", 3.0)[None], GaussianNoise((SIGMA,)))
    data = operator.noise.draw(operator.forward(torch.from_numpy(scene)[None]), [torch.Generator().manual_seed(1)])
    mask, sigma = np.zeros(scene.shape, bool), np.full(scene.shape, SIGMA, np.float32)
    return scene, Observation(Image("a", data[0].numpy(), mask, "adu", ("g",), sigma=sigma), operator)


def test_it_is_one_for_the_truth_and_grows_with_what_is_wrong(seen):
    scene, observation = seen
    assert residual_chi2(scene, observation) == pytest.approx(1, abs=0.05)
    assert residual_chi2(scene + 2 * SIGMA, observation) == pytest.approx(5, abs=0.2)


def test_tiles_do_not_change_it(seen):
    scene, observation = seen
    whole = residual_chi2(scene, observation)
    assert [residual_chi2(scene, observation, tile) for tile in (32, 64, 100)] == pytest.approx([whole] * 3, rel=1e-9)


def test_masked_pixels_and_what_lies_beyond_the_border_do_not_count(seen):
    scene, observation = seen
    before = residual_chi2(scene, observation)
    preview = observation.preview
    data, mask = preview.pixels.copy(), preview.mask.copy()
    halo = observation.operator.halo
    data[:, :halo] = data[:, :, -halo:] = 1e3
    data[:, 50, 60], mask[:, 50, 60] = 1e3, True
    spoilt = Observation(replace(preview, pixels=data, mask=mask), observation.operator)
    assert residual_chi2(scene, spoilt) == pytest.approx(before, rel=1e-3)


def test_an_image_narrower_than_the_psf_is_judged_as_a_whole(seen):
    scene, observation = seen
    preview = observation.preview
    small = {name: getattr(preview, name)[:, :7, :9] for name in ("pixels", "mask", "sigma")}
    assert np.isfinite(residual_chi2(scene[:, :7, :9], Observation(replace(preview, **small), observation.operator)))


def test_without_a_trusted_pixel_it_is_not_a_number(seen):
    scene, observation = seen
    nothing = replace(observation.preview, mask=np.ones(scene.shape, bool))
    assert np.isnan(residual_chi2(scene, Observation(nothing, observation.operator)))
