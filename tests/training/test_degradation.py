import math

import numpy as np
import pytest
import torch
from made_training import CPU, LINEAR, NOISE, SKY_SIGMA, degrader, made_study, sky, write_sky
from torch.nn.functional import grid_sample

from pipeline.config import Augment
from pipeline.networks.preparation import Preparation
from pipeline.physics import noise
from pipeline.physics.blur import INVERSE_HALO, Blur, convolve_valid
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.psf import draw_psf
from pipeline.stretch import Stretch
from pipeline.tiling import Window, read_reflected
from pipeline.training import flaws
from pipeline.training import scenes as scenes_module
from pipeline.training.augmentation import draw_change
from pipeline.training.degradation import UNCHANGED, Degrader
from pipeline.training.instruments import Instruments
from pipeline.training.regions import Region
from pipeline.training.scenes import Scenes

CROP = 32


@pytest.fixture
def flawless(monkeypatch):
    """Crops without borders and dead pixels."""
    monkeypatch.setattr(flaws, "BORDER_SHARE", 0)
    monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", 0)


def numbered(height, width):
    """An image whose every value says where it is; the second band is the first plus one."""
    first = np.arange(height * width, dtype=np.float32).reshape(height, width)
    return np.stack([first, first + height * width]) / (height * width)


def whole_image(tmp_path, pixels, mask=None, study=None, **kwargs):
    masks = None if mask is None else {0: mask}
    path = write_sky(tmp_path / "images.h5", pixels, masks=masks)
    return degrader(path, [Region("field0", Window(0, 0, *pixels.shape[1:]))], study, **kwargs)


def orientations(array):
    for turns in range(4):
        turned = np.rot90(array, turns, (-2, -1))
        yield turned
        yield turned[..., ::-1]


def placed(target, truth):
    """Row, column and orientation of a crop of a numbered image."""
    for number, turned in enumerate(orientations(target)):
        y, x = divmod(round(float(turned[0, 0, 0]) * truth[0].size), truth.shape[-1])
        if np.array_equal(truth[:, y : y + CROP, x : x + CROP], turned):
            return y, x, number
    raise AssertionError("no part of the truth")


def assert_same(one, other, **tolerance):
    for a, b in zip((*one.inputs, one.target, one.weight), (*other.inputs, other.target, other.weight)):
        torch.testing.assert_close(a, b, **(tolerance or {"atol": 0, "rtol": 0}))


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
    part = type(many)(
        type(many.inputs)(*(plane[:2] for plane in many.inputs[:5])), many.target[:2], many.weight[:2], many.psf[:2]
    )
    assert_same(few, part, atol=1e-5, rtol=0)


@pytest.mark.parametrize("defects", [{}, {"cosmic_rays": 20000.0, "bad_columns": 0.02}])
def test_a_batch_in_two_halves_is_the_batch(tmp_path, defects):
    degrade = {"psf": {"fwhm": ["2px"]}, "noise": {"sigma": [0.05]}, "defects": defects}
    source = whole_image(tmp_path, sky(200, 200), study=made_study(degrade=degrade))
    whole = source.batch(1, count=4, crop=CROP)
    halves = [source.batch(1, count=2, crop=CROP, first=first) for first in (0, 2)]
    torch.testing.assert_close(torch.cat([half.target for half in halves]), whole.target)
    torch.testing.assert_close(torch.cat([half.inputs.preview for half in halves]), whole.inputs.preview)


CHANGED = Augment(share=0.7, scale=1.5, rotation=True, brightness=8.0, colour=1.3)


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
    halo = instruments.halo + INVERSE_HALO
    span = 1e-5 * np.ptp(truth)
    for slot in range(12):
        seed = addressed_generator(3, "net", slot).initial_seed() & (2**64 - 1)
        random = np.random.Generator(np.random.Philox(key=seed))
        assert random.choice(1, p=[1.0]) == 0
        scene = scene_by_itself(truth, random, augment, CROP + 2 * halo)
        psf = instruments.psfs[instruments.psf_index(random)]
        assert torch.equal(batch.psf[slot], psf)
        clean = convolve_valid(scene[None], psf.double())
        law, own = instruments.noise(random, 0, ()), addressed_generator(3, "net", slot, "noise")
        seen = law.draw(clean.float(), [own, own])[0, :, INVERSE_HALO:-INVERSE_HALO, INVERSE_HALO:-INVERSE_HALO]
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


