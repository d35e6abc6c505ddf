import json
import logging

import numpy as np
import pandas as pd
import pytest
import torch
from astropy.io import fits
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from made_training import NAFNET, PIX2PIX, made_study, sky, write_sky

from pipeline.config import ConfigError
from pipeline.model_file import read_model
from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf, measured_fwhm
from pipeline.restorers.network import NetworkRestorer
from pipeline.splits import read_splits
from pipeline.steps import train as train_module
from pipeline.steps import training_material
from pipeline.steps.split import split
from pipeline.steps.train import train
from pipeline.store import read_images
from pipeline.stretch import StretchError
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.degradation import Degrader
from pipeline.training.regions import regions
from pipeline.training.restoration import RegressionTask
from pipeline.training.scenes import Scenes

MARKER = 50.0
BOTH = {"net": NAFNET, "pix": PIX2PIX}


class Killed(BaseException):
    """As Ctrl-C or a signal would end the process."""


@pytest.fixture(autouse=True)
def _quick_and_on_the_cpu(request, monkeypatch):
    if "gpu" not in request.keywords:
        fabric = Fabric(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
        monkeypatch.setattr(train_module, "fabric_for", lambda _settings: fabric)
        monkeypatch.setattr(training_material, "WATCHED", (2, 32))


def band_of_sky():
    return [sky(90, 640)]


def small_images():
    return [sky(64, 70, seed=k) for k in range(12)]


class Place:
    """The files of one study."""

    def __init__(self, folder, skies, study=None, masks=None):
        folder.mkdir(exist_ok=True)
        self.folder, self.study = folder, study or made_study()
        self.images, self.splits = folder / "images.h5", folder / "splits.csv"
        write_sky(self.images, *skies, masks=masks)
        if not self.splits.exists():
            split(self.images, self.study, self.splits)

    def train(self, network="net", fold=0, work="work"):
        out = self.folder / f"{network}{fold}"
        train(self.images, self.splits, self.study, network, fold, out, self.folder / work)
        return Trained(out)


class Trained:
    """What a training left behind, without what is about time and place."""

    def __init__(self, out):
        models = {path.stem: read_model(path) for path in out.glob("*.safetensors")}
        self.weights = {name: model.tensors for name, model in models.items()}
        self.cards = {name: {k: v for k, v in m.card.items() if k != "data_hash"} for name, m in models.items()}
        self.history = pd.read_csv(out / "history.csv")
        self.losses = self.history.drop(columns=["seconds", *LOOKS], errors="ignore")


LOOKS = ["validation_psnr", "told_apart", "variety", "r_v"]
"""What is measured on the tune role while training goes on, and decides nothing of it."""


def kill(place, monkeypatch, stage, now):
    """Train in the folder ``killed`` until ``now`` says of a step of the stage that it is not to be taken."""
    true_batch = stage.batch

    def batch(self, at):
        if now(at):
            raise Killed
        return true_batch(self, at)

    with monkeypatch.context() as patch:
        patch.setattr(stage, "batch", batch)
        with pytest.raises(Killed):
            place.train(work="killed")


def assert_same_weights(one, other):
    assert one.weights.keys() == other.weights.keys()
    for output, tensors in one.weights.items():
        for name, value in tensors.items():
            assert torch.equal(value, other.weights[output][name]), (output, name)


def assert_same(one, other):
    assert_same_weights(one, other)
    assert one.cards == other.cards
    pd.testing.assert_frame_equal(one.losses, other.losses, check_exact=True)


def marked(place, role, skies):
    """The skies with a bright spot in everything that has a role in fold 0."""
    skies = [pixels.copy() for pixels in skies]
    for item in read_splits(place.splits):
        if item.fold == 0 and item.role == role:
            rows, columns = item.window.slices
            skies[int(item.image.removeprefix("field"))][:, rows, columns] = MARKER
    return skies


@pytest.mark.parametrize("skies", [band_of_sky, small_images])
@pytest.mark.parametrize("role", ["test", "calibrate", "tune"])
def test_a_marker_in_another_role_changes_no_bit(tmp_path, skies, role):
    clean = Place(tmp_path / "clean", skies())
    other = Place(tmp_path / "marked", marked(clean, role, skies()))
    assert other.splits.read_text() == clean.splits.read_text()
    one, two = clean.train(), other.train()
    assert_same(one, two)
    scores = [trained.history.validation_psnr.tolist() for trained in (one, two)]
    assert (scores[0] == scores[1]) == (role != "tune")


def test_a_marker_in_what_is_trained_on_is_seen(tmp_path):
    clean = Place(tmp_path / "clean", band_of_sky())
    spots = [np.where(np.arange(640) % 9 == 0, MARKER, pixels) for pixels in band_of_sky()]
    bright = [np.where(m == MARKER, s, p) for m, s, p in zip(marked(clean, "train", spots), spots, band_of_sky())]
    other = Place(tmp_path / "marked", [pixels.astype(np.float32) for pixels in bright])
    weights = [place.train().weights["faithful"]["first.weight"] for place in (clean, other)]
    assert not torch.equal(*weights)


@pytest.mark.parametrize("role", ["test", "calibrate", "tune"])
def test_a_marker_beside_the_guard_reaches_no_statistic(tmp_path, role):
    clean = Place(tmp_path / "clean", band_of_sky())
    other = Place(tmp_path / "marked", marked(clean, role, band_of_sky()))
    found = regions(read_splits(clean.splits), 0, "train", 32)
    with Scenes(clean.images, found) as one, Scenes(other.images, found) as two:
        assert one.statistics() == two.statistics()


@pytest.mark.parametrize("network", ["net", "pix"])
def test_one_seed_trains_one_network(tmp_path, network):
    place = Place(tmp_path, small_images(), made_study(BOTH))
    one, two = (place.train(network, work=work) for work in ("one", "two"))
    assert_same(one, two)
    assert one.history.validation_psnr.tolist() == two.history.validation_psnr.tolist()


@pytest.mark.parametrize(
    ("stage", "step"), [(RegressionTask, 3), (RegressionTask, 5), (AdversarialTask, 0), (AdversarialTask, 3)]
)
def test_a_killed_training_ends_as_an_unbroken_one(tmp_path, monkeypatch, stage, step):
    place = Place(tmp_path, small_images())
    unbroken = place.train(work="unbroken")
    kill(place, monkeypatch, stage, lambda at: at == step)
    again = place.train(work="killed")
    assert_same(unbroken, again)
    assert unbroken.history.validation_psnr.tolist() == again.history.validation_psnr.tolist()


def test_a_finished_stage_is_not_trained_again(tmp_path, monkeypatch):
    place = Place(tmp_path, small_images())
    first = place.train()
    monkeypatch.setattr(RegressionTask, "batch", None)
    monkeypatch.setattr(AdversarialTask, "batch", None)
    assert_same(first, place.train())


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


def test_a_killed_restart_ends_as_an_unbroken_one(tmp_path, monkeypatch):
    place = Place(tmp_path, small_images(), made_study({"net": {**NAFNET, "restarts": 1}}))
    unbroken, asked = place.train(work="unbroken"), []

    def in_the_second_start(at):
        asked.append(at)
        return asked.count(3) == 2

    kill(place, monkeypatch, RegressionTask, in_the_second_start)
    assert_same(unbroken, place.train(work="killed"))


def test_other_data_are_trained_on_anew(tmp_path):
    place = Place(tmp_path, small_images())
    first = place.train()
    second = Place(tmp_path, [pixels + 0.1 for pixels in small_images()]).train()
    assert not torch.equal(first.weights["sharp"]["first.weight"], second.weights["sharp"]["first.weight"])


def test_another_psf_in_the_same_file_is_trained_for_anew(tmp_path):
    file = tmp_path / "psf.fits"
    study = made_study(degrade={"psf": {"profile": "file", "file": str(file)}, "noise": {"sigma": [0.05]}})
    weights = []
    for fwhm in (2.0, 3.0):
        fits.writeto(file, draw_psf("gaussian", fwhm).numpy(), overwrite=True)
        weights.append(Place(tmp_path, small_images(), study).train().weights["faithful"]["first.weight"])
    assert not torch.equal(*weights)


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


@pytest.mark.parametrize("crop", [32, 64])
def test_pix2pix_is_watched_on_crops_of_its_own_size(tmp_path, crop):
    study = made_study({"pix": PIX2PIX | {"crop": crop, "steps": 2}})
    trained = Place(tmp_path, small_images(), study).train("pix")
    assert set(trained.weights) == {"sharp"}
    assert trained.history.validation_psnr.notna().all()


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


def flat_sky(value=0.0):
    return [np.where(s > 0.2, s, value).astype(np.float32) for s in small_images()]


def test_a_sky_without_noise_is_refused_by_asinh_alone(tmp_path):
    study = made_study(train={"stretch": "asinh"})
    with pytest.raises(StretchError, match="band r: the sky is of one value"):
        Place(tmp_path / "asinh", flat_sky(), study).train()
    assert Place(tmp_path / "linear", flat_sky()).train().history.validation_psnr.notna().all()


def test_a_band_of_one_value_is_refused(tmp_path):
    skies = [np.stack([s[0], np.zeros_like(s[0])]) for s in small_images()]
    with pytest.raises(StretchError, match="band g: all of the training role has one value"):
        Place(tmp_path, skies).train()
    assert not (tmp_path / "net0").exists()


@pytest.mark.gpu
@pytest.mark.parametrize("compiled", [False, True])
def test_half_precision_and_compiling_train_on_a_gpu(tmp_path, compiled):
    training = {"stretch": "linear", "validate_every": 2, "precision": "bf16", "compile": compiled}
    trained = Place(tmp_path, small_images(), made_study(train=training)).train()
    assert trained.history.validation_psnr.notna().all()
    plain = Place(tmp_path / "plain", small_images(), made_study(train=training | {"precision": "float32"})).train()
    for output, tensors in plain.weights.items():
        assert tensors.keys() == trained.weights[output].keys()
    np.testing.assert_allclose(trained.losses.generator_total, plain.losses.generator_total, rtol=0.05)


@pytest.mark.gpu
def test_training_and_restoring_run_on_a_gpu(tmp_path):
    masks = {k: np.zeros((2, 64, 70), bool) for k in range(12)}
    masks[0][:, 20:30, 25:40] = True
    place = Place(tmp_path, small_images(), made_study(BOTH), masks)
    for network, output in (("net", "sharp"), ("pix", "sharp")):
        trained = place.train(network)
        assert trained.history.validation_psnr.notna().all()
        with read_images(place.images) as images:
            preview = images.image("field0")
        psf = draw_psf("gaussian", 2.5).expand(2, -1, -1).contiguous()
        sigma = np.full(preview.pixels.shape, 0.05, np.float32)
        seen = type(preview)("a", preview.pixels, preview.mask, "display", preview.bands, sigma=sigma)
        observation = Observation(seen, Blur(psf, GaussianNoise((0.05, 0.05))))
        file = tmp_path / f"{network}0" / f"{output}.safetensors"
        one, other = (NetworkRestorer(file, device=d).restore(observation).pixels for d in ("cuda", "cpu"))
        np.testing.assert_allclose(one, other, atol=1e-3 * np.ptp(other))


SPECIALISTS = {"net": NAFNET | {"conditions": "each"}, "grid": NAFNET}
CELLS = {"psf": {"fwhm": ["2px", "3px"]}, "noise": {"sigma": [0.02, 0.1]}}


@pytest.fixture
def drawn(monkeypatch):
    """Widths and noise levels of all that training draws."""
    seen, draw = [], Degrader._draw

    def watched(self, *args):
        made = draw(self, *args)
        seen.append((round(measured_fwhm(self._instruments.psfs[made.psf, 0]), 1), made.noise.level[0]))
        return made

    monkeypatch.setattr(Degrader, "_draw", watched)
    return seen


def test_a_specialist_draws_the_psf_and_the_noise_of_its_condition_and_no_other(tmp_path, drawn):
    place = Place(tmp_path, small_images(), made_study(SPECIALISTS, degrade=CELLS))
    card = place.train("net@fwhm3px_sigma0.02").cards["sharp"]
    assert set(drawn) == {(3.0, 0.02)}
    assert card["network"] == "net@fwhm3px_sigma0.02"
    assert card["range"]["fwhm_px"] == pytest.approx([3, 3], rel=0.01)
    assert card["range"]["sigma_r"] == pytest.approx([0.02, 0.02])
    assert card["psf"] is not None
    drawn.clear()
    place.train("grid")
    widths, levels = (set(values) for values in zip(*drawn))
    assert len(widths) > 5
    assert len(levels) > 5


def test_specialists_start_from_weights_of_their_own_and_another_condition_changes_none(tmp_path):
    place = Place(tmp_path / "two", small_images(), made_study(SPECIALISTS, degrade=CELLS))
    one, other = (place.train(f"net@fwhm{width}px_sigma0.1") for width in (2, 3))
    assert not torch.equal(one.weights["faithful"]["first.weight"], other.weights["faithful"]["first.weight"])
    alone = made_study(SPECIALISTS, degrade={"psf": {"fwhm": ["2px"]}, "noise": {"sigma": [0.1]}})
    assert_same_weights(Place(tmp_path / "one", small_images(), alone).train("net@fwhm2px_sigma0.1"), one)


def test_a_fold_that_the_study_does_not_have_is_refused_in_words(tmp_path):
    with pytest.raises(ConfigError, match="there is no fold9; the study has fold0 to fold1, and final"):
        Place(tmp_path, small_images()).train(fold=9)


def test_a_specialist_that_the_study_does_not_have_is_refused_in_words(tmp_path):
    place = Place(tmp_path, small_images(), made_study(SPECIALISTS, degrade=CELLS))
    with pytest.raises(ConfigError, match=r"no model is called 'net'; the study has net@fwhm2px_sigma0\.02, "):
        place.train("net")
