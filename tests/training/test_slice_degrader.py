"""Training batches of whole slices with their data."""

from pathlib import Path

import pytest
import torch
from made_slices import CT, MRI, preparation_for, slices_of

from pipeline.training.device_memory import first_crops
from pipeline.training.slice_degrader import SliceDegrader


def degrader(folder: Path, degrade, height=48, width=48) -> SliceDegrader:
    slices = slices_of(folder, degrade, 4 * [(height, width)])
    return SliceDegrader(slices, preparation_for(slices), torch.device("cpu"))


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
def test_data_and_truth_are_those_of_the_same_slices(tmp_path, degrade):
    batch = degrader(tmp_path, degrade, 48, 40).batch(0, "step", count=3, crop=16)
    assert batch.target.shape == (3, 1, 48, 40)
    # The truth explains its data but for the noise; that of a neighbour does not.
    own, other = batch.target, batch.target.roll(1, 0)
    left, wrong = (batch.inputs.evidence.completed(image) - image for image in (own, other))
    assert (left.square().mean((1, 2, 3)) < 0.5 * wrong.square().mean((1, 2, 3))).all()


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
def test_a_batch_shared_by_two_processes_is_the_batch_of_one(tmp_path, degrade):
    draws = degrader(tmp_path, degrade)
    alone = draws.batch(0, 7, count=4, crop=16)
    first, second = draws.batch(0, 7, count=2, crop=16), draws.batch(0, 7, count=2, crop=16, first=2)
    for together, one, other in zip(alone.inputs[:5], first.inputs[:5], second.inputs[:5]):
        assert torch.allclose(together, torch.cat([one, other]), atol=1e-4)
    assert torch.equal(alone.target, torch.cat([first.target, second.target]))


def test_the_first_slices_of_a_batch_keep_their_data(tmp_path):
    batch = degrader(tmp_path, MRI).batch(0, "step", count=3, crop=16)
    fewer = first_crops(batch, 2)
    completed = batch.inputs.evidence.completed(batch.inputs.preview)[:2]
    assert torch.allclose(fewer.inputs.evidence.completed(fewer.inputs.preview), completed, atol=1e-5)
