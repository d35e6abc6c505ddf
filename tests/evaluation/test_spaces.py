import numpy as np
import pytest
import torch

from pipeline.config import study_from
from pipeline.evaluation.spaces import SPACES, SpaceError, spaces_of
from pipeline.stretch import Stretch

ATTRIBUTES = {"data_range": 4.0, "sky": [0.1, 0.2], "sky_sigma": [0.01, 0.03]}
X = np.random.default_rng(0).normal(0.1, 1, size=(2, 8, 8))


def spaces(*names, softening=3.0, **attributes):
    study = study_from({"evaluate": {"spaces": list(names)}, "train": {"softening": softening}})
    return spaces_of(study, ATTRIBUTES | attributes)


def test_linear_changes_nothing():
    (linear,) = spaces("linear")
    assert linear.data_range == 4.0
    np.testing.assert_array_equal(linear.apply(X), X)


def test_asinh_is_the_stretch_that_networks_see():
    (asinh,) = spaces("asinh")
    expected = Stretch("asinh", (0.1, 0.2), (0.03, 0.09)).apply(torch.from_numpy(X))
    np.testing.assert_allclose(asinh.apply(X), expected.numpy())
    assert asinh.data_range == pytest.approx(np.arcsinh(4.0 / 0.06))


def test_galaxygan_maps_its_range_to_0_and_1_and_clips_beyond():
    (space,) = spaces("galaxygan")
    values = space.apply(np.array([[[-5.0, -0.1, 4.0, 9.0]]]))
    np.testing.assert_allclose(values[0, 0], [0, 0, np.arcsinh(10) / 3, np.arcsinh(10) / 3])
    assert np.arcsinh(10) / 3 == pytest.approx(space.data_range, abs=1e-3)


def test_spaces_come_in_the_order_that_was_asked_for():
    assert [s.name for s in spaces("galaxygan", "linear", "asinh")] == ["galaxygan", "linear", "asinh"]
    assert set(SPACES) == {"galaxygan", "linear", "asinh"}


def test_asinh_of_images_without_noise_is_refused_in_words():
    with pytest.raises(SpaceError, match="take asinh off the list"):
        spaces("asinh", sky_sigma=[0.0, 0.1])


def test_constant_images_are_refused_in_words():
    with pytest.raises(SpaceError, match="the data range is 0"):
        spaces("linear", data_range=0.0)
