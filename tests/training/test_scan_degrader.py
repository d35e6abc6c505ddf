"""Training batches of a scanner."""

from pathlib import Path

import pytest
import torch
from made_slices import CT, MRI, preparation_for, slices_of

from pipeline.training.scan_degrader import ScanDegrader
from pipeline.training.task import TrainingError

CPU = torch.device("cpu")


def degrader(folder: Path, degrade, height=48, width=48) -> ScanDegrader:
    slices = slices_of(folder, degrade, 4 * [(height, width)])
    return ScanDegrader(slices, preparation_for(slices), CPU)


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
def test_a_crop_shows_the_place_that_its_target_shows(tmp_path, degrade):
    batch = degrader(tmp_path, degrade).batch(0, "step", count=8, crop=32)
    preview, target = batch.inputs.preview.flatten(1), batch.target.flatten(1)
    for seen, wanted in zip(preview, target):
        assert torch.corrcoef(torch.stack([seen, wanted]))[0, 1] > 0.9


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
def test_a_batch_shared_by_two_processes_is_the_batch_of_one(tmp_path, degrade):
    draws = degrader(tmp_path, degrade)
    alone = draws.batch(0, 7, count=6, crop=16)
    first, second = draws.batch(0, 7, count=3, crop=16), draws.batch(0, 7, count=3, crop=16, first=3)
    for whole_batch, one, other in zip(alone.inputs[:5], first.inputs[:5], second.inputs[:5]):
        assert torch.allclose(whole_batch, torch.cat([one, other]), atol=1e-4)
    assert torch.equal(alone.target, torch.cat([first.target, second.target]))


def test_other_steps_see_other_slices_and_other_noise(tmp_path):
    draws = degrader(tmp_path, CT)
    one, again, other = (draws.batch(0, step, count=4, crop=16) for step in (1, 1, 2))
    assert torch.equal(one.inputs.preview, again.inputs.preview)
    assert not torch.equal(one.inputs.preview, other.inputs.preview)


def test_a_large_slice_gives_more_crops_and_a_batch_of_many_is_of_several(tmp_path):
    draws = degrader(tmp_path, CT)
    scanned = []
    draws._slices, whole = lambda *asked: (scanned.append(len(asked[1])), whole(*asked))[1], draws._slices
    for crop in (48, 24, 16):
        draws.batch(0, "step", count=16, crop=crop)
    assert scanned == [4, 4, 2]


def test_slices_that_are_not_square_keep_their_shape(tmp_path):
    batch = degrader(tmp_path, MRI, height=48, width=40).batch(0, "step", count=4, crop=40)
    assert batch.target.shape == (4, 1, 40, 40)


def test_a_crop_that_is_larger_than_its_slice_is_refused_with_both_sizes(tmp_path):
    with pytest.raises(TrainingError, match="crops of 64 px are asked for, and the smallest slice is 48 px"):
        degrader(tmp_path, CT).batch(0, "step", count=4, crop=64)


def test_doses_lie_between_those_of_the_conditions(tmp_path):
    draws = degrader(tmp_path, CT)
    sigmas = torch.cat([draws.batch(0, step, count=4, crop=16).inputs.sigma.amax((1, 2, 3)) for step in range(12)])
    assert 1.5 < (sigmas.max() / sigmas.min()).item() < 4


def test_a_moving_head_is_learned_from_without_being_told(tmp_path):
    moving = {"mri": MRI["mri"] | {"motion": {"shots": 4, "degrees": 3, "pixels": 2}}}
    still, moved = (degrader(tmp_path, d).batch(0, "step", count=4, crop=48) for d in (MRI, moving))
    error = [(batch.inputs.inverse - batch.target).square().mean() for batch in (still, moved)]
    assert error[1] > 1.5 * error[0]
