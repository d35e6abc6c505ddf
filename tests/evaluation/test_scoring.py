import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.evaluation.metrics import metric
from pipeline.evaluation.scoring import ScoringError, inner_window, residual_chi2, score
from pipeline.evaluation.spaces import GalaxyGAN, Linear
from pipeline.image import Image
from pipeline.measures.fidelity import EQUAL
from pipeline.observation import Observation
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.splits import Item
from pipeline.tiling import Window

BANDS, SIZE, NOISE = 2, (96, 120), 0.5
LINEAR = (Linear(40.0),)
PSF = draw_psf("gaussian", 3.0).expand(BANDS, -1, -1).contiguous()
HALO = PSF.shape[-1] // 2


def truth(unit="nanomaggy", masked=None):
    y, x = np.indices(SIZE)
    places = [(20, 30), (30, 80), (50, 50), (70, 90), (75, 25)]
    light = sum(40 * np.exp(-((y - a) ** 2 + (x - b) ** 2) / 8) for a, b in places)
    pixels = light + np.random.default_rng(0).normal(0, 0.3, size=(BANDS, *SIZE))
    mask = np.zeros(pixels.shape, bool)
    if masked is not None:
        mask[(..., *masked)] = True
    return Image("m31", pixels.astype(np.float32), mask, unit, ("g", "r"))


def observed(scene, noise=NOISE):
    operator = Blur(PSF, GaussianNoise((noise,) * BANDS))
    clean = operator.forward(torch.from_numpy(scene.pixels)[None])[0].numpy()
    data = clean + noise * np.random.default_rng(1).normal(size=clean.shape)
    sigma = np.full(clean.shape, noise, np.float32)
    preview = Image(scene.id, data.astype(np.float32), scene.mask, scene.unit, scene.bands, sigma=sigma)
    return Observation(preview, operator)


def whole_item():
    return Item("m31", "m31", Window(0, 0, *SIZE), "m31", 0, "test", 0)


def scores(restored, scene, observation=None, spaces=LINEAR, defects=False):
    seen = observation or observed(scene)
    found = score(restored, scene, seen, whole_item(), SIZE, spaces, [3.0], 5.0, defects)
    return {(space, name): value for space, name, value in found}


def test_the_truth_is_perfect_and_explains_the_data():
    scene = truth()
    found = scores(scene.pixels, scene)
    assert found["linear", "psnr"] == EQUAL
    assert found["linear", "ssim"] == pytest.approx(1.0)
    assert found["linear", "log_spectrum_error"] == 0.0
    assert found["linear", "flux_bias_r3"] == 0.0
    # 2 x 88 x 112 data: the mean of chi-square has a standard deviation of 0.01.
    assert found["linear", "chi2_dof"] == pytest.approx(1.0, abs=0.04)


def test_what_contradicts_the_data_has_a_large_chi_square():
    scene = truth()
    assert scores(scene.pixels + 2 * NOISE, scene)["linear", "chi2_dof"] == pytest.approx(5.0, abs=0.2)


def test_a_constant_offset_has_the_psnr_of_its_size():
    scene = truth()
    assert scores(scene.pixels + 0.4, scene)["linear", "psnr"] == pytest.approx(40.0, abs=1e-3)


def test_blur_is_a_loss_of_texture():
    scene = truth()
    observation = observed(scene, noise=1e-3)
    found = scores(observation.preview.pixels, scene, observation)
    assert found["linear", "log_spectrum_error"] > 2


@pytest.mark.parametrize("where", ["masked pixels", "the true border"])
def test_scores_leave_out(where):
    scene = truth(masked=(slice(40, 44), slice(60, 64)))
    restored = scene.pixels + 0.1 * np.random.default_rng(2).normal(size=scene.shape).astype(np.float32)
    spoilt = restored.copy()
    if where == "masked pixels":
        spoilt[:, 40:44, 60:64] = 1e3
    else:
        spoilt[:, :HALO] = 1e3
        spoilt[..., -HALO:] = -1e3
    clean, dirty = scores(restored, scene), scores(spoilt, scene)
    del clean["linear", "chi2_dof"], dirty["linear", "chi2_dof"]
    assert dirty == pytest.approx(clean, nan_ok=True)


def test_chi_square_leaves_out_data_that_saw_masked_pixels():
    scene = truth(masked=(slice(40, 44), slice(60, 64)))
    observation = observed(scene)
    replaced = scene.pixels.copy()
    replaced[scene.mask] += 5.0
    clean = residual_chi2(scene.pixels, scene.mask, observation)
    assert residual_chi2(replaced, scene.mask, observation) == pytest.approx(clean, abs=0.01)


