"""What a study promises as a whole: the same numbers twice, nothing leaked, GalaxyGAN's layout read and run."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from skimage.data import hubble_deep_field
from whole_study import WholeStudy

from pipeline.config import load_study, study_from
from pipeline.model_file import read_model
from pipeline.splits import read_splits
from pipeline.store import read_images, write_images

TINY_NAFNET = {
    "architecture": "nafnet",
    "width": 4,
    "encoder_blocks": [1],
    "decoder_blocks": [1],
    "regression": {"steps": 4, "batch": 2, "crop": 32},
    "adversarial": {"steps": 2, "batch": 2, "crop": 32, "base_channels": 4},
    "spread": {"steps": 0},
}
BRIEF = {"validate_every": 2, "checkpoint_every": 2}


@pytest.fixture
def galaxies(tmp_path):
    """A folder of eight galaxies in GalaxyGAN's layout, with noise, in nanomaggies."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[:80, :80] - 40.0
    for index in range(8):
        id = f"{587722 + index}"
        (tmp_path / id).mkdir()
        width, flux = random.uniform(3, 8), random.uniform(1, 3)
        for band, colour in zip("gri", (0.6, 1.0, 1.3)):
            light = flux * colour * np.exp(-np.hypot(x, (1 + index / 8) * y) / width)
            pixels = (light + random.normal(0, 0.02, light.shape)).astype(np.float32)
            fits.writeto(tmp_path / id / f"{id}-{band}.fits", pixels)
    return tmp_path


@pytest.fixture
def field(tmp_path):
    """One image: a part of the Hubble deep field."""
    part = np.ascontiguousarray(hubble_deep_field()[400:490, 60:960].transpose(2, 0, 1))
    fits.writeto(tmp_path / "field.fits", part.astype(np.float32) / 255)
    return {"dataset": "folder", "path": str(tmp_path / "{id}.fits"), "unit": "display"}


def small(**changes):
    settings = {
        "seed": 3,
        "threads": 1,
        "split": {"folds": 2},
        "degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.05]}},
        "methods": ["degraded", "wiener"],
        "networks": {"nafnet": TINY_NAFNET},
        "train": {"stretch": "linear", **BRIEF},
        "evaluate": {"bootstrap": 100},
        "publish": {"final": "fold0"},
    }
    return study_from(settings | changes)


def test_the_same_seed_gives_the_same_numbers_to_the_last_digit(field, tmp_path):
    # Without what takes most of the time: classifiers, whose own tests say that they repeat themselves, and corrections
    # of what untrained networks made.
    settings = {"evaluate": {"bootstrap": 100, "classifiers": False}, "restore": {"data_consistency": False}}
    study = small(images=field, **settings)
    first = WholeStudy(study, tmp_path / "first").run()
    second = WholeStudy(study, tmp_path / "second").run()
    assert first.metrics.read_bytes() == second.metrics.read_bytes()
    assert first.summary.read_bytes() == second.summary.read_bytes()
    assert len(pd.read_csv(first.metrics)) > 100


def test_nothing_that_a_fold_learns_changes_with_the_sky_that_judges_it(field, tmp_path):
    study = small(images=field)
    clean = WholeStudy(study, tmp_path / "clean").prepare()
    marked = WholeStudy(study, tmp_path / "marked")
    fold = 0
    _plant_marker(clean, marked, fold)
    clean.learn()
    marked.learn()
    condition = clean.conditions[0]
    for output in ("faithful", "sharp"):
        ours, theirs = (read_model(s.models("nafnet", fold) / f"{output}.safetensors") for s in (clean, marked))
        assert ours.hash == theirs.hash
        assert ours.card["preparation"] == theirs.card["preparation"]
        assert ours.card["range"] == theirs.card["range"]
    histories = [pd.read_csv(s.models("nafnet", fold) / "history.csv").drop(columns="seconds") for s in (clean, marked)]
    pd.testing.assert_frame_equal(*histories)
    tuned = [pd.read_json(s.tuned(condition, "wiener"))["folds"][fold] for s in (clean, marked)]
    assert tuned[0]["settings"] == tuned[1]["settings"]
    other = [read_model(s.models("nafnet", 1) / "faithful.safetensors").hash for s in (clean, marked)]
    assert other[0] != other[1], "the marker is where the other fold learns, so it must have been seen there"


