import math

import numpy as np
import pytest
import torch
from made_batch import CHANGED, CROP, assert_same, flawed_study, whole_image
from made_training import CPU, made_study, sky
from torch.nn.functional import grid_sample

from pipeline.physics.blur import convolve_valid
from pipeline.physics.noise import addressed_generator
from pipeline.tiling import Window, read_reflected
from pipeline.training import scenes as scenes_module
from pipeline.training.augmentation import draw_change
from pipeline.training.degradation import UNCHANGED
from pipeline.training.device_memory import first_crops
from pipeline.training.instruments import Instruments


def test_a_batch_is_a_function_of_its_address(tmp_path):
    first, second = whole_image(tmp_path, sky(200, 220)), whole_image(tmp_path, sky(200, 220))
    second.batch(0, "other", count=3, crop=CROP)
    once = first.batch(7, "net", 0, "regression", 5, count=4, crop=CROP)
    assert_same(once, second.batch(7, "net", 0, "regression", 5, count=4, crop=CROP))
    for address in ((8, "net", 0, "regression", 5), (7, "net", 1, "regression", 5), (7, "net", 0, "regression", 6)):
        assert not torch.equal(once.target, first.batch(*address, count=4, crop=CROP).target)


def test_a_crop_does_not_depend_on_the_others(tmp_path):
    source = whole_image(tmp_path, sky(200, 220))
    few, many = (source.batch(1, count=count, crop=CROP) for count in (2, 6))
    assert_same(few, first_crops(many, 2), atol=1e-5, rtol=0)


@pytest.mark.parametrize("defects", [{}, {"cosmic_rays": 20000.0, "bad_columns": 0.02}])
def test_a_batch_in_two_halves_is_the_batch(tmp_path, defects):
    degrade = {"psf": {"fwhm": ["2px"]}, "noise": {"sigma": [0.05]}, "defects": defects}
    source = whole_image(tmp_path, sky(200, 200), study=made_study(degrade=degrade))
    whole = source.batch(1, count=4, crop=CROP)
    halves = [source.batch(1, count=2, crop=CROP, first=first) for first in (0, 2)]
    torch.testing.assert_close(torch.cat([half.target for half in halves]), whole.target)
    torch.testing.assert_close(torch.cat([half.inputs.preview for half in halves]), whole.inputs.preview)


@pytest.mark.parametrize("augment", [UNCHANGED, CHANGED])
def test_what_is_streamed_makes_the_same_batch(tmp_path, monkeypatch, augment):
    mask = np.zeros((2, 200, 220), bool)
    mask[1, 90:100, 100:120] = True
    study = made_study(degrade={"psf": {"fwhm": ["2px"]}, "noise": {"ratio": [1, 3]}})
    held = whole_image(tmp_path, sky(200, 220), mask, study, augment=augment)
    monkeypatch.setattr(scenes_module, "LARGEST_IN_MEMORY", 0)
    streamed = whole_image(tmp_path, sky(200, 220), mask, study, augment=augment)
    for step in range(3):
        assert_same(held.batch(0, step, count=4, crop=CROP), streamed.batch(0, step, count=4, crop=CROP))


def scene_by_itself(truth, random, augment, size):
    """A crop of truth in an orientation, changed, as it is drawn: one at a time and with 64 bits."""
    y, x = (int(random.integers(length - size + 1)) for length in truth.shape[-2:])
    turns, mirrored = int(random.integers(4)), bool(random.integers(2))
    change = draw_change(augment, len(truth), random)
    margin = change.margin(size)
    scene = torch.from_numpy(read_reflected(truth, Window(y, x, size, size).grown(margin))).double()
    if change.moves:
        steps = torch.arange(size).double() - (size - 1) / 2
        down, right = torch.meshgrid(steps, steps, indexing="ij")
        cosine, sine = (f(change.angle) / change.scale for f in (math.cos, math.sin))
        places = torch.stack([cosine * right - sine * down, sine * right + cosine * down], -1)
        grid = places / ((scene.shape[-1] - 1) / 2)
        scene = grid_sample(scene[None], grid[None], "bicubic", "border", align_corners=True)[0]
    scene = torch.rot90(torch.from_numpy(change.gain) * scene, turns, (-2, -1))
    return scene.flip(-1) if mirrored else scene


@pytest.mark.parametrize("augment", [UNCHANGED, CHANGED])
@pytest.mark.parametrize("room", [scenes_module.LARGEST_IN_MEMORY, 0])
def test_a_batch_is_what_its_crops_are_one_by_one(tmp_path, flawless, monkeypatch, augment, room):
    monkeypatch.setattr(scenes_module, "LARGEST_IN_MEMORY", room)
    degrade = {"psf": {"fwhm": ["2px", "4px"]}, "noise": {"sigma": [0.02, 0.2]}}
    truth, study = sky(200, 220), made_study(degrade=degrade)
    batch = whole_image(tmp_path, truth, study=study, augment=augment).batch(3, "net", count=12, crop=CROP)
    instruments = Instruments(study, 2, None, None, CPU)
    margin = instruments.inverse_halo
    halo = instruments.halo + margin
    span = 1e-5 * np.ptp(truth)
    for slot in range(12):
        seed = addressed_generator(3, "net", slot).initial_seed() & (2**64 - 1)
        random = np.random.Generator(np.random.Philox(key=seed))
        assert random.choice(1, p=[1.0]) == 0
        scene = scene_by_itself(truth, random, augment, CROP + 2 * halo)
        number = instruments.draw(random)
        psf = instruments.true([number]).psf[0]
        torch.testing.assert_close(batch.operator.psf[slot], psf)
        clean = convolve_valid(scene[None], psf.double())
        law, own = instruments.noise(random, number, ()), addressed_generator(3, "net", slot, "noise")
        seen = law.draw(clean.float(), [own, own])[0, :, margin:-margin, margin:-margin]
        largest = max(1.0, float(scene.abs().max() / np.ptp(truth)))
        inner = scene[:, halo:-halo, halo:-halo].float()
        torch.testing.assert_close(batch.target[slot], inner, atol=span * largest, rtol=0)
        torch.testing.assert_close(batch.inputs.preview[slot], seen, atol=span * largest, rtol=0)


@pytest.mark.parametrize("augment", [UNCHANGED, CHANGED])
def test_a_changed_crop_does_not_depend_on_the_others(tmp_path, augment):
    mask = np.zeros((2, 200, 220), bool)
    mask[0, 60:80, 60:90] = True
    source = whole_image(tmp_path, sky(200, 220), mask, augment=augment)
    whole = source.batch(1, count=6, crop=CROP)
    for first in range(6):
        alone = source.batch(1, count=1, crop=CROP, first=first)
        assert torch.equal(alone.target[0], whole.target[first])
        assert torch.equal(alone.weight[0], whole.weight[first])


def test_defects_of_a_crop_do_not_depend_on_the_others(tmp_path):
    source = whole_image(tmp_path, sky(200, 220), study=flawed_study(cosmic_rays=3000, bad_columns=0.05, gap=12))
    few, many = (source.batch(1, count=count, crop=CROP).inputs.valid for count in (2, 6))
    assert torch.equal(few, many[:2])
    assert not torch.equal(few[0], few[1])
