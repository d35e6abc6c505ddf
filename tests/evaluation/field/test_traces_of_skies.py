"""Real sky told from synthetic by local correlations: what is known to differ is found, and what does not is not."""

import numpy as np
import pytest
from made_sky import drawn_sky, field_of
from scipy.ndimage import gaussian_filter
from scipy.signal import convolve2d

from pipeline.evaluation.field import traces as module
from pipeline.evaluation.field.sky_blocks import SkyError
from pipeline.evaluation.field.trace_patches import PHASE, TraceSky
from pipeline.evaluation.field.traces import ACCURACY, AREA, OF_TRAINING_SKY, UNSEEN, Traces, trace_findings, traces_of
from pipeline.evaluation.patches import Scale
from pipeline.image import Image
from pipeline.windowed import WindowedImage

SCALE = Scale((0.0,), (1.0,), 100.0)
SIZE = (256, 320)
NOTHING = Traces(np.zeros((0, 0)), np.arange(0), np.arange(0))
BILINEAR = np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch):
    monkeypatch.setattr(module, "NULLS", 99)
    monkeypatch.setattr(module, "RESAMPLINGS", 40)


def smooth(seed):
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(1, *SIZE)), (0, 0.8, 0.8))
    return noise / noise.std()


def upsampled(seed):
    """Noise on every second pixel, interpolated, under some noise of its own."""
    random = np.random.default_rng(seed)
    grid = np.zeros(SIZE)
    grid[::2, ::2] = random.normal(size=grid[::2, ::2].shape)
    made = convolve2d(grid, BILINEAR, "same") / 0.6 + 0.5 * random.normal(size=SIZE)
    return (made / made.std())[None]


def found(real, *, corner=(0, 0), **made):
    sky = TraceSky([field_of(real)], [corner], 0)
    known = {name: traces_of(sky.cut([field_of(pixels)], [(0, 0)], name), SCALE) for name, pixels in made.items()}
    training = traces_of(sky.cut([field_of(smooth(99))], [(0, 0)], "train"), SCALE)
    rows = trace_findings(traces_of(sky.patches, SCALE), training, known, 0)
    return {name: {row.quantity: row for row in own} for name, own in rows.items()}


def test_a_known_upsampling_is_told_from_other_smooth_noise_by_whoever_learned_either():
    told = found(smooth(0), bilinear=upsampled(1), again=upsampled(2), same=smooth(3))
    for name in ("bilinear", "again"):
        assert told[name][AREA].low > 0.9
        assert told[name][ACCURACY].low > 0.8
        assert told[name][AREA].p_value == 0.01
        assert told[name][AREA].perfect == pytest.approx(0.5, abs=0.05)
    assert told["again"][UNSEEN + "bilinear"].low > 0.9
    for quantity in (AREA, ACCURACY):
        same = told["same"][quantity]
        assert same.low <= 0.5 <= same.high
        assert same.p_value > 0.05
        training = told["again"][quantity + OF_TRAINING_SKY]
        assert training.low <= 0.5 <= training.high


def test_equal_distributions_stay_at_a_half_within_their_interval(monkeypatch):
    monkeypatch.setattr(module, "NULLS", 1)
    covered = []
    for seed in range(30):
        random = np.random.default_rng(seed)
        block = np.arange(60) // 2
        one, other = (
            Traces(random.normal(size=(60, 12)) + 0.5 * random.normal(size=(30, 12))[block], block, block // 10)
            for _ in range(2)
        )
        rows = trace_findings(one, NOTHING, {"other": other}, seed)["other"]
        covered.append([row.low <= 0.5 <= row.high for row in rows])
    # Where 95% are covered, 25 or fewer of 30 are once in sixty times.
    assert (np.sum(covered, 0) > 25).all()


def test_level_and_size_of_the_noise_are_no_traces():
    real = 100 * smooth(0) + 1000
    scale = Scale((1000.0,), (100.0,), 1e4)
    sky, plain = TraceSky([field_of(real)], [(0, 0)], 0), TraceSky([field_of(smooth(0))], [(0, 0)], 0)
    one, other = traces_of(sky.patches, scale).features, traces_of(plain.patches, SCALE).features
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_patches_begin_on_one_grid_wherever_the_sky_was_cut_out():
    pixels = drawn_sky(0, (260, 330))
    sky = TraceSky([field_of(pixels)], [(37, 1005)], 0)
    corners = sky.patches.corner
    assert not (corners % PHASE).any()
    assert corners.min(0).tolist() == [48, 1008]
    for patch, (y, x) in zip(sky.patches.pixels, corners - (37, 1005)):
        size = patch.shape[-1]
        assert np.array_equal(patch, pixels[:, y : y + size, x : x + size])


def test_patches_of_both_skies_have_the_quantisation_of_the_real_one():
    real = np.rint(drawn_sky(0)).astype(np.float32)
    cut = TraceSky([field_of(real)], [(0, 0)], 0).cut([field_of(drawn_sky(1))], [(0, 0)], "made")
    assert np.array_equal(cut.pixels, np.rint(cut.pixels))


def test_no_patch_holds_a_masked_pixel_and_each_has_its_block_and_part():
    pixels = drawn_sky(0, (256, 256))
    mask = np.zeros(pixels.shape, bool)
    mask[0, 100, 100] = True
    shown = WindowedImage.of(Image("i", np.where(mask, 1e6, pixels).astype(np.float32), mask, "nJy", ("g", "r")))
    patches = TraceSky([shown], [(0, 0)], 0).patches
    assert patches.pixels.max() < 1e5
    assert len(patches) == len(TraceSky([field_of(pixels)], [(0, 0)], 0).patches) - 1
    assert set(patches.part) == {0, 1, 2}
    assert all(len(set(patches.part[patches.block == block])) == 1 for block in set(patches.block))


def test_too_little_sky_gives_no_finding():
    few = Traces(np.zeros((12, 3)), np.arange(12), np.arange(12) // 4)
    assert trace_findings(few, few, {"made": few}, 0) == {"made": []}
    assert trace_findings(NOTHING, NOTHING, {"made": few}, 0) == {"made": []}
    sky = TraceSky([field_of(drawn_sky(0))], [(0, 0)], 0)
    scale = Scale((0.0, 0.0), (1.0, 1.0), 100.0)
    real = traces_of(sky.patches, scale)
    for size in ((70, 70), (20, 300)):
        small = traces_of(sky.cut([field_of(drawn_sky(1, size))], [(0, 0)], "small"), scale)
        assert trace_findings(real, small, {"small": small}, 0) == {"small": []}


def test_a_sky_too_small_to_judge_by_is_refused_in_words():
    with pytest.raises(SkyError, match="hold out more images"):
        TraceSky([field_of(drawn_sky(1, (96, 96)))], [(0, 0)], 0)
