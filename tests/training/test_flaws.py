import numpy as np
import pytest
import torch
from made_batch import CROP, flawed_study, whole_image
from made_training import sky

from pipeline.training import flaws


def test_beyond_a_border_data_are_mirrored_and_nothing_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(flaws, "BORDER_SHARE", 1)
    monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", 0)
    batch = whole_image(tmp_path, sky(200, 200)).batch(0, count=48, crop=CROP)
    sides = set()
    for preview, weight, valid in zip(batch.inputs.preview, batch.weight, batch.inputs.valid):
        assert torch.equal(weight[0], valid[0])
        assert torch.equal(weight[0], weight[1])
        for side, turned in enumerate(torch.rot90(torch.cat([preview, weight]), turns, (-2, -1)) for turns in range(4)):
            beyond = int((turned[2, :, 0] == 0).sum())
            if (turned[2, :beyond] == 0).all() and (turned[2, beyond:] == 1).all() and 0 < beyond < CROP // 2:
                sides.add(side)
                assert torch.equal(turned[:2, :beyond], turned[:2, beyond + 1 : 2 * beyond + 1].flip(-2))
    assert sides == {0, 1, 2, 3}


def test_without_a_border_all_is_asked(tmp_path, flawless):
    batch = whole_image(tmp_path, sky(200, 200)).batch(0, count=8, crop=CROP)
    assert (batch.weight == 1).all()
    assert (batch.inputs.valid == 1).all()


def test_dead_pixels_are_filled_marked_and_not_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(flaws, "BORDER_SHARE", 0)
    whole_batches = []
    for share in (0, 1):
        monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", share)
        whole_batches.append(whole_image(tmp_path, sky(200, 200)).batch(0, count=8, crop=64))
    alive, dead = whole_batches
    hit = dead.weight == 0
    assert torch.equal(hit[:, 0], hit[:, 1])
    assert torch.equal(hit, dead.inputs.valid == 0)
    assert hit.float().mean().item() == pytest.approx(flaws.BAD_PIXELS, rel=0.3)
    assert torch.equal(dead.inputs.preview[~hit], alive.inputs.preview[~hit])
    assert (dead.inputs.preview[hit] != alive.inputs.preview[hit]).all()
    # From about a dozen neighbours, so less noisy than the pixels themselves.
    assert dead.inputs.preview[hit].std() < alive.inputs.preview[hit].std()


def test_a_quarter_of_the_crops_ends_at_a_border(tmp_path):
    batch = whole_image(tmp_path, sky(200, 200)).batch(0, count=200, crop=16)
    whole = (batch.inputs.valid == 0).flatten(1).float().mean(1)
    # Half of the borders lie in the crop's halo, where only the inverse sees them.
    assert (whole > 0.05).float().mean().item() == pytest.approx(flaws.BORDER_SHARE / 4, abs=0.06)


def test_the_truth_is_asked_for_under_what_the_detector_lost_and_nowhere_it_is_unknown(tmp_path, flawless):
    unknown = np.zeros((2, 200, 220), bool)
    unknown[0, 60:140, 60:140] = True
    study = flawed_study(cosmic_rays=3000, bad_columns=0.02)
    sound = whole_image(tmp_path, sky(200, 220), unknown, flawed_study()).batch(0, count=8, crop=CROP)
    flawed = whole_image(tmp_path, sky(200, 220), unknown, study).batch(0, count=8, crop=CROP)
    assert torch.equal(flawed.target, sound.target)
    assert torch.equal(flawed.weight, sound.weight)
    assert (flawed.weight == 0).any()
    lost = sound.inputs.valid - flawed.inputs.valid
    assert set(lost.flatten().tolist()) == {0.0, 1.0}
    assert (lost[:, 0] != lost[:, 1]).any()
    assert 0.03 < lost.mean() < 0.12
    kept = (lost == 0).expand_as(flawed.inputs.preview)
    assert torch.equal(
        flawed.inputs.preview[kept & (sound.weight > 0)], sound.inputs.preview[kept & (sound.weight > 0)]
    )
    # Filled from neighbours: no charge of a cosmic ray is left.
    assert flawed.inputs.preview.max() < 1.5 * sound.inputs.preview.max()


def test_dead_pixels_are_asked_for_where_there_are_defects(tmp_path, monkeypatch):
    monkeypatch.setattr(flaws, "BORDER_SHARE", 0)
    monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", 1)
    batch = whole_image(tmp_path, sky(200, 200), study=flawed_study(saturation=1e6)).batch(0, count=4, crop=64)
    assert (batch.inputs.valid == 0).any()
    assert (batch.weight == 1).all()


def test_nothing_is_asked_beyond_a_border_with_defects_either(tmp_path, monkeypatch):
    monkeypatch.setattr(flaws, "BORDER_SHARE", 1)
    monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", 0)
    sound, flawed = (
        whole_image(tmp_path, sky(200, 200), study=flawed_study(**d)).batch(0, count=16, crop=CROP)
        for d in ({}, {"cosmic_rays": 3000})
    )
    assert torch.equal(flawed.weight, sound.weight)
    assert (flawed.weight == 0).any()
