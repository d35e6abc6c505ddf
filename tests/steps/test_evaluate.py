import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.config import study_from
from pipeline.evaluation.metrics import metric
from pipeline.image import Image
from pipeline.observation import Observation, write_observations
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.splits import COLUMNS
from pipeline.steps.evaluate import EvaluationError, evaluate
from pipeline.store import write_images, write_restored

CONDITION = "fwhm3px_sigma0.05"
PSF = draw_psf("gaussian", 3.0)[None]
STUDY = study_from(
    {
        "evaluate": {"spaces": ["linear", "asinh"], "apertures": [3.0]},
        "degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.05]}},
    }
)
SIZE = (64, 100)


def scene(seed):
    pixels = np.random.default_rng(seed).normal(0.1, 0.02, size=(1, *SIZE)).astype(np.float32)
    pixels[0, 30:34, 20:24] += 1
    pixels[0, 30:34, 70:74] += 1
    return Image(f"i{seed}", pixels, np.zeros(pixels.shape, bool), "display", ("g",), group=f"g{seed}")


@pytest.fixture
def study_files(tmp_path):
    """Two images of two blocks each; fold k tests image k. What was restored is the truth plus 0.01."""
    scenes = [scene(0), scene(1)]
    operator = Blur(PSF, GaussianNoise((0.05,)))
    rows = [
        (s.id, f"{s.id}/{b}", 0, 50 * b, 64, 50, s.group, fold, "test" if fold == i else "train", 0)
        for i, s in enumerate(scenes)
        for b in range(2)
        for fold in range(2)
    ]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / "splits.csv", index=False)
    with write_images(tmp_path / "images.h5", data_range=1.0, sky=[0.1], sky_sigma=[0.02]) as images:
        for s in scenes:
            images.append(s)
    with write_observations(tmp_path / "degraded.h5") as observations:
        for s in scenes:
            data = operator.forward(torch.from_numpy(s.pixels)[None])[0].numpy()
            sigma = np.full(s.shape, 0.05, np.float32)
            preview = Image(s.id, data, s.mask, s.unit, s.bands, group=s.group, sigma=sigma)
            observations.append(Observation(preview, operator))
    write_result(tmp_path / "wiener.h5")
    return tmp_path


def write_result(path, fold_of=lambda image: image, items=(0, 1), change=lambda pixels: pixels + 0.01):
    with write_restored(path) as restored:
        for image in (0, 1):
            for block in items:
                pixels = scene(image).pixels[..., 50 * block : 50 * block + 50]
                restored.append(f"i{image}/{block}", change(pixels), fold=fold_of(image), seconds=0.1)


def evaluated(files, study=STUDY):
    out = files / "metrics.parquet"
    evaluate(
        files / "images.h5",
        files / "splits.csv",
        files / "degraded.h5",
        files / "wiener.h5",
        study,
        CONDITION,
        "wiener",
        out,
    )
    return pd.read_parquet(out)


def test_every_test_item_is_scored_once_by_the_fold_that_never_saw_it(study_files):
    table = evaluated(study_files)
    psnr = table[(table["metric"] == "psnr") & (table["space"] == "linear")]
    assert list(zip(psnr["item"], psnr["fold"], psnr["group"])) == [
        ("i0/0", 0, "g0"),
        ("i0/1", 0, "g0"),
        ("i1/0", 1, "g1"),
        ("i1/1", 1, "g1"),
    ]
    np.testing.assert_allclose(psnr["value"], 40.0, atol=1e-3)
    assert set(table["condition"]) == {CONDITION}
    assert set(table["method"]) == {"wiener"}


def test_the_table_is_tidy_and_every_metric_in_it_is_defined(study_files):
    table = evaluated(study_files)
    expected = ["image", "item", "group", "fold", "condition", "method", "space", "metric", "value"]
    assert list(table.columns) == expected
    assert not table.duplicated(["item", "space", "metric"]).any()
    assert all(metric(name).label for name in table["metric"].unique())
    assert set(table["space"]) == {"linear", "asinh"}
    assert "aperture_bias_r3" in set(table["metric"])


def test_the_same_files_give_the_same_table(study_files):
    pd.testing.assert_frame_equal(evaluated(study_files), evaluated(study_files))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"fold_of": lambda image: 0}, "item 'i1/0' was restored by fold 0, but only fold 1 never saw it"),
        ({"items": (0,)}, "no item 'i0/1'"),
        ({"change": lambda pixels: pixels * np.nan}, "item i0/0: the restored image holds NaN"),
    ],
)
def test_a_result_that_cannot_be_judged_is_refused_in_words_and_leaves_no_file(study_files, written, says):
    write_result(study_files / "wiener.h5", **written)
    with pytest.raises(ValueError, match=says):
        evaluated(study_files)
    assert not (study_files / "metrics.parquet").exists()


def test_a_study_without_a_pixel_to_judge_is_refused_in_words(study_files):
    with write_images(study_files / "images.h5", data_range=1.0, sky=[0.1], sky_sigma=[0.02]) as images:
        for s in (scene(0), scene(1)):
            images.append(Image(s.id, s.pixels, np.ones(s.shape, bool), s.unit, s.bands))
    with pytest.raises(EvaluationError, match="no trusted pixel is left"):
        evaluated(study_files)


def test_a_study_with_defects_is_scored_inside_and_outside_them(study_files):
    scored = {"psnr_damaged", "psnr_intact", "mae_damaged"}
    assert not scored & set(evaluated(study_files)["metric"])
    defects = {"degrade": STUDY.degrade.model_dump(exclude_none=True) | {"defects": {"cosmic_rays": 100}}}
    table = evaluated(study_files, study_from(defects))
    linear = table[table["space"] == "linear"].pivot(index="item", columns="metric", values="value")
    assert scored <= set(linear)
    # The files hold nothing damaged, so all is intact.
    assert linear["psnr_damaged"].isna().all()
    assert (linear["psnr_intact"] == linear["psnr"]).all()