def test_only_the_side_of_a_block_that_is_the_image_s_own_is_cut():
    assert inner_window(Window(0, 40, 50, 30), (200, 200), 5) == Window(5, 0, 45, 30)
    assert inner_window(Window(60, 60, 50, 30), (200, 200), 5) == Window(0, 0, 50, 30)
    assert inner_window(Window(0, 0, 8, 8), (8, 8), 5).height == 0


def test_each_space_has_its_own_fidelity_and_the_rest_is_linear():
    scene = truth()
    found = scores(scene.pixels + 0.1, scene, spaces=(GalaxyGAN(), Linear(40.0)))
    assert [space for space, name in found if name == "psnr"] == ["galaxygan", "linear"]
    assert found["galaxygan", "psnr"] != pytest.approx(found["linear", "psnr"], abs=1)
    assert {space for space, name in found if name not in ("psnr", "ssim", "mae")} == {"linear"}


@pytest.mark.parametrize("unit", ["nanomaggy", "display"])
def test_every_metric_that_is_produced_is_defined(unit):
    scene = truth(unit)
    names = [name for _, name in scores(scene.pixels, scene)]
    assert all(metric(name).definition for name in names)
    assert any("flux" in name for name in names) == (unit != "display")


def test_where_no_pixel_is_left_every_score_is_unknown():
    scene = truth(masked=(slice(None), slice(None)))
    assert all(math.isnan(value) for value in scores(scene.pixels, scene).values())


def test_an_observation_without_noise_has_no_chi_square():
    scene = truth()
    assert math.isnan(scores(scene.pixels, scene, observed(scene, noise=0.0))["linear", "chi2_dof"])


def test_nan_and_a_wrong_shape_are_refused_in_words():
    scene = truth()
    broken = scene.pixels.copy()
    broken[0, 0, 0] = np.nan
    with pytest.raises(ScoringError, match="item m31: the restored image holds NaN"):
        scores(broken, scene)
    with pytest.raises(ScoringError, match=r"item m31: restored as \(2, 96, 119\)"):
        scores(scene.pixels[..., 1:], scene)


def test_a_change_of_unit_changes_no_relative_score():
    scene, factor = truth(), 1024.0
    restored = scene.pixels + 0.1 * np.random.default_rng(2).normal(size=scene.shape).astype(np.float32)
    scaled = scene.with_pixels(scene.pixels * np.float32(factor))
    observation = observed(scene)
    preview = observation.preview
    brighter = Image(
        "m31", preview.pixels * 1024, preview.mask, preview.unit, preview.bands, sigma=preview.sigma * 1024
    )
    found = scores(restored, scene, observation)
    changed = scores(
        restored * 1024, scaled, Observation(brighter, observation.operator), spaces=(Linear(40.0 * factor),)
    )
    assert changed.pop(("linear", "mae")) == pytest.approx(factor * found.pop(("linear", "mae")))
    assert changed == pytest.approx(found, rel=1e-4)


def damaged(observation, *lost):
    mask = observation.preview.mask.copy()
    mask[(..., *lost)] = True
    return replace(observation, preview=replace(observation.preview, mask=mask))


def test_damaged_and_intact_pixels_have_scores_of_their_own():
    unknown, lost = (slice(40, 44), slice(60, 64)), (slice(40, 50), slice(60, 70))
    scene = truth(masked=unknown)
    restored = scene.pixels + np.float32(0.4)
    restored[(..., *lost)] += np.float32(3.6)
    restored[(..., *unknown)] = 1e3
    found = scores(restored, scene, damaged(observed(scene), *lost), defects=True)
    assert found["linear", "psnr_intact"] == pytest.approx(40.0, abs=1e-3)
    assert found["linear", "psnr_damaged"] == pytest.approx(20.0, abs=1e-3)
    assert found["linear", "mae_damaged"] == pytest.approx(4.0, rel=1e-5)


def test_an_item_that_lost_nothing_has_no_score_of_repair_but_one_of_the_rest():
    scene = truth()
    found = scores(scene.pixels + np.float32(0.4), scene, defects=True)
    assert math.isnan(found["linear", "psnr_damaged"])
    assert math.isnan(found["linear", "mae_damaged"])
    assert found["linear", "psnr_intact"] == found["linear", "psnr"]


def test_without_defects_nothing_is_scored_apart():
    scene = truth()
    assert not {name for _, name in scores(scene.pixels, scene)} & {"psnr_damaged", "psnr_intact", "mae_damaged"}
