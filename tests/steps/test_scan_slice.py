"""Slices in a scanner: data, the image made of them, and what is told of both."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_slices import CT, MRI, scanned_study, slice_of

from pipeline.observation import read_observations, write_observations
from pipeline.physics.scanner import ScannerError
from pipeline.steps.degrade import observe

CONDITIONS = [(CT, "dose0.5_views48"), (MRI, "acceleration2_sigma10")]


@pytest.mark.parametrize(("degrade", "condition"), CONDITIONS)
def test_a_scan_shows_the_slice_and_says_how_noisy_it_is(degrade, condition):
    scene = slice_of(1)
    seen = observe(scene, scanned_study(degrade), condition, None)
    error = seen.preview.pixels - scene.pixels
    assert np.sqrt(np.square(error).mean()) < 150
    assert seen.preview.sigma is not None
    assert seen.data is not None
    assert np.corrcoef(seen.preview.pixels.ravel(), scene.pixels.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(("degrade", "condition"), CONDITIONS)
def test_the_truth_explains_its_data_within_their_noise(degrade, condition):
    scene = slice_of(1)
    seen = observe(scene, scanned_study(degrade), condition, None)
    chi2 = seen.operator.residual_chi2(torch.from_numpy(scene.pixels)[None], *seen.measured)
    assert chi2.item() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("degrade", "condition"), CONDITIONS)
def test_an_observation_of_a_scan_comes_back_from_its_file(tmp_path, degrade, condition):
    seen = observe(slice_of(2), scanned_study(degrade), condition, None)
    with write_observations(tmp_path / "o.h5", condition=condition) as writer:
        writer.append(seen)
    with read_observations(tmp_path / "o.h5") as reader:
        again = reader.observation("s2", None, 0)
    assert np.array_equal(again.data, seen.data)
    assert np.array_equal(again.preview.pixels, seen.preview.pixels)
    assert again.preview.pixel_mm == 4.0
    assert torch.equal(again.operator.preview(again.measured.data), seen.operator.preview(seen.measured.data))


def test_the_same_address_gives_the_same_scan_and_another_condition_another():
    study, scene = scanned_study(CT), slice_of(1)
    one, again = (observe(scene, study, "dose0.5_views48", None) for _ in range(2))
    other = observe(scene, study, "dose0.1_views48", None)
    assert np.array_equal(one.data, again.data)
    assert np.std(other.data - one.data) > 0
    assert np.median(other.preview.sigma) > 1.5 * np.median(one.preview.sigma)


def test_padding_is_air_to_a_scanner():
    scene = slice_of(1)
    mask = np.zeros(scene.shape, bool)
    mask[:, :1] = True
    padded = replace(scene, pixels=np.where(mask, np.float32(-2000), scene.pixels), mask=mask)
    study = scanned_study(CT)
    one, other = (observe(s, study, "dose0.5_views48", None).data for s in (padded, scene))
    assert np.allclose(one, other, atol=1e-4)


def test_photons_go_by_millimetres():
    study = scanned_study(CT, images={"dataset": "folder", "path": "{id}.fits", "unit": "HU"})
    with pytest.raises(ScannerError, match=r"s1: the width of its pixels in mm is not known.*images.pixel_mm"):
        observe(replace(slice_of(1), pixel_mm=None), study, "dose0.5_views48", None)


MOVING = {"mri": MRI["mri"] | {"motion": {"shots": 4, "degrees": 3, "pixels": 2}}}


def test_a_head_that_moved_contradicts_a_scan_that_knows_nothing_of_it():
    still, moved = (observe(slice_of(1), scanned_study(d), "acceleration2_sigma10", None) for d in (MRI, MOVING))
    truth = torch.from_numpy(slice_of(1).pixels)[None]
    assert moved.operator.motion is None
    chi2 = [seen.operator.residual_chi2(truth, *seen.measured).item() for seen in (still, moved)]
    assert chi2[1] > 3 * chi2[0]
    # The middle of k-space is taken where the head lay first, so that it stays at its place.
    assert np.corrcoef(moved.preview.pixels.ravel(), truth.numpy().ravel())[0, 1] > 0.8


def test_motion_is_a_function_of_the_address():
    one, again = (observe(slice_of(1), scanned_study(MOVING), "acceleration2_sigma10", None) for _ in range(2))
    assert np.array_equal(one.data, again.data)
