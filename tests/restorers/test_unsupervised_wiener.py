import numpy as np
from skimage.restoration import unsupervised_wiener

from pipeline.restorers import classical
from pipeline.restorers.unsupervised_wiener import SEED


def test_values_are_those_of_the_library(truth, look):
    observation = look(truth)
    restored = classical("unsupervised_wiener", {}).restore(observation).pixels[1]
    # In units of the noise, and less the mean.
    band = observation.preview.pixels[1].astype(np.float64) / 0.05
    kernel = observation.operator.psf[1].double().numpy()
    expected, _ = unsupervised_wiener(band - band.mean(), kernel, clip=False, rng=SEED)
    np.testing.assert_allclose(restored, 0.05 * (expected + band.mean()), atol=1e-4)


def test_values_above_one_are_not_clipped(truth, look):
    restored = classical("unsupervised_wiener", {}).restore(look(100 * truth, sigma=5.0)).pixels
    assert restored.max() > 50
