"""Slices of a role, by what can be scanned together."""

from collections import Counter

import pytest
import torch
from made_slices import CT, MRI, preparation_for, slices_of

from pipeline.physics.noise import addressed_random
from pipeline.training.scan_degrader import ScanDegrader

SIZES = [(48, 48), (40, 56), (48, 48), (64, 64)]


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
def test_slices_of_one_size_are_scanned_together(tmp_path, degrade):
    slices = slices_of(tmp_path, degrade, SIZES)
    assert {kind.scanner.size: kind.regions.tolist() for kind in slices.kinds} == {
        (48, 48): [0, 2], (40, 56): [1], (64, 64): [3]
    }  # fmt: skip
    assert slices.smallest_side == 40


def test_pixels_of_about_one_width_are_scanned_together_where_the_width_counts(tmp_path):
    widths = [4.0, 4.0000001, 4.3, 5.0]
    assert [k.regions.tolist() for k in slices_of(tmp_path, CT, 4 * [(48, 48)], widths).kinds] == [[0, 1, 2], [3]]
    assert len(slices_of(tmp_path, MRI, 4 * [(48, 48)], widths).kinds) == 1


def test_every_slice_is_drawn_as_often_as_it_has_pixels(tmp_path):
    slices = slices_of(tmp_path, CT, SIZES)
    kinds = [slices.draw_kind("step", step) for step in range(2000)]
    drawn = Counter(kind.draw(addressed_random("slice", step)) for step, kind in enumerate(kinds))
    area = [height * width for height, width in SIZES]
    for number, pixels in enumerate(area):
        assert drawn[number] / 2000 == pytest.approx(pixels / sum(area), abs=0.04)
    assert slices.pixels == pytest.approx(sum(a * a for a in area) / sum(area))


def test_crops_come_from_slices_of_every_size(tmp_path):
    values = {48 * 48: 100.0, 40 * 56: 200.0, 64 * 64: 300.0}
    slices = slices_of(tmp_path, MRI, SIZES, light=lambda height, width: values[height * width])
    draws = ScanDegrader(slices, preparation_for(slices), torch.device("cpu"))
    seen = set()
    for step in range(12):
        shown = torch.unique(draws.batch(0, step, count=8, crop=40).target * 1000)
        assert len(shown) == 1, "a batch of slices that cannot be scanned together"
        seen.add(round(shown.item()))
    assert seen == {100, 200, 300}


def test_a_batch_of_several_sizes_is_the_same_for_two_processes(tmp_path):
    slices = slices_of(tmp_path, CT, SIZES)
    draws = ScanDegrader(slices, preparation_for(slices), torch.device("cpu"))
    for step in range(4):
        alone = draws.batch(0, step, count=8, crop=16)
        halves = [draws.batch(0, step, count=4, crop=16, first=first) for first in (0, 4)]
        assert torch.equal(alone.target, torch.cat([half.target for half in halves]))
