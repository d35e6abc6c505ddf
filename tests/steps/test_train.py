import json
import logging

import numpy as np
import pytest
import torch
from made_place import BOTH, Place, assert_same, small_images
from made_training import NAFNET, PIX2PIX, made_study

from pipeline.config import ConfigError
from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.restorers.network import NetworkRestorer
from pipeline.store import read_images

pytestmark = pytest.mark.usefixtures("quick_training")


@pytest.mark.parametrize("network", ["net", "pix"])
def test_of_several_starts_the_best_on_the_tune_role_is_kept(tmp_path, network):
    more = made_study({"net": {**NAFNET, "restarts": 2}, "pix": {**PIX2PIX, "restarts": 2}})
    one = Place(tmp_path / "one", small_images(), made_study(BOTH)).train(network)
    place = Place(tmp_path / "more", small_images(), more)
    several = place.train(network)
    first_stage = several.history[several.history.stage == several.history.stage[0]]
    scores = first_stage.groupby("start").validation_psnr.last()
    assert scores.nunique() == 3
    # The first start is the training without restarts.
    assert scores[0] == one.history[one.history.stage == one.history.stage[0]].validation_psnr.iloc[-1]
    output = "sharp" if network == "pix" else "faithful"
    same = all(torch.equal(value, one.weights[output][name]) for name, value in several.weights[output].items())
    assert same == (scores.idxmax() == 0)
    assert_same(several, place.train(network))


def test_history_and_tensorboard_show_both_stages(tmp_path, caplog):
    place = Place(tmp_path, small_images())
    with caplog.at_level(logging.INFO, "clearfield"):
        history = place.train().history
    assert list(history)[:4] == ["step", "stage", "seconds", "generator_total"]
    # In every stage as many, step by step: so many pixels of the training sky were seen.
    assert all((rows.epoch / rows.step).std() < 1e-9 for _, rows in history.groupby("stage"))
    assert (history.epoch > 0).all()
    assert history.parameters.nunique() == 1
    assert {"validation_psnr", "discriminator_total"} <= set(history)
    assert history.step.tolist() == [2, 4, 6, 2, 4]
    assert history.stage.tolist() == ["regression"] * 3 + ["adversarial"] * 2
    assert history.validation_psnr.notna().all()
    events = [p.parent.relative_to(tmp_path / "work").as_posix() for p in (tmp_path / "work").rglob("events*")]
    assert sorted(events) == ["tensorboard/net/fold0/adversarial", "tensorboard/net/fold0/regression"]
    assert "train net/fold0: 6 + 4 steps" in caplog.messages[-1]


def test_a_model_stands_alone(tmp_path):
    place = Place(tmp_path, small_images())
    trained = place.train()
    card = trained.cards["sharp"]
    assert (card["network"], card["output"], card["fold"], card["bands"]) == ("net", "sharp", 0, ["r", "g"])
    assert card["range"]["fwhm_px"] == pytest.approx([2, 3], rel=0.01)
    assert card["range"]["sigma_r"] == pytest.approx([0.05, 0.05])
    assert card["instrument"]["defects"]["cosmic_rays"] == 0
    json.dumps(card)
    with read_images(place.images) as images:
        preview = images.image("field0")
    psf = draw_psf("gaussian", 2.5).expand(2, -1, -1).contiguous()
    sigma = np.full(preview.pixels.shape, 0.05, np.float32)
    observation = Observation(
        type(preview)("a", preview.pixels, preview.mask, "display", preview.bands, sigma=sigma),
        Blur(psf, GaussianNoise((0.05, 0.05))),
    )
    restored = NetworkRestorer(tmp_path / "net0" / "sharp.safetensors", device="cpu").restore(observation)
    assert np.isfinite(restored.pixels).all()


def test_without_adversarial_steps_sharp_is_faithful(tmp_path):
    settings = NAFNET | {"adversarial": {"steps": 0, "crop": 32, "base_channels": 4}}
    trained = Place(tmp_path, small_images(), made_study({"net": settings})).train()
    for name, value in trained.weights["faithful"].items():
        assert torch.equal(value, trained.weights["sharp"][name])
    assert trained.history.stage.unique().tolist() == ["regression"]


def test_a_third_stage_makes_draws_and_changes_nothing_else(tmp_path):
    third = {"posterior": {"steps": 4, "batch": 2, "crop": 32, "base_channels": 4, "draws": 3, "noise_planes": 1}}
    plain = Place(tmp_path / "plain", small_images()).train()
    trained = Place(tmp_path / "third", small_images(), made_study({"net": NAFNET | third})).train()
    assert set(trained.weights) == {"faithful", "sharp", "mean", "sample"}
    for output, weights in plain.weights.items():
        for name, value in weights.items():
            assert torch.equal(value, trained.weights[output][name])
    for name, value in trained.weights["mean"].items():
        assert torch.equal(value, trained.weights["sample"][name])
    assert trained.history.stage.unique().tolist() == ["regression", "adversarial", "posterior"]
    first = {output: weights["first.weight"].shape[1] for output, weights in trained.weights.items()}
    assert first["sample"] == first["faithful"] + 1


def test_folds_and_the_final_network_differ(tmp_path):
    place = Place(tmp_path, small_images())
    trained = [place.train(fold=fold) for fold in (0, 1, "final")]
    weights = [t.weights["faithful"]["first.weight"] for t in trained]
    assert not any(torch.equal(weights[a], weights[b]) for a, b in ((0, 1), (1, 2), (0, 2)))
    assert [t.cards["faithful"]["fold"] for t in trained] == [0, 1, "final"]


def test_masked_truth_is_trained_around(tmp_path):
    masks = {k: np.zeros((2, 64, 70), bool) for k in range(12)}
    for mask in masks.values():
        mask[:, 20:30, 25:40] = True
    trained = []
    for name, placeholder in (("a", 0.0), ("b", 1e8)):
        skies = [np.where(masks[k], placeholder, s).astype(np.float32) for k, s in enumerate(small_images())]
        trained.append(Place(tmp_path / name, skies, masks=masks).train())
    assert_same(*trained)


def test_a_fold_that_the_study_does_not_have_is_refused_in_words(tmp_path):
    with pytest.raises(ConfigError, match="there is no fold9; the study has fold0 to fold1, and final"):
        Place(tmp_path, small_images()).train(fold=9)
