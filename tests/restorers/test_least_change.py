"""Slices that are made to explain the data of their scanner."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_slices import CT, MRI, scanned_study, slice_of

from pipeline.measures.discrepancy import discrepancy
from pipeline.physics.noise import GaussianNoise
from pipeline.restorers.data_consistency import DataConsistent
from pipeline.restorers.least_change import EXPLAINED
from pipeline.restorers.restorer import Restorer
from pipeline.steps.degrade import observe

SCANS = {
    "ct": (CT, "dose0.1_views48"),
    "mri": (MRI, "acceleration2_sigma10"),
    "coils": ({"mri": {**MRI["mri"], "coils": 4}}, "acceleration3_sigma10"),
}


class Says(Restorer):
    """Answers the same, whatever it is asked."""

    def __init__(self, estimate):
        self.estimate = estimate

    def restore(self, observation):
        return observation.preview.with_pixels(self.estimate)


def scanned(kind, seed=0):
    degrade, condition = SCANS[kind]
    truth = slice_of(seed)
    return truth, observe(truth, scanned_study(degrade), condition, None)


def consistent(estimate, seen):
    return DataConsistent(Says(estimate)).restore(seen).pixels


def excess(pixels, seen):
    return discrepancy(torch.from_numpy(pixels)[None], seen).excess


def with_an_invention(truth):
    """A slice with an organ that is not there, where the body is."""
    invented = truth.pixels.copy()
    invented[:, 20:27, 16:23] += 400
    return invented


@pytest.mark.parametrize("kind", SCANS)
def test_the_truth_is_left_as_it_is(kind):
    for seed in range(3):
        truth, seen = scanned(kind, seed)
        np.testing.assert_array_equal(consistent(truth.pixels, seen), truth.pixels)


@pytest.mark.parametrize("kind", SCANS)
def test_what_was_invented_goes_until_the_data_are_explained_and_no_further(kind):
    truth, seen = scanned(kind)
    invented = with_an_invention(truth)
    assert excess(invented, seen) > 5
    moved = consistent(invented, seen)
    assert 0.5 * EXPLAINED < excess(moved, seen) < 1.5 * EXPLAINED
    assert np.square(moved - truth.pixels).mean() < 0.6 * np.square(invented - truth.pixels).mean()
    assert np.square(moved - invented).mean() < np.square(truth.pixels - invented).mean()


def test_a_scene_without_the_noise_of_its_source_explains_data_that_have_it():
    degrade = {"ct": {**CT["ct"], "noisy_source": True}}
    truth = slice_of(0)
    noisy = truth.with_pixels(truth.pixels + np.random.default_rng(0).normal(0, 5, truth.shape).astype(np.float32))
    seen = observe(noisy, scanned_study(degrade), "dose0.5_views48", None)
    np.testing.assert_array_equal(consistent(noisy.pixels, seen), noisy.pixels)


def test_data_that_no_scene_explains_move_nothing():
    truth, seen = scanned("ct")
    spoilt = seen.data + np.random.default_rng(1).normal(0, 1, seen.data.shape).astype(np.float32)
    np.testing.assert_array_equal(consistent(truth.pixels, replace(seen, data=spoilt)), truth.pixels)


def test_data_without_noise_contradict_nothing():
    truth, seen = scanned("mri")
    seen = replace(seen, operator=replace(seen.operator, noise=GaussianNoise((0.0,))))
    invented = with_an_invention(truth)
    np.testing.assert_array_equal(consistent(invented, seen), invented)
