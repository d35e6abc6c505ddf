"""What restores scans: each gains on the image that is made without a prior, and gives its batch as one by one."""

import numpy as np
import pytest
from made_slices import CT, MRI, scanned_study, slice_of

from pipeline.restorers import classical
from pipeline.restorers.regularised_inverse import RegularisedInverse
from pipeline.steps.degrade import observe

NOISY = {"ct": (CT, "dose0.1_views48"), "mri": (MRI, "acceleration2_sigma40")}
SETTINGS = {
    "regularised_inverse": {"strength": 1.0, "variance": [1e5]},
    "non_local_means": {"strength": 1.0},
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
