"""What restores scans: each gains on the image that is made without a prior, and gives its batch as one by one."""

from dataclasses import replace

import numpy as np
import pytest
from made_slices import CT, MRI, scanned_study, slice_of

from pipeline.observation import Observation
from pipeline.physics.noise import GaussianNoise
from pipeline.restorers import classical
from pipeline.restorers.regularised_inverse import RegularisedInverse
from pipeline.steps.degrade import observe

NOISY = {"ct": (CT, "dose0.1_views48"), "mri": (MRI, "acceleration2_sigma40")}
SETTINGS = {
    "regularised_inverse": {"strength": 1.0, "variance": [1e5]},
    "non_local_means": {"strength": 1.0},
    "block_matching": {"strength": 1.0},
    "reconstruction": {"weight": 0.5},
}


def error(image, truth):
    return float(np.sqrt(np.square(image.pixels - truth.pixels).mean()))


@pytest.mark.parametrize("method", SETTINGS)
@pytest.mark.parametrize("kind", NOISY)
def test_a_restored_scan_is_nearer_to_the_truth(method, kind):
    degrade, condition = NOISY[kind]
    truths = [slice_of(seed) for seed in range(3)]
    seen = [observe(truth, scanned_study(degrade), condition, None) for truth in truths]
    restored = classical(method, SETTINGS[method]).restore_all(seen)
    gains = [error(s.preview, t) / error(r, t) for s, r, t in zip(seen, restored, truths)]
    assert np.median(gains) > (1.3 if method == "reconstruction" else 1.0)


def test_reconstructions_side_by_side_are_those_one_by_one():
    degrade, condition = NOISY["ct"]
    seen = [observe(slice_of(seed), scanned_study(degrade), condition, None) for seed in range(2)]
    restorer = classical("reconstruction", SETTINGS["reconstruction"])
    together, alone = restorer.restore_all(seen), [restorer.restore(one) for one in seen]
    for one, other in zip(together, alone):
        # They stop when all stand still, so that one may go on a little.
        assert np.abs(one.pixels - other.pixels).max() < 10


def test_the_variance_of_scenes_is_learned_from_the_train_role():
    learned = RegularisedInverse.learned([slice_of(0), slice_of(1)])
    expected = np.mean([slice_of(k).pixels.var() for k in (0, 1)])
    assert learned["variance"] == pytest.approx([expected], rel=1e-5)


def scaled(observation, factor):
    """The same scan in a unit that is ``factor`` times smaller."""
    preview, operator = observation.preview, observation.operator
    noise = GaussianNoise(tuple(level * factor for level in operator.noise.level))
    pixels, sigma = (preview.pixels * factor).astype(np.float32), (preview.sigma * factor).astype(np.float32)
    data = (observation.data * factor).astype(np.float32)
    return Observation(replace(preview, pixels=pixels, sigma=sigma), replace(operator, noise=noise), data)


@pytest.mark.parametrize("method", SETTINGS)
def test_the_unit_of_a_scan_does_not_matter(method):
    degrade, condition = NOISY["mri"]
    seen, settings = observe(slice_of(1), scanned_study(degrade), condition, None), dict(SETTINGS[method])
    restored = classical(method, settings).restore(seen).pixels
    factor = 1e6
    if "variance" in settings:
        settings["variance"] = [settings["variance"][0] * factor**2]
    again = classical(method, settings).restore(scaled(seen, factor)).pixels
    np.testing.assert_allclose(again / factor, restored, atol=2e-3 * restored.max())


def test_non_local_means_takes_off_what_noise_adds_to_a_magnitude():
    degrade, condition = NOISY["mri"]
    truth = slice_of(1)
    seen = observe(truth, scanned_study(degrade), condition, None)
    air = truth.pixels == 0
    restored = classical("non_local_means", SETTINGS["non_local_means"]).restore(seen).pixels
    assert seen.preview.pixels[air].mean() > 1.1 * np.median(seen.preview.sigma)
    assert restored[air].mean() < 0.8 * seen.preview.pixels[air].mean()


@pytest.mark.parametrize("method", SETTINGS)
def test_an_empty_slice_stays_near_to_empty(method):
    degrade, condition = NOISY["mri"]
    empty = slice_of(1)
    empty = empty.with_pixels(np.zeros_like(empty.pixels))
    seen = observe(empty, scanned_study(degrade), condition, None)
    restored = classical(method, SETTINGS[method]).restore(seen).pixels
    assert np.isfinite(restored).all()
    assert np.abs(restored).mean() < 2 * np.median(seen.preview.sigma)