@pytest.mark.gpu
@pytest.mark.parametrize("augment", [UNCHANGED, CHANGED])
@pytest.mark.parametrize("room", [scenes_module.LARGEST_SHARE, 0])
@pytest.mark.parametrize("defects", [{}, {"bad_columns": 0.02, "cosmic_rays": 2000}])
def test_a_batch_on_a_gpu_is_that_on_the_cpu_but_for_its_noise(tmp_path, monkeypatch, augment, room, defects):
    monkeypatch.setattr(scenes_module, "LARGEST_SHARE", room)
    mask = np.zeros((2, 200, 220), bool)
    mask[0, 60:80, 60:90] = True
    monkeypatch.setattr(noise, "_standard_normal", lambda like, _generators: torch.zeros_like(like))
    study = made_study(degrade={"psf": {"fwhm": ["2px", "3px"]}, "noise": {"sigma": [0.05]}, "defects": defects})
    here, there = (
        whole_image(tmp_path, sky(200, 220), mask, study, augment=augment, device=torch.device(device))
        for device in ("cpu", "cuda")
    )
    for step in range(4):
        one, other = (source.batch(0, step, count=8, crop=CROP) for source in (here, there))
        for a, b in zip((*one.inputs[:5], *one[1:4]), (*other.inputs[:5], *other[1:4]), strict=True):
            assert b.is_cuda
            torch.testing.assert_close(a, b.cpu(), atol=1e-4 * max(1.0, float(a.abs().max())), rtol=0)


@pytest.mark.gpu
@pytest.mark.parametrize("room", [scenes_module.LARGEST_SHARE, 0])
def test_no_draw_waits_for_a_gpu(tmp_path, monkeypatch, room):
    monkeypatch.setattr(scenes_module, "LARGEST_SHARE", room)
    source = whole_image(tmp_path, sky(200, 220), augment=CHANGED, device=torch.device("cuda"))
    source.batch("first", count=8, crop=CROP)
    try:
        torch.cuda.set_sync_debug_mode("error")
        source.batch("second", count=8, crop=CROP)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_noise_has_the_level_that_is_told_and_is_independent_per_band(tmp_path, flawless):
    batch = whole_image(tmp_path, np.full((2, 200, 200), 0.3, np.float32)).batch(0, count=8, crop=64)
    noise = (batch.inputs.preview - 0.3).transpose(0, 1).flatten(1)
    assert noise.std(1).tolist() == pytest.approx([NOISE] * 2, rel=0.02)
    assert noise.mean(1).abs().max() < 0.001
    assert abs(torch.corrcoef(noise)[0, 1]) < 0.02
    torch.testing.assert_close(batch.inputs.sigma, torch.full_like(batch.inputs.sigma, NOISE))


def test_photon_noise_grows_with_the_light(tmp_path, flawless):
    study = made_study(images=LINEAR, degrade={"psf": {"fwhm": ["2px"]}, "noise": {"kind": "poisson", "gain": [100.0]}})
    batch = whole_image(tmp_path, np.full((2, 200, 200), 4.0, np.float32), study=study).batch(0, count=4, crop=64)
    assert batch.inputs.preview.std().item() == pytest.approx(0.2, rel=0.02)
    torch.testing.assert_close(batch.inputs.sigma, torch.full_like(batch.inputs.sigma, 0.2), rtol=0.03, atol=0)


def test_a_ratio_is_to_the_sky_of_the_image(tmp_path, flawless):
    study = made_study(degrade={"psf": {"fwhm": ["3px"]}, "noise": {"ratio": [2.0]}})
    batch = whole_image(tmp_path, sky(200, 200), study=study).batch(0, count=2, crop=CROP)
    kept = draw_psf("gaussian", 3.0).double().square().sum().item()
    assert batch.inputs.sigma.mean().item() == pytest.approx(SKY_SIGMA * (4 - kept) ** 0.5, rel=0.05)


def test_the_target_is_the_truth_in_all_eight_orientations(tmp_path, flawless):
    truth = numbered(130, 140)
    target = whole_image(tmp_path, truth).batch(0, count=64, crop=CROP).target.numpy()
    found = [placed(crop, truth) for crop in target]
    assert {orientation for *_, orientation in found} == set(range(8))
    assert len({(y, x) for y, x, _ in found}) > 50


def test_the_target_is_stretched(tmp_path, flawless):
    path = write_sky(tmp_path / "images.h5", sky(150, 150))
    region = [Region("field0", Window(0, 0, 150, 150))]
    stretch = Stretch("asinh", (0.1, 0.1), (0.02, 0.03))
    scenes, instruments = Scenes(path, region), Instruments(made_study(), 2, None, None, CPU)
    stretched = Degrader(scenes, instruments, Preparation(stretch, (1.0, 1.0), instruments.names), False, CPU)
    plain = degrader(path, region)
    torch.testing.assert_close(
        stretched.batch(0, count=2, crop=CROP).target, stretch.apply(plain.batch(0, count=2, crop=CROP).target)
    )


