import numpy as np
import pytest
import torch
from made_batch import CROP, assert_same, whole_image
from made_spectrum import made_preparation
from made_training import CPU, LINEAR, NOISE, SKY_SIGMA, degrader, made_study, sky, write_sky

from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.stretch import Stretch
from pipeline.tiling import Window, read_reflected
from pipeline.training.degradation import Degrader
from pipeline.training.instruments import Instruments
from pipeline.training.regions import Region
from pipeline.training.scenes import Scenes


def numbered(height, width):
    """An image whose every value says where it is; the second band is the first plus one."""
    first = np.arange(height * width, dtype=np.float32).reshape(height, width)
    return np.stack([first, first + height * width]) / (height * width)


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
    stretched = Degrader(scenes, instruments, made_preparation(stretch, (1.0, 1.0), instruments.names), False, CPU)
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
        np.testing.assert_array_equal(valid[0], ~hidden)
        assert (valid[1] == 1).all()
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


def test_the_protocol_of_galaxygan_clips_the_data(tmp_path, flawless):
    study = made_study(degrade={"protocol": "galaxygan", "psf": {"fwhm": ["2px"]}, "noise": {"sigma": [1.0]}})
    bright = np.full((2, 150, 150), 3.5, np.float32)
    preview = whole_image(tmp_path, bright, study=study, clipped=True).batch(0, count=2, crop=64).inputs.preview
    assert preview.max() == 4.0
    # One realisation for all bands.
    assert torch.equal(preview[:, 0], preview[:, 1])


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


def test_noise_goes_by_the_sky_of_its_own_region_whatever_the_width(tmp_path, flawless):
    study = made_study(degrade={"psf": {"fwhm": ["2px", "4px"]}, "noise": {"ratio": [2.0]}})
    quiet = np.concatenate([sky(200, 100), 10 * sky(200, 100)], 2)
    path = write_sky(tmp_path / "images.h5", quiet)
    regions = [Region("field0", Window(0, x, 200, 100)) for x in (0, 100)]
    batch = degrader(path, regions, study).batch(0, count=40, crop=CROP)
    values = batch.target.flatten(1)
    own = (values - values.median(1, keepdim=True).values).abs().median(1).values
    ratio = batch.inputs.sigma.mean((1, 2, 3)) / own
    assert own.max() > 5 * own.min()
    assert ratio.max() < 2 * ratio.min()
