"""Traces of convolutions in synthetic fields, and the benchmark of labelled patches, as a user meets them."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
from made_sky import drawn_sky
from made_synthetic_field import make_field_study
from scipy.ndimage import zoom

from pipeline.evaluation.field import traces as module
from pipeline.steps.inspect import inspect
from pipeline.steps.traces import TracesError, traces


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    enlarged = zoom(drawn_sky(6, (160, 192), width=0.7), (1, 2, 2), order=1, grid_mode=True, mode="nearest")
    study = make_field_study(folder, {"good": drawn_sky(5, (320, 384)), "enlarged": enlarged}, (640, 640))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NULLS", 39)
        patch.setattr(module, "RESAMPLINGS", 40)
        traces(study.images, study.splits, study.fields, study.study, folder / "traces.csv", folder / "benchmark.h5")
    return study


@pytest.fixture(scope="module")
def findings(made):
    return pd.read_csv(made.images.with_name("traces.csv")).set_index(["generator", "quantity"])


@pytest.fixture(scope="module")
def labels(made):
    return pd.read_csv(made.images.with_name("benchmark.csv"))


def test_a_sky_that_was_enlarged_is_found_and_one_of_the_same_kind_is_not(findings):
    assert findings.loc[("enlarged", "area"), "low"] > 0.9
    assert findings.loc[("enlarged", "accuracy"), "low"] > 0.8
    assert findings.loc[("enlarged", "area"), "p_value"] < 0.05
    good = findings.loc["good"].loc[["area", "accuracy"]]
    assert ((good["low"] <= 0.5) & (good["high"] >= 0.5)).all()
    assert set(findings.loc["good"].index) == {
        "area", "accuracy", "area_of_training_sky", "accuracy_of_training_sky", "area_learned_from_enlarged",
    }  # fmt: skip


def test_the_benchmark_says_what_it_is_and_which_patch_is_real(made, labels):
    with h5py.File(made.images.with_name("benchmark.h5")) as file:
        about = {name: json.loads(value) for name, value in file.attrs.items()}
        pixels = file["pixels"][()]
    assert pixels.shape[:2] == (len(labels), 2)
    assert "label (real or synthetic)" in about["readme"]
    assert (about["unit"], about["bands"]) == ("nJy", ["g", "r"])
    assert about["generators"]["good"]["seed"] == 0
    assert "good, enlarged" in "\n".join(inspect(made.images.with_name("benchmark.h5")))
    assert labels["patch"].tolist() == list(range(len(labels)))
    assert set(zip(labels["label"], labels["origin"])) == {
        ("real", "sky"), ("synthetic", "good"), ("synthetic", "enlarged"),
    }  # fmt: skip
    size = pixels.shape[-1]
    for origin, sky in (("good", drawn_sky(5, (320, 384))), ("sky", drawn_sky(0, (640, 640)))):
        rows = labels[labels["origin"] == origin]
        for patch, y, x in zip(rows["patch"], rows["row"], rows["column"]):
            assert np.array_equal(pixels[patch], sky[:, y : y + size, x : x + size])


def test_the_real_patches_are_of_sky_that_no_generator_saw(labels):
    # Of two folds of a sky 640 px wide, the first one's test role is the left half.
    assert labels[labels["label"] == "real"]["column"].max() < 320


def test_without_a_field_there_is_nothing_to_tell(made, tmp_path):
    with pytest.raises(TracesError, match="no field is given"):
        traces(made.images, made.splits, [], made.study, tmp_path / "traces.csv", tmp_path / "benchmark.h5")