def test_a_folder_in_the_layout_of_galaxygan_is_studied_with_the_papers_protocol(galaxies, tmp_path):
    paper = load_study("config/galaxygan.yaml")
    brief = paper.model_dump(mode="json")
    brief["threads"] = 1
    brief["images"]["path"] = str(galaxies / "{id}" / "{id}-{band}.fits")
    brief["split"]["folds"] = 2
    brief["degrade"]["psf"]["fwhm"] = ["1.4as"]
    brief["degrade"]["noise"]["ratio"] = [1.2, 2.0]
    brief["networks"] = {
        "nafnet": TINY_NAFNET,
        "pix2pix": {"architecture": "pix2pix", "base_channels": 4, "crop": 32, "steps": 2},
    }
    brief["train"] |= BRIEF
    brief["evaluate"] |= {"bootstrap": 100, "classifiers": False}
    brief["publish"]["final"] = "fold0"
    done = WholeStudy(study_from(brief), tmp_path / "results").run()
    table = pd.read_csv(done.metrics)
    assert set(table.space) == {"linear", "asinh", "galaxygan"}
    assert set(table.condition) == {"fwhm1.4as_ratio1.2", "fwhm1.4as_ratio2"}
    assert set(table.method) == set(done.study.all_methods)
    assert table[table.metric == "psnr"].groupby(["method", "condition", "space"]).image.nunique().eq(8).all()
    assert "pix2pix" in done.page.read_text()


def test_specialists_are_trained_judged_and_published_beside_a_network_for_all(galaxies, tmp_path):
    spread = {"spread": {"steps": 2, "batch": 2, "crop": 32, "width": 4}}
    networks = {"one": TINY_NAFNET, "each": TINY_NAFNET | spread | {"conditions": "each"}}
    folder = {"dataset": "folder", "path": str(galaxies / "{id}" / "{id}-{band}.fits"), "bands": ["g", "r", "i"]}
    study = small(
        images=folder | {"unit": "nanomaggy"},
        restore={"data_consistency": False},
        degrade={"psf": {"fwhm": ["2px", "3px"]}, "noise": {"sigma": [0.05]}},
        methods=["degraded"],
        networks=networks,
    )
    results = tmp_path / "results"
    done = WholeStudy(study, results).run()
    own = ["each@fwhm2px_sigma0.05", "each@fwhm3px_sigma0.05"]
    assert sorted(path.name for path in (results / "models").iterdir()) == [*own, "one"]
    assert len(list((results / "models").rglob("*.safetensors"))) == 3 * 2 * 2 + 2 * 2
    assert sorted(path.stem for path in (results / "published").glob("*.safetensors")) == [
        f"{model}_{output}" for model in (*own, "one") for output in ("faithful", "sharp")
    ]
    for model, width in zip(own, (2, 3)):
        card = read_model(results / "published" / f"{model}_faithful.safetensors").card
        assert card["range"]["fwhm_px"] == pytest.approx([width, width], rel=0.01)
        assert [score["condition"] for score in card["scores"]] == [model.partition("@")[2]]
    assert set(pd.read_csv(done.metrics).method) == set(study.all_methods)
    assert [bool(read_model(path).spread) for path in sorted((results / "published").glob("*.safetensors"))] == [
        True
    ] * 4 + [False] * 2
    assert set(pd.read_csv(done.intervals).method) == {"each_faithful", "each_sharp"}
    assert "How far each pixel may be off" in done.page.read_text()
    assert "each for FWHM 2 px, noise σ 0.05" in done.page.read_text()


def _plant_marker(clean, marked, fold):
    """Copy the images with a bright square in a band of sky that judges the fold, and the same split."""
    judged = [i for i in read_splits(clean.splits) if i.fold == fold and i.role == "test"]
    window = judged[len(judged) // 2].window
    with read_images(clean.images) as reader, write_images(marked.images, **reader.attributes) as writer:
        image = reader.image(judged[0].image)
        pixels = image.pixels.copy()
        pixels[(..., *window.slices)] += 50.0
        writer.append(image.with_pixels(pixels))
    marked.splits.write_bytes(clean.splits.read_bytes())
