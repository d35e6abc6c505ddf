import numpy as np
import pandas as pd
import pytest
from made_sky import drawn_sky
from scipy.ndimage import maximum_filter

from pipeline.evaluation.field import memorising as module
from pipeline.evaluation.field.memorising import Nearest, closest_threshold, memorised, nearest_training
from pipeline.evaluation.field.stamps import Stamps

COUNT = 400


def stamps(seed, count=COUNT):
    """Stamps about bright points of a sky."""
    sky = np.arcsinh(drawn_sky(seed, (640, 640), density=6e-3) / 3)
    mean = sky.mean(0)
    mean[:16] = mean[-16:] = mean[:, :16] = mean[:, -16:] = 0
    peaks = np.argwhere((mean > 1.5) & (mean == maximum_filter(mean, 5)))
    chosen = np.random.default_rng(seed).permutation(len(peaks))[:count]
    pixels = np.stack([sky[:, y - 16 : y + 16, x - 16 : x + 16] for y, x in peaks[chosen]])
    return Stamps(pixels, pd.DataFrame({"light_g": pixels[:, 0, 16, 16]}))


@pytest.fixture(scope="module")
def skies():
    return stamps(0), stamps(1), stamps(2)


def _odd(stamps):
    """With a pixel more on two sides: of odd width, so that turning keeps the middle."""
    return np.pad(stamps, ((0, 0), (0, 0), (0, 1), (0, 1)))


def planted(synthetic, training, share, noise=0.0):
    """Training sources in a synthetic sky, turned and mirrored."""
    random = np.random.default_rng(5)
    pixels = synthetic.pixels.copy()
    count = max(round(share * len(pixels)), 1)
    copies = np.rot90(_odd(training.pixels[:count]), 1, (-2, -1))[..., ::-1][..., :32, :32]
    pixels[random.permutation(len(pixels))[:count]] = copies + noise * random.normal(size=copies.shape)
    return Stamps(pixels.astype(np.float32), synthetic.sources)


def test_real_sky_that_was_not_seen_is_no_copy(skies):
    findings = memorised(*skies, "light_g", 0).findings
    assert [f.quantity for f in findings] == [
        *("copied_bright", "nearest_bright", "copied_faint", "nearest_faint"),
        "copied",
    ]
    assert all(f.p_value > 0.05 for f in findings)
    assert findings[0].n + findings[2].n == findings[4].n <= COUNT


def test_one_copy_in_a_hundred_is_caught_though_turned_and_mirrored(skies):
    training, held_out, synthetic = skies
    findings = memorised(training, held_out, planted(synthetic, training, 0.01), "light_g", 0).findings
    assert min(f.p_value for f in findings) < 0.002


def test_a_single_copy_is_seen_by_its_distance(skies):
    training, held_out, synthetic = skies
    findings = memorised(training, held_out, planted(synthetic, training, 0.0025), "light_g", 0).findings
    assert min(f.p_value for f in findings if f.quantity.startswith("nearest")) < 0.002


def test_copies_under_new_noise_are_caught(skies):
    training, held_out, synthetic = skies
    findings = memorised(training, held_out, planted(synthetic, training, 0.02, noise=0.05), "light_g", 0).findings
    assert min(f.p_value for f in findings) < 0.01


def test_a_copy_is_at_distance_0_in_every_orientation_and_at_any_brightness(skies):
    some = skies[0].pixels[:4]
    for turns in range(4):
        for each in (_odd(some), _odd(some)[..., ::-1]):
            copies = 3 * np.rot90(each, turns, (-2, -1))[..., :32, :32].astype(np.float32)
            assert nearest_training(copies, some).distance == pytest.approx(np.zeros(4), abs=2e-3)


def test_the_threshold_is_the_thousandth_part_of_a_power_law():
    distances = np.random.default_rng(0).uniform(size=4000) ** (1 / 6)
    assert closest_threshold(distances) == pytest.approx(0.001 ** (1 / 6), rel=0.06)
    assert closest_threshold(distances[:300]) == pytest.approx(0.001 ** (1 / 6), rel=0.15)


def test_chance_alone_finds_copies_as_often_as_it_says(monkeypatch):
    random = np.random.default_rng(0)
    empty = Stamps(np.zeros((200, 1, 32, 32), np.float32), pd.DataFrame({"light_g": np.arange(200)}))

    def power_law(stamps, training):
        return Nearest(random.uniform(size=len(stamps)) ** (1 / 12), np.zeros(len(stamps), int))

    monkeypatch.setattr(module, "nearest_training", power_law)
    monkeypatch.setattr(module, "SIMULATED", 400)
    found = np.array([memorised(empty, empty, empty, "light_g", n).findings for n in range(150)])
    assert (np.mean(found[:, :, 9].astype(float) < 0.05, 0) < 0.1).all()


def test_the_nearest_pairs_are_told_by_their_places(skies):
    training, held_out, synthetic = (
        Stamps(sky.pixels, sky.sources.assign(field=0, y=np.arange(len(sky.sources)), x=5.0)) for sky in skies
    )
    pairs = memorised(training, held_out, planted(synthetic, training, 0.01), "light_g", 0).pairs
    assert set(pairs["training_y"][:4]) == {0, 1, 2, 3}
    assert (np.diff(pairs["distance"]) >= 0).all()


def test_of_a_few_sources_nothing_is_said(skies):
    few = Stamps(skies[2].pixels[:20], skies[2].sources[:20])
    assert all(np.isnan(f.value) for f in memorised(skies[0], skies[1], few, "light_g", 0).findings)
