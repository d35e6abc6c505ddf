"""Scores of slices through a body."""

import math

import numpy as np
import pytest

from pipeline.config import Tissue
from pipeline.evaluation.metrics import metric
from pipeline.evaluation.tissue_scores import tissue_scores
from pipeline.image import Image
from pipeline.measures.fidelity import EQUAL

AIR = 1000.0


@pytest.fixture
def truth():
    pixels = np.zeros((1, 48, 48), np.float32)
    pixels[:, 8:40, 8:40] = 1030
    pixels[:, 8:12, 8:40] = 2000
    background = np.full(pixels.shape, -AIR, np.float32)
    return Image("s", pixels, np.zeros(pixels.shape, bool), "HU", ("ct",), background=background)


SETTINGS = Tissue(window=(0, 80), regions={"brain": (20, 60), "bone": (900, 1100), "fat": (-120, -50)})


def scores(restored, truth, settings=SETTINGS):
    return {name: value for _, name, value in tissue_scores(restored, truth, settings, 2000)}


def test_a_region_is_off_by_what_was_added_to_it(truth):
    off = truth.pixels.copy()
    off[:, 12:40, 8:40] += 3
    found = scores(off, truth)
    assert found["bias_in_brain"] == pytest.approx(3)
    assert found["bias_in_bone"] == pytest.approx(0)
    assert math.isnan(found["bias_in_fat"])


def test_the_window_sees_nothing_beyond_its_ends(truth):
    brighter = np.where(truth.pixels > 1900, truth.pixels + 500, truth.pixels)
    assert scores(brighter, truth)["psnr_window"] == EQUAL


def test_the_window_is_in_the_values_of_the_files(truth):
    off = truth.pixels + np.float32(8) * (truth.pixels == 1030)
    body = (truth.pixels > 0).sum()
    error = 64 * (truth.pixels == 1030).sum() / body
    assert scores(off, truth)["psnr_window"] == pytest.approx(10 * math.log10(80**2 / error), abs=1e-3)


def test_air_around_the_body_does_not_count(truth):
    noisy = truth.pixels + np.float32(5) * (truth.pixels == 0)
    assert scores(noisy, truth)["psnr_body"] == EQUAL
    assert scores(noisy, truth)["nmse"] > 0


def test_every_score_is_defined(truth):
    for name in scores(truth.pixels, truth):
        assert metric(name).definition
