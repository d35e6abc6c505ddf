"""Plug and play from training to restored images: its denoisers are those of the folds."""

import json
import logging

import h5py
import numpy as np
import pytest
from made_place import Place
from made_training import made_study
from scipy.ndimage import gaussian_filter

from pipeline.config import ConfigError, study_from
from pipeline.measures.fidelity import psnr
from pipeline.model_file import read_model
from pipeline.splits import items_of, read_splits
from pipeline.step_settings import settings_for
from pipeline.steps.degrade import degrade
from pipeline.steps.denoisers import DenoiserError
from pipeline.steps.restore import RestoreError, restore
from pipeline.steps.tune import tune
from pipeline.store import read_images, read_restored

CONDITION = "fwhm3px_sigma0.05"
SMALL = {
    **{"width": 8, "encoder_blocks": [1], "decoder_blocks": [1]},
    "regression": {"steps": 150, "batch": 4, "crop": 32, "learning_rate": 5e-3},
}
STUDY = made_study(
    {},
    methods=["degraded", "wiener", "plug_and_play"],
    denoiser=SMALL,
    degrade={"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.05]}},
    train={"stretch": "linear", "validate_every": 50, "checkpoint_every": 50, "ema": 0.95},
)


def stars(seed):
    """Equal stars on an empty sky, shape (1, 72, 72): a linear filter lets noise through there, or dims the stars."""
    random = np.random.default_rng(seed)
    scene = np.zeros((72, 72))
    scene[random.integers(72, size=20), random.integers(72, size=20)] = 15
    return gaussian_filter(scene, 1.5)[None].astype(np.float32)


class Whole(Place):
    """A degraded study with a trained denoiser for each fold."""

    def __init__(self, folder):
        super().__init__(folder, [stars(k) for k in range(10)], STUDY)
        with h5py.File(self.images, "r+") as file:
            file.attrs["data_range"] = "1.0"
        self.degraded = folder / "degraded.h5"
        degrade(self.images, STUDY, CONDITION, self.degraded)
        self.trained = [self.train("denoiser", fold) for fold in range(2)]
        self.denoisers = [folder / f"denoiser{fold}" / "denoised.safetensors" for fold in range(2)]

    def tune(self, method, denoisers=()):
        out = self.folder / f"{method}.json"
        tune(self.images, self.splits, self.degraded, STUDY, method, out, denoisers)
        return out

    def restore(self, method, tuned, denoisers=()):
        out = self.folder / f"{method}.h5"
        restore(self.degraded, self.splits, STUDY, method, tuned, denoisers, out)
        return out

    def scores(self, restored):
        """PSNR of every test item, away from its border."""
        items, inner = read_splits(self.splits), (slice(None), slice(8, -8), slice(8, -8))
        with read_images(self.images) as truths, read_restored(restored) as made:
            return [
                psnr(made.pixels(item.item)[inner], truths.image(item.image, item.window).pixels[inner], 1.0)
                for fold in range(2)
                for item in items_of(items, fold, "test")
            ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return Whole(tmp_path_factory.mktemp("plug_and_play"))


@pytest.fixture(scope="module")
def tuned(whole):
    return whole.tune("plug_and_play", whole.denoisers)


def test_a_trained_denoiser_makes_more_of_the_data_than_wieners_filter(whole, tuned):
    scores = whole.scores(whole.restore("plug_and_play", tuned, whole.denoisers))
    linear = whole.scores(whole.restore("wiener", whole.tune("wiener")))
    assert np.mean(scores) > np.mean(linear) + 2


def test_a_denoiser_says_what_noise_it_knows_and_no_psf(whole):
    (card,) = whole.trained[0].cards.values()
    assert (card["network"], card["output"], card["fold"], card["psf"]) == ("denoiser", "denoised", 0, None)
    assert card["range"]["sigma_r"] == pytest.approx([0.005, 0.3])
    assert card["preparation"]["descriptors"] == []
    assert card["settings"]["width"] == 8


def test_the_settings_name_the_weights_and_not_where_they_lie(whole, tuned):
    for fold, found in json.loads(tuned.read_text())["folds"].items():
        assert set(found["settings"]) == {"denoiser", "strength", "iterations"}
        assert found["settings"]["denoiser"] == read_model(whole.denoisers[int(fold)]).hash


def test_a_denoiser_of_another_fold_is_refused(whole, tuned):
    swapped = whole.denoisers[::-1]
    with pytest.raises(DenoiserError, match=r"was trained for fold 1 and stands in the place of fold 0"):
        whole.tune("plug_and_play", swapped)
    with pytest.raises(DenoiserError, match=r"was trained for fold 1 and stands in the place of fold 0"):
        whole.restore("plug_and_play", tuned, swapped)


def test_another_denoiser_than_it_was_tuned_with_is_refused(whole, tuned, tmp_path):
    other = json.loads(tuned.read_text())
    other["folds"]["0"]["settings"]["denoiser"] = "0" * 12
    (tmp_path / "other.json").write_text(json.dumps(other))
    with pytest.raises(RestoreError, match="tune the method anew"):
        whole.restore("plug_and_play", tmp_path / "other.json", whole.denoisers)


@pytest.mark.parametrize("count", [0, 1])
def test_a_fold_without_a_denoiser_is_refused(whole, count):
    with pytest.raises(DenoiserError, match=rf"{count} denoisers for 2 folds; one for each is needed"):
        whole.tune("plug_and_play", whole.denoisers[:count])


def test_what_is_held_out_has_no_part_in_a_denoiser(whole, tmp_path, caplog):
    held_out = {item.image for item in items_of(read_splits(whole.splits), 0, "test")}
    held_out |= {item.image for item in items_of(read_splits(whole.splits), 0, "calibrate")}
    skies = [stars(k) + 50 * (f"field{k}" in held_out) for k in range(10)]
    few = STUDY.model_copy(update={"denoiser": study_from({"denoiser": SMALL | {"regression": FEW}}).denoiser})
    folders = (tmp_path / "clean", tmp_path / "marked")
    with caplog.at_level(logging.INFO, "clearfield"):
        places = [Place(f, s, few) for f, s in zip(folders, ([stars(k) for k in range(10)], skies))]
        one, other = (place.train("denoiser") for place in places)
    assert one.weights["denoised"].keys() == other.weights["denoised"].keys()
    assert all(
        (one.weights["denoised"][name] == other.weights["denoised"][name]).all() for name in one.weights["denoised"]
    )
    assert "train denoiser/fold0: 3 steps" in caplog.messages[-1]


FEW = {"steps": 3, "batch": 2, "crop": 16}


def test_a_denoiser_is_trained_only_where_a_method_needs_it():
    assert set(STUDY.trained) == {"denoiser"}
    assert STUDY.models == []
    without = made_study({}, methods=["degraded", "wiener"])
    assert without.trained == {}
    with pytest.raises(ConfigError, match="no network is called 'denoiser'; the study has none"):
        without.seen_by("denoiser")


def test_its_settings_concern_its_training_and_nothing_else():
    wide = STUDY.model_copy(update={"denoiser": study_from({}).denoiser})
    one, other = (settings_for(study, "train", network="denoiser") for study in (STUDY, wide))
    assert one["denoiser.width"] == 8
    assert other["denoiser.width"] == 16
    tunes = [settings_for(s, "tune", condition=CONDITION, method="plug_and_play") for s in (STUDY, wide)]
    assert tunes[0] == tunes[1]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"networks": {"denoiser": {"architecture": "nafnet"}}},
            "networks.denoiser: is the name of what plug_and_play",
        ),
        ({"denoiser": {"encoder_blocks": [1, 1]}}, "denoiser.decoder_blocks: 3 stages, and the encoder has 2"),
        ({"train": {"devices": 3}, "networks": {}}, r"denoiser.regression.batch: 16 crops cannot be shared evenly"),
    ],
)
def test_a_denoiser_that_cannot_be_is_refused_in_words(values, says):
    with pytest.raises(ConfigError, match=says):
        study_from({"methods": ["degraded", "plug_and_play"], **values})
