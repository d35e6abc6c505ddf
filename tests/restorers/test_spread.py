import numpy as np
import pytest
import torch
from made_intervals import make_spread
from made_model import NOISE, make_card

from pipeline.image import Image
from pipeline.model_file import Model, ModelFileError
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.restorers.spread import SpreadEstimator
from pipeline.windowed import WindowedImage

BANDS = ("g", "r", "i")
BLUR = Blur(draw_psf("gaussian", 3.0).expand(3, -1, -1).contiguous(), GaussianNoise((NOISE,) * 3))


def estimator(tile=512):
    return SpreadEstimator(Model({}, make_card(BANDS), make_spread()), tile, device="cpu")


def whole(made, restored, seen):
    planes = np.empty((3, *seen.shape), np.float32)
    for tile in made.tiles(WindowedImage.of(restored), WindowedImage.of(seen), BLUR):
        for plane, values in zip(planes, tile[1:]):
            plane[(..., *tile.window.slices)] = values
    return planes


def image(pixels, mask=None):
    mask = np.zeros(pixels.shape, bool) if mask is None else mask
    return Image(
        "a", pixels.astype(np.float32), mask, "nanomaggy", BANDS, sigma=np.full(pixels.shape, NOISE, np.float32)
    )


@pytest.mark.parametrize("size", [(61, 83), (17, 40), (5, 9)])
def test_tiles_of_any_size_give_what_the_whole_gives(size):
    random = np.random.default_rng(0)
    mask = random.random((3, *size)) < 0.02
    seen, restored = image(random.random((3, *size)), mask), image(random.random((3, *size)))
    one = whole(estimator(), restored, seen)
    assert np.isfinite(one).all()
    for tile in (10, 32):
        np.testing.assert_allclose(whole(estimator(tile), restored, seen), one, rtol=1e-4, atol=1e-4)


def test_the_signal_to_noise_of_a_point_is_that_of_a_fit_of_the_psf():
    scene = torch.zeros(1, 3, 61, 61)
    scene[..., 30, 30] = 4.0
    seen = BLUR.forward(scene)[0].numpy()
    _, _, snr = whole(estimator(), image(seen), image(seen))
    expected = 4.0 * BLUR.psf[0].square().sum().sqrt().item() / NOISE
    np.testing.assert_allclose(snr[:, 30, 30], expected, rtol=1e-3)
    noise = NOISE * np.random.default_rng(0).standard_normal(seen.shape)
    assert whole(estimator(), image(noise), image(noise))[2].std() == pytest.approx(1, abs=0.1)


def test_a_model_without_a_spread_network_is_refused_in_words():
    with pytest.raises(ModelFileError, match="the model has no spread network"):
        SpreadEstimator(Model({}, make_card(BANDS)))