def test_data_are_the_blurred_truth(tmp_path, flawless):
    truth = numbered(160, 170)
    study = made_study(degrade={"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.0]}})
    batch = whole_image(tmp_path, truth, study=study).batch(0, count=8, crop=CROP)
    psf = draw_psf("gaussian", 3.0).expand(2, -1, -1).contiguous()
    blurred = Blur(psf, GaussianNoise((0.0, 0.0))).forward(torch.from_numpy(truth)[None])[0].numpy()
    for preview, target in zip(batch.inputs.preview.numpy(), batch.target.numpy()):
        y, x, orientation = placed(target, truth)
        turned = list(orientations(preview))[orientation]
        np.testing.assert_allclose(turned, blurred[:, y : y + CROP, x : x + CROP], atol=1e-5)
    assert (batch.weight == 1).all()


def test_a_small_image_is_continued_by_reflection(tmp_path, flawless):
    truth = sky(40, 45)
    target = whole_image(tmp_path, truth).batch(0, count=8, crop=64).target.numpy()
    expected = list(orientations(read_reflected(truth, Window((40 - 64) // 2, (45 - 64) // 2, 64, 64))))
    assert all(any(np.array_equal(crop, turned) for turned in expected) for crop in target)


def test_nothing_is_asked_and_nothing_told_where_the_truth_is_masked(tmp_path, flawless):
    truth = numbered(160, 170)
    mask = np.zeros(truth.shape, bool)
    mask[0, 60:100, 60:100] = True
    batch = whole_image(tmp_path, truth, mask).batch(0, count=16, crop=CROP)
    seen = 0
    # Masked values are filled; the other band says where a crop lies.
    for target, weight, valid in zip(batch.target.numpy(), batch.weight.numpy(), batch.inputs.valid.numpy()):
        values = np.round(target[1] * truth[0].size).astype(int) - truth[0].size
        hidden = mask[0].ravel()[values]
        np.testing.assert_array_equal(weight[0], ~hidden)
        np.testing.assert_array_equal(valid[0], np.where(hidden, 0.5, 1))
        assert (weight[1] == 1).all()
        seen += hidden.sum()
    assert seen > 0


def test_a_placeholder_reaches_nothing(tmp_path):
    mask = np.zeros((2, 150, 150), bool)
    mask[:, 70:90, 60:80] = True
    mask[0, 20, 20:30] = True
    batches = []
    for placeholder in (0.0, 1e6):
        pixels = np.where(mask, placeholder, sky(150, 150)).astype(np.float32)
        batches.append(whole_image(tmp_path, pixels, mask).batch(3, count=8, crop=64))
    assert_same(*batches)


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
    assert torch.equal(hit[:, :1], dead.inputs.valid == 0)
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


def test_the_protocol_of_galaxygan_clips_the_data(tmp_path, flawless):
    study = made_study(degrade={"protocol": "galaxygan", "psf": {"fwhm": ["2px"]}, "noise": {"sigma": [1.0]}})
    bright = np.full((2, 150, 150), 3.5, np.float32)
    preview = whole_image(tmp_path, bright, study=study, clipped=True).batch(0, count=2, crop=64).inputs.preview
    assert preview.max() == 4.0
    # One realisation for all bands.
    assert torch.equal(preview[:, 0], preview[:, 1])


def flawed_study(**defects):
    return made_study(degrade={"psf": {"fwhm": ["2px"]}, "noise": {"sigma": [NOISE]}, "defects": defects})


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
    assert set(lost.flatten().tolist()) == {0.0, 0.5, 1.0}
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


def test_defects_of_a_crop_do_not_depend_on_the_others(tmp_path):
    source = whole_image(tmp_path, sky(200, 220), study=flawed_study(cosmic_rays=3000, bad_columns=0.05, gap=12))
    few, many = (source.batch(1, count=count, crop=CROP).inputs.valid for count in (2, 6))
    assert torch.equal(few, many[:2])
    assert not torch.equal(few[0], few[1])


def told(study_error, tmp_path):
    study = made_study(
        degrade={"psf": {"fwhm": ["2px", "4px"]}, "noise": {"sigma": [0.01]}}, train={"psf_error": study_error}
    )
    return whole_image(tmp_path, sky(200, 220), study=study).batch(3, "net", 0, count=16, crop=CROP)


def test_data_are_made_with_the_true_psf_and_inverse_and_numbers_are_those_of_the_told_one(tmp_path):
    exact, wrong = told(0, tmp_path), told(0.1, tmp_path)
    for name in ("preview", "sigma", "valid"):
        assert torch.equal(getattr(exact.inputs, name), getattr(wrong.inputs, name)), name
    assert torch.equal(exact.target, wrong.target)
    share = (wrong.inputs.descriptor / exact.inputs.descriptor)[:, 0]
    assert 0.05 < share.std() < 0.15
    differs = (share - 1).abs() > 0.01
    assert differs.sum() > 8
    changed = (wrong.inputs.inverse - exact.inputs.inverse).abs().flatten(1).amax(1)
    assert (changed[differs] > 1e-3).all()
    # Told too wide, the inverse sharpens too much, and the noise with it.
    sharpness = (wrong.inputs.inverse.flatten(1).std(1) / exact.inputs.inverse.flatten(1).std(1)).log()
    assert torch.corrcoef(torch.stack([sharpness, share]))[0, 1] > 0.5
