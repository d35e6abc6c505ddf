import json

import numpy as np
import pandas as pd
import pytest
import torch
from made_denoiser import make_denoiser
from skimage.data import hubble_deep_field

from pipeline.config import CLASSICAL_METHODS, study_from
from pipeline.image import Image
from pipeline.observation import Observation, write_observations
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.psf import draw_psf
from pipeline.restorers import classical, plug_and_play
from pipeline.restorers.tuning import TuningError
from pipeline.splits import COLUMNS
from pipeline.steps.tune import MOST_TRIALS, _spread, tune
from pipeline.store import write_images

CONDITION = "fwhm3px_sigma0.05"
OPERATOR = Blur(draw_psf("gaussian", 3.0).expand(3, -1, -1).contiguous(), GaussianNoise((0.05,) * 3))
HEIGHT, WIDTH = 48, 30
LAYOUT = {
    0: ("test", "calibrate"),
    70: ("calibrate", "test"),
    140: ("train", "test"),
    210: ("tune", "train"),
    280: ("train", "tune"),
}
"""Role in fold 0 and in fold 1 of the columns from 0, 70, ..."""
HELD_OUT = (0, 70)
"""Columns from which neither fold may learn."""


def study(**settings):
    return study_from(
        {"split": {"folds": 2}, "degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.05]}}, **settings}
    )


def field():
    """A part of the Hubble image, shape (3, 48, 350)."""
    return np.ascontiguousarray(
        hubble_deep_field()[400 : 400 + HEIGHT, 300:650].transpose(2, 0, 1).astype(np.float32) / 255
    )


def write_files(folder, marked=(), mask_all=False):
    """Ingest, split and degrade by hand; rows hold 50 in the columns from those that are ``marked``."""
    folder.mkdir(exist_ok=True)
    scene = field()
    generators = [addressed_generator("tune", band) for band in range(3)]
    data = OPERATOR.noise.draw(OPERATOR.forward(torch.from_numpy(scene)[None]), generators)[0].numpy()
    for x0 in marked:
        # Away from the tune items' guard, as the step `split` sees to.
        scene[:, ::2, x0 : x0 + WIDTH] = data[:, ::2, x0 : x0 + WIDTH] = 50.0
    mask = np.full(scene.shape, mask_all)
    rows = [
        ("f", f"f/{x0}", 0, x0, HEIGHT, WIDTH, f"g{x0}", fold, roles[fold], 0)
        for fold in (0, 1)
        for x0, roles in LAYOUT.items()
    ]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(folder / "splits.csv", index=False)
    with write_images(folder / "images.h5", data_range=0.9, sky=[0.05] * 3, sky_sigma=[0.02] * 3) as images:
        images.append(Image("f", scene, mask, "display", ("r", "g", "b"), group="f"))
    with write_observations(folder / "degraded.h5", condition=CONDITION) as observations:
        sigma = np.full(scene.shape, 0.05, np.float32)
        preview = Image("f", data, mask, "display", ("r", "g", "b"), group="f", sigma=sigma)
        observations.append(Observation(preview, OPERATOR))
    return folder


def tuned(folder, method, spaces=("linear",)):
    out = folder / f"{method}.json"
    chosen = study(evaluate={"spaces": list(spaces)})
    denoisers = [make_denoiser(folder / f"denoiser{fold}.safetensors", fold=fold) for fold in (0, 1)]
    tune(folder / "images.h5", folder / "splits.csv", folder / "degraded.h5", chosen, method, out, denoisers)
    return out.read_text()


@pytest.fixture(scope="module", autouse=True)
def _few_turns():
    """Of plug and play, which takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plug_and_play, "MOST_ITERATIONS", 3)
        patch.setattr(plug_and_play, "STEPS", 2)
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("tune") / "clean")


@pytest.fixture(scope="module")
def texts(files):
    """What tuning writes for every method."""
    return {method: tuned(files, method) for method in CLASSICAL_METHODS}


@pytest.fixture(scope="module")
def found(texts):
    return {method: json.loads(text) for method, text in texts.items()}


@pytest.mark.parametrize("method", CLASSICAL_METHODS)
def test_every_fold_has_settings_that_a_restorer_takes(method, found):
    assert (found[method]["method"], found[method]["condition"]) == (method, CONDITION)
    assert list(found[method]["folds"]) == ["0", "1"]
    for fold in found[method]["folds"].values():
        assert set(fold) == {"settings", "psnr", "tried"}
        assert 20 < fold["psnr"] < 40
        if method != "plug_and_play":
            assert classical(method, fold["settings"]).settings == fold["settings"]
        assert method != "degraded" or fold["settings"] == {}


def test_methods_rank_as_they_should(found):
    score = {method: found[method]["folds"]["0"]["psnr"] for method in CLASSICAL_METHODS}
    assert min(score, key=score.get) == "degraded"
    assert max(score, key=score.get) == "total_variation"


def test_a_marker_in_what_is_held_out_changes_nothing(found, tmp_path):
    marked = write_files(tmp_path / "marked", HELD_OUT)
    for method in CLASSICAL_METHODS:
        assert json.loads(tuned(marked, method))["folds"] == found[method]["folds"], method


def test_a_marker_in_the_train_role_is_seen_by_wiener(found, tmp_path):
    # What is held out in fold 1 is trained on in fold 0.
    marked = write_files(tmp_path / "marked", (140,))
    seen = json.loads(tuned(marked, "wiener"))["folds"]["0"]["settings"]["signal"]
    assert np.max(seen["power"]) > 100 * np.max(found["wiener"]["folds"]["0"]["settings"]["signal"]["power"])


def test_the_same_files_give_the_same_text(files, texts):
    assert tuned(files, "richardson_lucy") == texts["richardson_lucy"]


def test_the_first_space_of_the_study_decides(files, found):
    stretched = json.loads(tuned(files, "richardson_lucy", ("asinh", "linear")))["folds"]["0"]
    linear = json.loads(tuned(files, "richardson_lucy", ("linear", "asinh")))["folds"]["0"]
    assert linear == found["richardson_lucy"]["folds"]["0"]
    assert stretched["settings"] != linear["settings"]


def test_a_study_whose_pixels_are_all_masked_is_refused_and_leaves_no_file(tmp_path):
    folder = write_files(tmp_path / "masked", mask_all=True)
    with pytest.raises(TuningError, match="no item of the tune role"):
        tuned(folder, "degraded")
    assert not (folder / "degraded.json").exists()


def test_long_tables_are_thinned_evenly():
    assert _spread(list(range(5)), MOST_TRIALS) == [0, 1, 2, 3, 4]
    assert _spread(list(range(100)), 4) == [0, 25, 50, 75]
