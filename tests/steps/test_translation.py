"""Translation into another domain, from the images to the page, as the rules have it."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment

from pipeline.config import ConfigError, study_from
from pipeline.model_file import ModelFileError, read_model, write_model
from pipeline.splits import read_splits
from pipeline.steps import train_translation as training
from pipeline.steps.domain_material import TranslationError, refuse_other_places
from pipeline.steps.ingest import ingest
from pipeline.steps.ingest_domain import ingest_domain
from pipeline.steps.judge_translation import judge_translation
from pipeline.steps.split import split
from pipeline.steps.translate import translate
from pipeline.steps.translation_report import translation_report
from pipeline.store import read_images, read_restored, write_images, write_restored
from pipeline.training import cycle_task, paired_translation_task
from pipeline.translators.network import NetworkTranslator
from pipeline.unpaired import apart

DATA = Path(__file__).parents[3] / "shared" / "data"
HEADS = {"heads": 9, "slices": 1, "size": 64}
SMALL = {"steps": 2, "batch": 1, "crop": 32, "base_channels": 4, "blocks": 1, "judge_channels": 4}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    fabric = Fabric(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
    monkeypatch.setattr(training, "fabric_for", lambda _settings: fabric)
    for module in (cycle_task, paired_translation_task):
        monkeypatch.setattr(module, "WATCHED", 2)


def phantom(**changes):
    return {"dataset": "head_phantom", "phantom": {**HEADS, **changes}}


def study_of(truth=True, images=None, into=None, **sections):
    networks = {"cycle": {"architecture": "cyclegan", **SMALL}}
    if truth:
        networks["pairs"] = {"architecture": "pix2pix", **SMALL}
    translate = {"into": into or phantom(modality="t1"), "networks": networks}
    if truth:
        translate["truth"] = phantom(modality="t1")
    return study_from(
        {
            "study": "made", "threads": 1, "split": {"folds": 2, "calibrate": 0}, "images": images or phantom(),
            "translate": translate, "train": {"validate_every": 2, "checkpoint_every": 1}, **sections,
        }
    )  # fmt: skip


def prepared(folder, study):
    files = [folder / name for name in ("images.h5", "splits.csv", "into.h5", "into.csv")]
    ingest(study, files[0])
    split(files[0], study, files[1])
    ingest_domain(study, "into", *files[2:])
    if study.translate.truth:
        ingest_domain(study, "truth", folder / "truth.h5", folder / "truth.csv")
    return [*files, folder / "truth.h5" if study.translate.truth else None]


def trained(folder, files, study, network="cycle"):
    training.train_translation(*files, study, network, folder / network, folder / "work")
    return folder / network / "translator.safetensors"


def judged(folder, files, study):
    made = []
    for method in study.translation_methods:
        model = trained(folder, files, study, method) if method in study.translators else None
        made.append(folder / method / "translated.h5")
        translate(*files[:4], model, study, method, made[-1])
    judge_translation(*files, made, study, folder)
    translation_report(*files, made, folder / "scores.csv", study, folder / "report.html")
    return made


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("translation")
    with pytest.MonkeyPatch.context() as patch:
        fabric = Fabric(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
        patch.setattr(training, "fabric_for", lambda _settings: fabric)
        for module in (cycle_task, paired_translation_task):
            patch.setattr(module, "WATCHED", 2)
        study = study_of()
        files = prepared(folder, study)
        made = judged(folder, files, study)
    scores = pd.read_csv(folder / "scores.csv").set_index(["method", "metric"])["value"]
    return SimpleNamespace(folder=folder, study=study, files=files, made=made, scores=scores)


def test_every_method_is_judged_by_the_truth_and_over_histogram_matching(done):
    for method in ("histogram_matching", "cycle", "pairs"):
        assert {"mae", "psnr", "ssim", "invented", "distance"} <= set(done.scores[method].index)
    assert done.scores["histogram_matching", "mae_over_histogram_matching"] == pytest.approx(1)
    ratio = done.scores["cycle", "mae"] / done.scores["histogram_matching", "mae"]
    assert done.scores["cycle", "mae_over_histogram_matching"] == pytest.approx(ratio)


def test_a_share_of_lesions_lies_between_none_and_all(done):
    table = pd.read_csv(done.folder / "scores.csv")
    shares = table.loc[table["metric"] == "erased", ["low", "value", "high"]].dropna()
    assert len(shares) == 3
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)


def test_only_a_method_that_knows_the_way_back_has_an_error_of_there_and_back(done):
    assert ("cycle", "cycle_error") in done.scores
    assert ("pairs", "cycle_error") not in done.scores


def test_the_test_role_of_the_first_fold_is_what_is_translated(done):
    held_out = {row.item for row in read_splits(done.files[1]) if (row.fold, row.role) == (0, "test")}
    for path in done.made:
        with read_restored(path) as made:
            assert set(made.items) == held_out


def test_the_truth_scores_as_perfect(done):
    perfect = done.folder / "perfect" / "translated.h5"
    with read_restored(done.made[0]) as made, read_images(done.files[4]) as truth, write_restored(perfect) as out:
        for item in made.items:
            out.append(item, truth.image(item).pixels)
    judge_translation(*done.files, [done.made[0], perfect], done.study, done.folder / "judged")
    scores = pd.read_csv(done.folder / "judged" / "scores.csv").set_index(["method", "metric"])["value"]
    assert scores["perfect", "mae"] == scores["perfect", "invented"] == 0
    assert scores["perfect", "ssim"] == pytest.approx(1)
    assert scores.get(("perfect", "erased"), 0) == 0


def test_the_page_says_what_may_not_be_concluded(done):
    page = (done.folder / "report.html").read_text()
    assert "For research only" in page
    assert "What may not be concluded" in page
    assert page.count("A slice: truth") == page.count("A slice: source") > 0


def changed_where(path, out, ids, by):
    """A copy of a file of images, other values in some of them."""
    with read_images(path) as images, write_images(out, **images.attributes) as writer:
        for image in images:
            writer.append(image.with_pixels(image.pixels + by) if image.id in ids else image)
    return out


@pytest.mark.parametrize("network", ["cycle", "pairs"])
def test_nobody_is_learned_from_in_both_domains_and_held_out_slices_in_none(done, tmp_path, network):
    # Whatever is not learned from, in either file, may hold anything at all.
    images, splits, into, into_splits, truth = done.files
    parted = apart(read_splits(splits), read_splits(into_splits))
    held_out = {row.image for row in parted[0] if row.role == "test"}
    halves = [{row.image for row in rows if row.role == "train"} for rows in parted]
    assert not halves[0] & halves[1]
    assert held_out
    assert halves[0]
    assert halves[1]
    given = [
        changed_where(images, tmp_path / "images.h5", held_out | halves[1], 500),
        splits,
        changed_where(into, tmp_path / "into.h5", held_out | halves[0], 500),
        into_splits,
        changed_where(truth, tmp_path / "truth.h5", held_out | halves[1], 500),
    ]
    one, other = (read_model(path).tensors for path in (done.folder / network / "translator.safetensors",
                                                        trained(tmp_path, given, done.study, network)))  # fmt: skip
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    learned = changed_where(images, tmp_path / "learned.h5", halves[0], 500)
    third = read_model(trained(tmp_path / "third", [learned, *given[1:]], done.study, network)).tensors
    assert not all(torch.equal(value, third[name]) for name, value in one.items())


def test_without_the_truth_only_cycle_error_and_distance_are_told(tmp_path):
    study = study_of(truth=False)
    judged(tmp_path, prepared(tmp_path, study), study)
    scores = pd.read_csv(tmp_path / "scores.csv")
    assert set(scores["metric"]) == {"cycle_error", "distance"}
    page = (tmp_path / "report.html").read_text()
    assert "Nobody knows what these slices should have become" in page


def test_a_slice_of_any_size_is_translated_and_comes_back_as_large(done):
    translator = NetworkTranslator(done.folder / "cycle" / "translator.safetensors")
    found = translator.translate(np.random.default_rng(0).normal(size=(1, 37, 50)).astype(np.float32))
    assert found.pixels.shape == found.back.shape == (1, 37, 50)


def test_a_file_that_is_no_translator_is_refused(tmp_path):
    write_model(tmp_path / "m.safetensors", {"a": torch.zeros(1)}, {"kind": "restorer"})
    with pytest.raises(ModelFileError, match=r"m\.safetensors: is no translator; the step `train_translation`"):
        NetworkTranslator(tmp_path / "m.safetensors")


def test_a_translator_that_no_study_names_is_refused(done, tmp_path):
    with pytest.raises(ConfigError, match="no translator is called 'gan'; the study has cycle, pairs"):
        training.train_translation(*done.files, done.study, "gan", tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="called 'gan'; the study has histogram_matching, cycle, pairs"):
        translate(*done.files[:4], None, done.study, "gan", tmp_path / "x.h5")


def test_a_truth_that_lacks_an_image_is_refused_in_words(done, tmp_path):
    with read_images(done.files[4]) as images, write_images(tmp_path / "few.h5") as writer:
        writer.append(images.image(images.ids[0]))
    with pytest.raises(TranslationError, match=r"few\.h5: holds no image called 'head1_0'; translate\.truth must give"):
        refuse_other_places(done.files[0], tmp_path / "few.h5")


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_real_slices_of_a_head_and_an_abdomen_run_through(tmp_path):
    # Nothing follows from what comes out: one is a head in magnetic resonance, the other an abdomen in CT.
    for name, every in (("mri_t1_mprage", 12), ("ct_abdomen", 1)):
        folder = tmp_path / name / "one"
        folder.mkdir(parents=True)
        for file in sorted((DATA / name).glob("*.dcm"))[::every]:
            (folder / file.name).symlink_to(file)

    def volume(name, every):
        return {"dataset": "volumes", "path": str(tmp_path / name / "{id}"), "volumes": {
            "every": every, "bands": 8, "gap": 0}}  # fmt: skip

    study = study_of(truth=False, images=volume("mri_t1_mprage", 1), into=volume("ct_abdomen", 6))
    judged(tmp_path, prepared(tmp_path, study), study)
    scores = pd.read_csv(tmp_path / "scores.csv").set_index(["method", "metric"])["value"]
    assert np.isfinite(scores["cycle", "cycle_error"])
    assert np.isfinite(scores["cycle", "distance"])
