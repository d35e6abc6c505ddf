import numpy as np
import pytest
from made_sky import drawn_sky
from skimage.data import hubble_deep_field

from pipeline.evaluation.field import chequerboard as module
from pipeline.evaluation.field.chequerboard import chequerboard


@pytest.fixture(autouse=True)
def _few_permutations(monkeypatch):
    monkeypatch.setattr(module, "PERMUTATIONS", 199)


def blocks(pixels, side=64):
    height, width = pixels.shape[1:]
    corners = [(y, x) for y in range(0, height - side + 1, side) for x in range(0, width - side + 1, side)]
    return [pixels[:, y : y + side, x : x + side] for y, x in corners], corners


def periods_found(real, synthetic):
    findings = chequerboard(*blocks(real), *blocks(synthetic), 0)
    return [int(f.quantity.removeprefix("period_").removesuffix("px")) for f in findings if f.p_value < 0.01]


@pytest.fixture(scope="module")
def hubble():
    return np.arcsinh(np.moveaxis(hubble_deep_field(), -1, 0)[:, :, :640].astype(float) / 20)


def test_none_is_found_in_real_sky_though_it_was_a_jpeg(hubble):
    assert periods_found(hubble[:, :, :320], hubble[:, :, 320:]) == []
    assert periods_found(hubble[:, :, 320:], hubble[:, :, :320]) == []
    assert periods_found(hubble[:, :436], hubble[:, 436:]) == []


@pytest.mark.parametrize("period", [2, 4, 8, 13, 16])
def test_a_planted_one_is_found_at_its_period(hubble, period):
    random = np.random.default_rng(period)
    pattern = random.normal(size=(period, period))
    made = hubble[:, :, 320:]
    tiled = np.tile(pattern, (1 + made.shape[1] // period, 1 + made.shape[2] // period))[
        : made.shape[1], : made.shape[2]
    ]
    found = periods_found(hubble[:, :, :320], made + 0.02 * tiled)
    assert period in found


def test_one_of_uneven_noise_alone_is_found():
    random = np.random.default_rng(0)
    made = drawn_sky(1)
    made[:, ::2, ::2] += 0.7 * random.normal(size=made[:, ::2, ::2].shape)
    assert 2 in periods_found(drawn_sky(0), made)


def test_a_pattern_that_both_skies_have_is_put_up_with():
    tiled = 0.3 * np.tile(np.random.default_rng(0).normal(size=(8, 8)), (32, 32))
    assert periods_found(drawn_sky(0) + tiled, drawn_sky(1) + tiled) == []
